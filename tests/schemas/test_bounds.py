"""Every documented bound, tried on both sides, against a table written by hand from the documents."""

from __future__ import annotations

import copy
from functools import cache
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.models import COUNTERS
from handler.schemas import catalog, keywords
from handler.schemas.apply import breaches, query_breaches
from handler.schemas.keywords import judged
from tests.examples import examples
from tests.schemas.test_apply import committed

HUAWEI = "huaweicloud-port-statistics-2024-01-31-answer.schema.json"
OTC = "otc-port-statistics-undated-answer.schema.json"
ASSETS = "huaweicloud-asset-statistics-2026-04-03-answer.schema.json"
OTC_ASSETS = "otc-asset-statistics-undated-answer.schema.json"
DETAIL = "huaweicloud-port-detail-facts-answer.schema.json"
ROW = "$.data_list[0]"
LISTING = [("$.total_num", "value", 0, 10000), ("$.data_list", "items", 0, 10000)]
PORT_ROW = [(f"{ROW}.port", "value", 0, 65535), (f"{ROW}.num", "value", 0, 10000)]

# file -> (path, what is bounded, least, most); None: not bounded on that side
BOUNDS = {
    HUAWEI: [*LISTING, *PORT_ROW, (f"{ROW}.type", "length", 1, 256), (f"{ROW}.status", "length", 1, 16)],
    OTC: [*LISTING, *PORT_ROW],
    ASSETS: [(f"$.{name}", "value", 0, 2147483647) for name in COUNTERS],
    OTC_ASSETS: [(f"$.{name}", "value", 0, 2147483647) for name in COUNTERS],
    DETAIL: [
        ("$.total_num", "value", 0, None),
        (f"{ROW}.host_id", "length", 1, 64),
        (f"{ROW}.host_name", "length", 1, 256),
        (f"{ROW}.path", "length", 0, 512),
        (f"{ROW}.pid", "value", 0, None),
        (f"{ROW}.port", "value", 1, 65535),
    ],
}
OVERLAID = {
    HUAWEI: [bound if "num" not in bound[0][-4:] else (*bound[:3], 65535) for bound in BOUNDS[HUAWEI][1:]],
    OTC: [bound if "num" not in bound[0][-4:] else (*bound[:3], 65535) for bound in BOUNDS[OTC][1:]],
}
OVERLAID = {file: [LISTING[0], *rows] for file, rows in OVERLAID.items()} | {
    ASSETS: BOUNDS[ASSETS],
    OTC_ASSETS: BOUNDS[OTC_ASSETS],
    DETAIL: BOUNDS[DETAIL],
}
ENUMS = {
    HUAWEI: [(f"{ROW}.status", ["danger", "unknown"])],
    OTC: [(f"{ROW}.type", ["TCP", "UDP"])],
    ASSETS: [],
    OTC_ASSETS: [],
    DETAIL: [(f"{ROW}.status", ["danger", "normal", "unknown"]), (f"{ROW}.type", ["TCP", "UDP"])],
}
NEWER = [(f"{ROW}.status", ["danger", "normal", "unknown"]), (f"{ROW}.type", ["TCP", "UDP", "TCP6", "UDP6"])]
OVERLAID_ENUMS = {**ENUMS, HUAWEI: NEWER, OTC: NEWER, DETAIL: NEWER}
REQUIRED = {
    HUAWEI: ["$.total_num", "$.data_list", f"{ROW}.port", f"{ROW}.type", f"{ROW}.num"],
    OTC: ["$.total_num", "$.data_list", f"{ROW}.port", f"{ROW}.type", f"{ROW}.num"],
    ASSETS: [],
    OTC_ASSETS: [],
    DETAIL: ["$.total_num", "$.data_list", f"{ROW}.host_id"],
}
PORT_BODY = {"total_num": 1, "data_list": [{"port": 123, "type": "UDP", "num": 4}]}
BODIES = {
    HUAWEI: {"total_num": 1, "data_list": [{"port": 123, "type": "UDP", "num": 4, "status": "danger"}]},
    OTC: PORT_BODY,
    ASSETS: dict.fromkeys(COUNTERS, 5),
    OTC_ASSETS: dict.fromkeys(COUNTERS, 5),
    DETAIL: {
        "total_num": 1,
        "data_list": [
            {"host_id": "h", "host_name": "n", "path": "", "pid": 0, "port": 22, "type": "TCP", "status": "danger"}
        ],
    },
}


def changed(body, path, value=None, *, drop=False):
    """A copy of `body` with the value at `path` replaced or taken away."""
    body = copy.deepcopy(body)
    steps = path.removeprefix("$.").replace("[0]", ".0").split(".")
    holder = body
    for step in steps[:-1]:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    if drop:
        del holder[steps[-1]]
    else:
        holder[steps[-1]] = value
    return body


@cache
def sized(file, path, what, size):
    """The file's body with a value of that size."""
    samples = {"value": lambda: size, "length": lambda: "x" * size, "items": lambda: BODIES[file]["data_list"] * size}
    return changed(BODIES[file], path, samples[what]())


class Judges:
    """A schema to ask, compiled once; `counting` does not judge the rows that it counts."""

    def __init__(self, schema):
        self.whole = self.counting = keywords.compiled(schema)
        if rows := schema["properties"].get("data_list"):
            counted = {key: value for key, value in rows.items() if key != "items"}
            properties = schema["properties"] | {"data_list": counted}
            self.counting = keywords.compiled({**schema, "properties": properties})


def outcome(judges, file, path, what, size):
    """What the schema says of the file's body with a value of that size; rows are not judged where only counted."""
    found = judged(judges.counting if what == "items" else judges.whole, sized(file, path, what, size))
    return [b for b in found if b.path == path and b.kind != "unlisted_value"]


def wrong_bounds(judges, file, bounds):
    """The bounds of the table that the schema does not hold exactly, one after the other."""
    for path, what, least, most in bounds:
        inside = [size for size in (least, most) if size is not None]
        outside = [least - 1] if what == "value" or least > 0 else []
        outside += [most + 1] if most is not None else []
        refused = any(outcome(judges, file, path, what, size) for size in inside)
        if refused or not all(outcome(judges, file, path, what, size) for size in outside):
            yield path


def wrong_lists(judges, file, enums):
    """The enumerations of the table that the schema does not hold exactly, one after the other."""
    for path, words in enums[file]:
        breached = {
            word: any(b.path == path for b in judged(judges.whole, changed(BODIES[file], path, word)))
            for word in (*words, "other")
        }
        if breached != dict.fromkeys(words, False) | {"other": True}:
            yield path


def not_required(judges, file):
    for path in REQUIRED[file]:
        found = judged(judges.whole, changed(BODIES[file], path, drop=True))
        if ("missing", path) not in {(b.kind, b.path) for b in found}:
            yield path


def effective(file):
    return catalog.overlaid(catalog.document(file), file)


def test_the_table_speaks_of_every_committed_answer_schema():
    assert set(BOUNDS) == set(committed("answers"))


@pytest.mark.parametrize("file", BOUNDS)
def test_each_documented_bound_holds_on_both_sides(file):
    judges = Judges(catalog.document(file))
    assert [*wrong_bounds(judges, file, BOUNDS[file])] == []
    assert [*wrong_lists(judges, file, ENUMS)] == []


@pytest.mark.parametrize("file", BOUNDS)
def test_with_the_overlay_each_decided_bound_holds_on_both_sides(file):
    judges = Judges(effective(file))
    assert [*wrong_bounds(judges, file, OVERLAID[file])] == []
    assert [*wrong_lists(judges, file, OVERLAID_ENUMS)] == []
    assert [*not_required(judges, file)] == []


USES = [
    ("port_statistics", "otc"),
    ("port_statistics", "huaweicloud"),
    ("asset_statistics", "otc"),
    ("port_detail", "huaweicloud"),
]
BOUND_WORDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")


def mutants(node, path=()):
    """Every schema that differs in one bound by one, or in one required key, or in one listed word."""
    if isinstance(node, list):
        children = enumerate(node)
    elif isinstance(node, dict):
        children = node.items()
        for word in BOUND_WORDS:
            if isinstance(node.get(word), int):
                yield from (
                    ((*path, word), node[word] + step)
                    for step in (-1, 1)
                    if word in ("minimum", "maximum") or node[word] + step >= 0
                )
        for word in ("required", "enum", "x-listed"):
            if isinstance(node.get(word), list) and (word == "required" or len(node[word]) > 1):
                yield from (((*path, word), [key for key in node[word] if key != gone]) for gone in node[word])
    else:
        return
    for key, child in children:
        yield from mutants(child, (*path, key))


def mutated(schema, path, value):
    schema = copy.deepcopy(schema)
    holder = schema
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return schema


@pytest.mark.parametrize("file", BOUNDS)
@pytest.mark.parametrize("bare", [True, False], ids=["document", "with overlay"])
def test_every_mutant_of_a_committed_schema_is_caught(file, bare):
    schema, bounds, enums = (
        (catalog.document(file), BOUNDS, ENUMS) if bare else (effective(file), OVERLAID, OVERLAID_ENUMS)
    )
    made = [(path, Judges(mutated(schema, path, value))) for path, value in mutants(schema)]
    survivors = []
    for path, judges in made:
        wrong = chain(wrong_bounds(judges, file, bounds[file]), wrong_lists(judges, file, enums))
        if next(wrong, None) is None and (bare or next(not_required(judges, file), None) is None):
            survivors.append(path)
    assert (survivors, bool(made)) == ([], True)


@pytest.mark.parametrize(
    ("file", "api", "cloud"),
    [
        (HUAWEI, "port_statistics", "huaweicloud"),
        (OTC, "port_statistics", "otc"),
        (OTC_ASSETS, "asset_statistics", "otc"),
        (ASSETS, "asset_statistics", "huaweicloud"),
        (DETAIL, "port_detail", "huaweicloud"),
    ],
)
def test_the_documents_examples_are_valid(file, api, cloud):
    assert breaches(api, cloud, BODIES[file]) == ()


def strategy(schema, defs):
    """Values that a schema of ours allows: the few keywords that the committed answer schemas use."""
    if "$ref" in schema:
        return strategy(defs[schema["$ref"].removeprefix("#/$defs/")], defs)
    if schema["type"] == "integer":
        return st.integers(schema.get("minimum"), schema.get("maximum"))
    if schema["type"] == "array":
        return st.lists(strategy(schema["items"], defs), max_size=3)
    if schema["type"] == "object":
        needed = {key: strategy(schema["properties"][key], defs) for key in schema.get("required", ())}
        free = {key: strategy(value, defs) for key, value in schema["properties"].items() if key not in needed}
        return st.fixed_dictionaries(needed, optional=free)
    words = schema.get("enum") or schema.get("x-listed")
    return (
        st.sampled_from(words)
        if words
        else st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))
    )


@pytest.mark.parametrize(("api", "cloud"), USES)
@settings(max_examples=examples(25), deadline=None)
@given(data=st.data())
def test_whatever_the_schema_allows_is_no_breach(api, cloud, data):
    schema = catalog.effective("answers", api, cloud)
    assert breaches(api, cloud, data.draw(strategy(schema, schema.get("$defs", {})))) == ()


QUERIES = [
    ("port_statistics", "otc", "port", 1, 65535),
    ("port_statistics", "otc", "limit", 10, 200),
    ("port_statistics", "otc", "offset", 0, 2000000),
    ("port_statistics", "huaweicloud", "port", 1, 65535),
    ("port_statistics", "huaweicloud", "limit", 10, 200),
    ("port_statistics", "huaweicloud", "offset", 0, 2000000),
    ("port_detail", "huaweicloud", "port", 1, 65535),
    ("port_detail", "huaweicloud", "limit", 10, 200),
]
LENGTHS = [
    ("port_statistics", "otc", "enterprise_project_id", 0, 128),
    ("port_statistics", "huaweicloud", "enterprise_project_id", 0, 128),
    ("port_statistics", "huaweicloud", "port_string", 1, 256),
    ("port_statistics", "huaweicloud", "type", 1, 256),
    ("port_statistics", "huaweicloud", "sort_key", 1, 128),
    ("port_statistics", "huaweicloud", "sort_dir", 1, 32),
    ("asset_statistics", "huaweicloud", "enterprise_project_id", 1, 256),
    ("asset_statistics", "huaweicloud", "host_id", 1, 64),
    ("asset_statistics", "otc", "enterprise_project_id", 0, 128),
    ("asset_statistics", "otc", "host_id", 1, 128),
]


def at(api, cloud, name, value):
    return [b for b in query_breaches(api, cloud, {name: value}) if b.path == f"$.{name}"]


@pytest.mark.parametrize("written", [int, str])
@pytest.mark.parametrize(("api", "cloud", "name", "least", "most"), QUERIES)
def test_numbers_in_queries_are_bounded_as_documented(api, cloud, name, least, most, written):
    assert at(api, cloud, name, written(least)) == at(api, cloud, name, written(most)) == []
    assert at(api, cloud, name, written(least - 1))[0].fatal
    assert at(api, cloud, name, written(most + 1))[0].fatal


@pytest.mark.parametrize(("api", "cloud", "name", "least", "most"), LENGTHS)
def test_texts_in_queries_are_bounded_as_documented(api, cloud, name, least, most):
    assert at(api, cloud, name, "x" * least) == at(api, cloud, name, "x" * most) == []
    assert least == 0 or at(api, cloud, name, "x" * (least - 1))[0].fatal
    assert at(api, cloud, name, "x" * (most + 1))[0].fatal
