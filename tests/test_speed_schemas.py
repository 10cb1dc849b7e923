"""The generated judge and jsonschema say the same of everything, and the committed code is the generated one."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.schemas import catalog, fast, keywords
from handler.schemas.apply import breaches, judged, query_breaches
from tools import compile_schemas

USES = [
    ("port_statistics", "otc"),
    ("port_statistics", "huaweicloud"),
    ("asset_statistics", "otc"),
    ("asset_statistics", "huaweicloud"),
    ("port_detail", "huaweicloud"),
]
ODD = st.sampled_from(
    [
        True,
        False,
        None,
        1.0,
        0.0,
        float("nan"),
        float("inf"),
        -1,
        0,
        1,
        65535,
        65536,
        10**30,
        "",
        "TCP",
        "1",
        [],
        {},
        [1],
    ]
) | st.text(max_size=20)
WORDS = st.sampled_from(["TCP", "UDP", "TCP6", "danger", "normal", "unknow", "x" * 300, ""])
KEYS = st.sampled_from(
    ["port", "type", "num", "status", "host_id", "laddr", "pid", "new", "total_num", "data_list", "port_num"]
)


def good_row(draw, api):
    row = {"port": draw(st.integers(0, 65535)), "type": draw(WORDS.filter(lambda w: 0 < len(w) < 20)), "num": 1}
    return {**row, "host_id": "h", "pid": draw(st.integers(0, 9))} if api == "port_detail" else row


@st.composite
def bodies(draw, api):
    """Mostly right answers with a few odd keys and values anywhere."""
    if api == "asset_statistics":
        return draw(st.dictionaries(KEYS, st.integers(-1, 2**31) | ODD, max_size=4))
    rows = [good_row(draw, api) for _ in range(draw(st.integers(0, 6)))]
    for row in rows:
        if draw(st.booleans()):
            row["status"] = draw(WORDS)
        if draw(st.integers(0, 5)) == 0:
            row[draw(KEYS)] = draw(ODD)
        if draw(st.integers(0, 9)) == 0:
            row.pop(draw(st.sampled_from(sorted(row))))
    body = {"total_num": draw(st.integers(0, 10_000)), "data_list": rows}
    body |= draw(st.dictionaries(KEYS, ODD, max_size=1)) if draw(st.integers(0, 3)) == 0 else {}
    return draw(ODD) if draw(st.integers(0, 20)) == 0 else body


def by_jsonschema(part, api, cloud, value):
    return judged(keywords.compiled(catalog.effective(part, api, cloud)), value)


def in_order(found):
    return sorted((breach.path, breach.message, breach.kind) for breach in found)


@pytest.mark.parametrize(("api", "cloud"), USES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_both_judge_any_answer_alike(api, cloud, data):
    body = data.draw(bodies(api))
    before = copy.deepcopy(body)
    stock = by_jsonschema("answers", api, cloud, body)
    name = catalog.name_of("answers", api, cloud)
    assert fast.is_clean(name, body) == (not stock)
    assert fast.is_tolerable(name, body) == (not any(breach.fatal for breach in stock))
    assert in_order(breaches(api, cloud, body)) == in_order(stock)
    assert repr(body) == repr(before)


@pytest.mark.parametrize(("api", "cloud"), USES)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_both_judge_any_query_alike(api, cloud, data):
    names = sorted(catalog.effective("queries", api, cloud)["properties"])
    values = ODD | st.sampled_from(["host", "container", "port", "asc"]) | st.integers(-1, 300)
    query = data.draw(st.dictionaries(st.sampled_from([*names, "new"]), values, max_size=5))
    stock = by_jsonschema("queries", api, cloud, query)
    assert fast.is_clean(catalog.name_of("queries", api, cloud), query) == (not stock)
    assert query_breaches(api, cloud, query) == () or stock or any(isinstance(value, str) for value in query.values())


@pytest.mark.parametrize("value", [True, 1.0, float("nan"), "22", None])
def test_neither_takes_another_value_for_an_integer(value):
    body = {"total_num": 1, "data_list": [{"port": value, "type": "TCP", "num": 1}]}
    assert not fast.is_clean(catalog.name_of("answers", "port_statistics", "otc"), body)
    assert [breach.kind for breach in breaches("port_statistics", "otc", body)] == ["type"]


def test_rows_that_drift_alike_are_all_named():
    rows = [{"port": port, "type": "SCTP", "num": 1} for port in range(3)]
    found = breaches("port_statistics", "otc", {"total_num": 3, "data_list": rows})
    assert [breach.path for breach in found] == [f"$.data_list[{at}].type" for at in range(3)]


def test_the_committed_code_is_what_the_schemas_give():
    assert compile_schemas.is_current()


@pytest.mark.parametrize("schema", [{"type": "number"}, {"pattern": "a"}, {"items": {"type": "number"}}])
def test_what_both_would_judge_differently_is_not_compiled(schema):
    with pytest.raises(compile_schemas.CannotCompileError):
        compile_schemas._draft_4(schema, strict=True)
