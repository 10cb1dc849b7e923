"""What is said about an answer that is not as documented: where, how bad, and never the value of a long text."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.schemas import catalog
from handler.schemas.apply import breaches, query_breaches
from handler.schemas.breach import Breach, json_path
from handler.schemas.drift import drift, pattern
from tests.examples import examples

ROW = {"port": 22, "type": "TCP", "num": 1}
USES = [
    ("port_statistics", "otc"),
    ("port_statistics", "huaweicloud"),
    ("asset_statistics", "otc"),
    ("asset_statistics", "huaweicloud"),
    ("port_detail", "huaweicloud"),
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["total_num", "data_list", "port", "num", "x"]), inner)
    ),
    max_leaves=12,
)


def committed(section):
    """The names of all schema files that the index names for answers or queries."""
    clouds = json.loads((catalog.FOLDER / "index.json").read_text(encoding="utf-8"))[section]
    return sorted({use["schema"] for apis in clouds.values() for use in apis.values()})


def listing(*rows, **more):
    return {"total_num": len(rows), "data_list": list(rows), **more}


def found(body, cloud="otc", api="port_statistics"):
    return [(breach.path, breach.kind) for breach in breaches(api, cloud, body)]


@pytest.mark.parametrize("value", [True, False, 1.0, 1.5, float("nan"), "22", None, [], {}])
def test_only_an_integer_is_an_integer(value):
    assert found(listing({**ROW, "port": value})) == [("$.data_list[0].port", "type")]


@pytest.mark.parametrize("body", [None, [], "x", 1, True])
def test_an_answer_that_is_no_object_is_a_wrong_type(body):
    assert found(body) == [("$", "type")]


@pytest.mark.parametrize("key", ["total_num", "data_list"])
def test_a_listing_without_its_two_keys_is_fatal(key):
    body = {name: value for name, value in listing().items() if name != key}
    assert found(body) == [(f"$.{key}", "missing")]


def test_null_is_no_list():
    assert found({"total_num": 0, "data_list": None}) == [("$.data_list", "type")]


@pytest.mark.parametrize("cloud", ["otc", "huaweicloud"])
@pytest.mark.parametrize("word", ["TCP6", "SCTP", "tcp"])
def test_an_unlisted_type_never_hides_a_row(cloud, word):
    assert not any(breach.fatal for breach in breaches("port_statistics", cloud, listing({**ROW, "type": word})))


@pytest.mark.parametrize("cloud", ["otc", "huaweicloud"])
@pytest.mark.parametrize("word", ["unknow", "anything"])
def test_an_unlisted_status_is_counted_on_both_clouds(word, cloud):
    assert found(listing({**ROW, "status": word}), cloud) == [("$.data_list[0].status", "unlisted_value")]


@pytest.mark.parametrize("cloud", ["otc", "huaweicloud"])
@pytest.mark.parametrize("word", ["TCP6", "UDP6"])
def test_the_words_of_newer_sources_are_no_drift(word, cloud):
    for status in ("danger", "normal", "unknown"):
        assert found(listing({**ROW, "type": word, "status": status}), cloud) == []


def test_a_status_of_another_type_is_fatal_on_both_clouds():
    for cloud in ("otc", "huaweicloud"):
        assert found(listing({**ROW, "status": 5}), cloud) == [("$.data_list[0].status", "type")]


def test_unknown_keys_are_counted_at_every_level_and_are_not_fatal():
    known = breaches("port_statistics", "otc", listing({**ROW, "new": 1}, page=2))
    assert {(b.path, b.kind, b.fatal) for b in known} == {
        ("$.data_list[0].new", "unknown_key", False),
        ("$.page", "unknown_key", False),
    }


def test_a_missing_key_an_unknown_one_and_a_range_are_all_named_at_once():
    body = {"data_list": [{"port": 70000, "type": "TCP", "nmu": 1}]}
    assert set(found(body)) == {
        ("$.total_num", "missing"),
        ("$.data_list[0].port", "range"),
        ("$.data_list[0].num", "missing"),
        ("$.data_list[0].nmu", "unknown_key"),
    }


def test_counters_are_optional_but_bounded():
    assert found({}, api="asset_statistics") == []
    assert found({"port_num": -1}, api="asset_statistics") == [("$.port_num", "range")]


def test_a_text_of_more_than_64_characters_is_never_shown():
    long = "s3cret" * 20
    body = listing({"port": long, "type": long, "num": [long], "status": {long: long}, long: long}, **{long: long})
    shown = " ".join(str(breach) for breach in breaches("port_statistics", "huaweicloud", body))
    assert "string" in shown
    assert long not in shown
    assert long[:65] not in shown


def test_a_short_text_is_shown_with_its_type_in_ascii():
    (breach,) = query_breaches("port_statistics", "otc", {"category": "h\u00f6st\n"})
    assert breach.message == 'string "h\\u00f6st\\n" is none of "host", "container"'


def test_a_number_of_many_digits_is_not_written_out():
    assert len(str(breaches("port_statistics", "otc", listing({**ROW, "port": 10**4000}))[0])) < 100


def test_a_value_nested_very_deep_is_only_a_wrong_type():
    deep = json.loads("[" * 900 + "]" * 900)
    assert ("$.data_list[0].port", "type") in found(listing({**ROW, "port": deep, "type": deep, "num": deep}))
    assert query_breaches("port_statistics", "otc", {"category": deep})[0].kind == "type"


def test_paths_quote_what_is_no_plain_word():
    assert json_path(["data_list", 3, "a b", "x" * 80, "\n"]) == '$.data_list[3]["a b"]["' + "x" * 64 + '..."]["\\n"]'


@pytest.mark.parametrize(("api", "cloud"), USES)
@settings(max_examples=examples(40), deadline=None)
@given(body=ANY_JSON)
def test_any_json_is_judged_without_an_error_and_with_short_words(api, cloud, body):
    for breach in breaches(api, cloud, body):
        assert breach.path.startswith("$")
        assert len(breach.message) < 300


def test_otc_has_no_port_detail():
    with pytest.raises(KeyError):
        breaches("port_detail", "otc", {})


def test_a_query_may_write_numbers_as_text_but_nothing_else():
    for good in (10, "10", "200"):
        assert query_breaches("port_statistics", "otc", {"limit": good}) == ()
    for bad in ("9", "1e2", "+10", " 10", "\u0661\u0660", "", True, 10.0, ["10"], None):
        assert query_breaches("port_statistics", "otc", {"limit": bad})[0].fatal, bad


def test_a_query_may_only_send_what_its_document_lists():
    assert query_breaches("port_statistics", "otc", {"category": "vm"})[0].fatal
    assert [b.kind for b in query_breaches("port_statistics", "otc", {"sort_key": "port"})] == ["unknown_key"]
    assert query_breaches("port_statistics", "huaweicloud", {"sort_key": "port"}) == ()


def test_category_is_mandatory_for_counters_and_port_for_details():
    assert [b.path for b in query_breaches("asset_statistics", "huaweicloud", {})] == ["$.category"]
    assert query_breaches("asset_statistics", "otc", {}) == ()
    assert {b.path for b in query_breaches("port_detail", "huaweicloud", {})} == {"$.port", "$.category"}


def test_drift_is_one_line_per_place_and_kind_with_a_count():
    rows = [{**ROW, "foo": 1, "type": "SCTP"}] * 200
    summary = drift(breaches("port_statistics", "otc", listing(*rows)))
    assert [(item.path, item.kind, item.times) for item in summary] == [
        ("$.data_list[].foo", "unknown_key", 200),
        ("$.data_list[].type", "unlisted_value", 200),
    ]
    assert str(summary[0]) == "$.data_list[].foo: a key that the document does not name (x 200)"


def test_the_key_of_a_drift_does_not_depend_on_its_count():
    one, many = (drift([Breach("$.data_list[1].foo", "m", "unknown_key")] * times)[0] for times in (1, 9))
    assert one.key == many.key
    assert pattern("$.a[12].b[0]") == "$.a[].b[]"


def test_each_cloud_is_judged_by_its_own_document():
    assert catalog.name_of("answers", "port_statistics", "otc").startswith("otc-")
    assert catalog.name_of("answers", "port_statistics", "huaweicloud") == (
        "huaweicloud-port-statistics-2024-01-31-answer.schema.json"
    )
    for part in ("answers", "queries"):
        assert catalog.name_of(part, "asset_statistics", "otc").startswith("otc-asset-statistics-undated-")
        assert catalog.name_of(part, "asset_statistics", "huaweicloud").startswith(
            "huaweicloud-asset-statistics-2026-04-03-"
        )


@pytest.mark.parametrize("part", ["answers", "queries"])
def test_every_schema_says_where_it_comes_from(part):
    for name in committed(part):
        schema = catalog.document(name)
        assert schema["$id"].startswith("urn:port-compliance:")
        assert ("revision" in schema["$comment"] and "table" in schema["$comment"]) or "not derived" in schema[
            "$comment"
        ]


def test_every_line_of_the_overlay_has_a_reason_a_source_and_a_schema():
    overlay = json.loads((catalog.FOLDER / "overlay.json").read_text(encoding="utf-8"))
    for line in overlay["lines"]:
        assert len(line["because"]) > 20
        assert len(line["source"]) > 20
        assert set(line["schemas"]) <= set(committed("answers"))
        assert {"required", "optional", "open", "set"} & set(line)


def test_the_overlay_does_not_change_the_document_it_lies_on():
    before = catalog.document("otc-port-statistics-undated-answer.schema.json")
    catalog.effective("answers", "port_statistics", "otc")
    assert catalog.document("otc-port-statistics-undated-answer.schema.json") == before
    assert "required" not in before


def test_ten_thousand_rows_are_judged_in_less_than_seconds():
    body = listing(*[{**ROW, "status": "danger"}] * 10000)
    started = time.process_time()
    assert breaches("port_statistics", "huaweicloud", body) == ()
    assert time.process_time() - started < 3  # about 0.4 s here
