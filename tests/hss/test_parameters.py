from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import SettingsError
from handler.hss.parameters import AssetStatisticsQuery, PortStatisticsQuery, check_project, check_token
from handler.schemas.apply import query_breaches

CLOUDS = ("otc", "huaweicloud")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_usual_query_is_in_order_and_sent_with_the_largest_page(cloud):
    query = PortStatisticsQuery(category="host", enterprise_project_id="all_granted_eps")
    query.check(cloud)
    assert query.encoded() == "category=host&enterprise_project_id=all_granted_eps&limit=200&offset=0"


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(("name", "low", "high"), [("limit", 10, 200), ("offset", 0, 2_000_000), ("port", 1, 65535)])
def test_numbers_are_held_to_their_documented_range(cloud, name, low, high):
    for value in (low, high):
        PortStatisticsQuery(**{name: value}).check(cloud)
    for value in (low - 1, high + 1, -1, True, "20", 1.5):
        with pytest.raises(SettingsError, match=f"^query of port_statistics: {name}: "):
            PortStatisticsQuery(**{name: value}).check(cloud)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("status", ["danger", "normal", "unknown"], ["unknow", "DANGER", ""]),
        ("sort_key", ["port"], ["num", ""]),
        ("sort_dir", ["asc", "desc"], ["up"]),
        ("port_string", ["2", "2" * 256], ["", "2" * 257]),
    ],
)
def test_what_only_huawei_has_is_checked_there_and_refused_on_otc(name, good, bad):
    for value in good:
        PortStatisticsQuery(**{name: value}).check("huaweicloud")
        with pytest.raises(SettingsError, match="Open Telekom Cloud does not have this parameter"):
            PortStatisticsQuery(**{name: value}).check("otc")
    for value in bad:
        assert PortStatisticsQuery(**{name: value}).problems("huaweicloud")


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("value", ["TCP", "UDP"])
def test_types_of_both_documents_pass(cloud, value):
    PortStatisticsQuery(type=value).check(cloud)


PLAIN = {
    "category": st.sampled_from(["host", "container", "vm", "", None]),
    "enterprise_project_id": st.none() | st.text(max_size=260) | st.sampled_from(["0", "x" * 128, "x" * 129]),
}
NUMBERS = {
    name: st.none() | st.integers(-1, high + 1)
    for name, high in (("limit", 200), ("offset", 2_000_000), ("port", 65_535))
}
PLAIN_QUERIES = st.builds(AssetStatisticsQuery, **PLAIN) | st.builds(
    PortStatisticsQuery,
    **PLAIN, **NUMBERS, sort_key=st.sampled_from([None, "port", "num"]), sort_dir=st.sampled_from([None, "asc", "up"]),
)  # fmt: skip


@given(PLAIN_QUERIES, st.sampled_from(CLOUDS))
def test_where_the_schema_is_not_asked_it_would_find_nothing(query, cloud):
    own = {*query._own_problems(), *query._unknown_to(cloud)}
    breaches = [breach for breach in query_breaches(query.API, cloud, query.pairs()) if breach.fatal]
    assert bool(query.problems(cloud)) == bool(own or breaches)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_categories_are_two(cloud):
    for category in ("host", "container"):
        PortStatisticsQuery(category=category).check(cloud)
        AssetStatisticsQuery(category=category).check(cloud)
    assert PortStatisticsQuery(category="vm").problems(cloud)
    assert AssetStatisticsQuery(category="").problems(cloud)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_enterprise_project_may_have_up_to_128_characters(cloud):
    PortStatisticsQuery(enterprise_project_id="0" * 128).check(cloud)
    assert PortStatisticsQuery(enterprise_project_id="0" * 257).problems(cloud)
    assert PortStatisticsQuery(enterprise_project_id="a\r\nb").problems(cloud)


def test_a_host_id_is_checked():
    AssetStatisticsQuery(category="host", host_id="h" * 64).check("huaweicloud")
    for wrong in ("", "h" * 129):
        assert AssetStatisticsQuery(category="host", host_id=wrong).problems("huaweicloud")


def test_the_two_clouds_ask_for_counters_differently():
    AssetStatisticsQuery().check("otc")
    assert AssetStatisticsQuery().encoded() == ""
    assert AssetStatisticsQuery().problems("huaweicloud") == (
        "query of asset_statistics: category: a required key is missing",
    )
    AssetStatisticsQuery(host_id="h" * 128).check("otc")
    for cloud, longest in (("otc", 128), ("huaweicloud", 64)):
        (problem,) = AssetStatisticsQuery(category="host", host_id="h" * (longest + 1)).problems(cloud)
        assert problem.startswith("query of asset_statistics: host_id: ")


def test_all_problems_come_at_once_each_parameter_once():
    with pytest.raises(SettingsError) as caught:
        PortStatisticsQuery(limit=9, offset=-1, port=0, category="vm", sort_key="num").check("otc")
    names = [problem.split(": ")[1] for problem in caught.value.problems]
    assert sorted(set(names)) == ["category", "limit", "offset", "port", "sort_key"]


def test_what_only_the_schema_knows_is_refused_too():
    problems = PortStatisticsQuery(enterprise_project_id="0" * 129).problems("otc")
    assert problems == (
        "query of port_statistics: enterprise_project_id: string of 129 characters is longer than 128 characters",
    )


def test_the_query_is_encoded_as_the_signature_wants_it():
    query = AssetStatisticsQuery(category="host", enterprise_project_id="a b/ü~+&")
    assert query.encoded() == "category=host&enterprise_project_id=a%20b%2F%C3%BC~%2B%26"


@pytest.mark.parametrize(
    ("token", "fine"),
    [("", False), ("t", True), ("t" * 32768, True), ("t" * 32769, False), ("a\nb", False), ("ä", False)],
)
def test_a_token_has_1_to_32768_printable_characters_and_is_never_shown(token, fine):
    problems = check_token(token)
    assert (not problems) is fine
    assert not token or len(token) < 2 or token not in " ".join(problems)


@pytest.mark.parametrize(
    ("project", "fine"), [("", False), ("p", True), ("p" * 256, True), ("p" * 257, False), ("p\x00", False)]
)
def test_a_project_id_has_1_to_256_characters(project, fine):
    assert (not check_project(project)) is fine


@given(st.integers() | st.text() | st.booleans() | st.floats(), st.sampled_from(CLOUDS))
def test_no_value_passes_that_is_not_a_port(value, cloud):
    fine = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535
    assert (not PortStatisticsQuery(port=value).problems(cloud)) is fine
