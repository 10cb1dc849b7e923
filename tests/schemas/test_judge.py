"""The closures and jsonschema, the judge of record, say the same of everything."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.schemas import catalog, keywords
from handler.schemas.apply import breaches, query_breaches
from handler.schemas.judge import judge_of
from tests.examples import examples

ROOT = Path(__file__).parents[2]
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


SHORT_WORDS = st.sampled_from(["TCP", "UDP", "TCP6", "danger", "normal", "unknow"])
COUNTERS = st.dictionaries(KEYS, st.integers(-1, 2**31) | ODD, max_size=4)


def good_row(draw, api):
    row = {"port": draw(st.integers(0, 65535)), "type": draw(SHORT_WORDS), "num": 1}
    return {**row, "host_id": "h", "pid": draw(st.integers(0, 9))} if api == "port_detail" else row


@st.composite
def bodies(draw, api):
    """Mostly right answers with a few odd keys and values anywhere."""
    if api == "asset_statistics":
        return draw(COUNTERS)
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


BODIES = {api: bodies(api) for api in ("port_statistics", "asset_statistics", "port_detail")}
OF_QUERIES = ODD | st.sampled_from(["host", "container", "port", "asc"]) | st.integers(-1, 300)


@cache
def queries(api, cloud):
    names = sorted(catalog.effective("queries", api, cloud)["properties"])
    return st.dictionaries(st.sampled_from([*names, "new"]), OF_QUERIES, max_size=5)


@cache
def judges(part, api, cloud):
    """jsonschema's judge and ours, of the same schema."""
    schema = catalog.effective(part, api, cloud)
    return keywords.compiled(schema), judge_of(schema)


def by_jsonschema(part, api, cloud, value):
    return keywords.judged(judges(part, api, cloud)[0], value)


def in_order(found):
    return sorted((breach.path, breach.message, breach.kind) for breach in found)


@pytest.mark.parametrize(("api", "cloud"), USES)
@settings(max_examples=examples(150), deadline=None)
@given(data=st.data())
def test_both_judge_any_answer_alike(api, cloud, data):
    body = data.draw(BODIES[api])
    before = copy.deepcopy(body)
    stock = by_jsonschema("answers", api, cloud, body)
    assert in_order(breaches(api, cloud, body)) == in_order(stock)
    assert repr(body) == repr(before)


@pytest.mark.parametrize(("api", "cloud"), USES)
@settings(max_examples=examples(100), deadline=None)
@given(data=st.data())
def test_both_judge_any_query_alike(api, cloud, data):
    query = data.draw(queries(api, cloud))
    stock = by_jsonschema("queries", api, cloud, query)
    assert in_order(judges("queries", api, cloud)[1](query)) == in_order(stock)
    assert query_breaches(api, cloud, query) == () or stock or any(isinstance(value, str) for value in query.values())


@pytest.mark.parametrize("value", [True, 1.0, float("nan"), "22", None])
def test_neither_takes_another_value_for_an_integer(value):
    body = {"total_num": 1, "data_list": [{"port": value, "type": "TCP", "num": 1}]}
    assert [breach.kind for breach in breaches("port_statistics", "otc", body)] == ["type"]


def test_rows_that_drift_alike_are_all_named():
    rows = [{"port": port, "type": "SCTP", "num": 1} for port in range(3)]
    found = breaches("port_statistics", "otc", {"total_num": 3, "data_list": rows})
    assert [breach.path for breach in found] == [f"$.data_list[{at}].type" for at in range(3)]


INNER = st.one_of(
    st.builds(dict, type=st.just("integer"), minimum=st.integers(-2, 2), maximum=st.integers(0, 70_000)),
    st.builds(dict, type=st.just("number"), minimum=st.floats(-2, 2), maximum=st.integers(0, 9)),
    st.builds(dict, type=st.just("string"), minLength=st.integers(0, 3), maxLength=st.integers(0, 5)),
    st.builds(dict, type=st.just("string"), enum=st.sampled_from([["TCP", "UDP"], ["danger"], ["", "1"]])),
    st.builds(dict, **{"x-listed": st.sampled_from([["TCP", "UDP"], [0, 1], [True]])}),
    st.builds(dict, type=st.sampled_from(["boolean", "null", "array", "object"])),
    st.builds(dict, minimum=st.integers(-1, 1), maxLength=st.integers(0, 2), maxItems=st.integers(0, 1)),
    st.just({"$ref": "#/$defs/shared"}),
)
SCHEMAS = st.recursive(
    INNER,
    lambda inner: (
        st.builds(dict, type=st.just("array"), items=inner, minItems=st.integers(0, 2), maxItems=st.integers(0, 3))
        | st.builds(
            dict,
            type=st.just("object"),
            properties=st.dictionaries(KEYS, inner, max_size=4),
            required=st.lists(KEYS, min_size=1, max_size=3, unique=True),
        )
        | st.builds(dict, properties=st.dictionaries(KEYS, inner, max_size=3))
        | st.builds(
            dict,
            type=st.just("object"),
            properties=st.dictionaries(KEYS, inner, max_size=2),
            additionalProperties=st.just(False) | inner,
        )
        | st.builds(dict, required=st.lists(KEYS, min_size=1, max_size=2, unique=True), additionalProperties=inner)
    ),
    max_leaves=8,
)
VALUES = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15
)


@settings(max_examples=examples(500), deadline=None)
@given(schema=SCHEMAS, shared=INNER.filter(lambda inner: "$ref" not in inner), value=VALUES)
def test_both_judge_any_value_by_any_schema_alike(schema, shared, value):
    schema = {**schema, "$defs": {"shared": shared}}
    stock = keywords.judged(keywords.compiled(schema), value)
    assert in_order(judge_of(schema)(value)) == in_order(stock)


@pytest.mark.parametrize(("part", "api", "cloud"), [(part, *use) for part in ("answers", "queries") for use in USES])
def test_every_schema_that_judges_a_run_can_be_judged(part, api, cloud):
    assert [breach.kind for breach in judge_of(catalog.effective(part, api, cloud))([])] == ["type"]


@pytest.mark.parametrize(
    "schema", [{"pattern": "a"}, {"items": {"oneOf": []}}, {"type": ["string", "null"]}, {"type": "decimal"}]
)
def test_a_schema_with_anything_unknown_is_refused_not_half_judged(schema):
    with pytest.raises(ValueError, match="cannot be judged"):
        judge_of(schema)


def test_places_in_arrays_of_arrays_are_counted_from_each_arrays_own_start():
    schema = {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}
    found = judge_of(schema)([[], [1, "x"], [], ["y", 2, None]])
    assert [breach.path for breach in found] == ["$[1][1]", "$[3][0]", "$[3][2]"]


def test_only_the_schema_of_the_cloud_that_is_asked_is_read():
    code = """
import sys
read = []
sys.addaudithook(lambda event, args: read.append(str(args[0])) if event == "open" else None)
from handler.schemas.apply import breaches
breaches("port_statistics", "otc", {})
import json
from tests.examples import examples
print(json.dumps([path.rpartition("/")[2] for path in read if path.endswith(".json")]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == ["index.json", "otc-port-statistics-undated-answer.schema.json", "overlay.json"]
