"""A JSON file of ours: what of a long place or a long value is said where a schema is broken."""

from __future__ import annotations

import json

from handler.report.json_file import MOST_LINES, schema_problems
from handler.report.json_v1 import report_dict
from tests.fakes import category, report


def broken(*keys, value):
    """A report's JSON with counters of these names that no schema allows."""
    document = json.loads(json.dumps(report_dict(report(coverage=(category(),)))))
    document["statistics"] = {"host": dict.fromkeys(keys, value)}
    return list(schema_problems(document, "x.json", "report.schema.json", part="report"))


def test_a_long_place_and_a_long_value_are_cut():
    (line,) = broken("k" * 300, value="v" * 300)
    name, place, problem = line.split(": ")
    assert (name, len(place), len(problem)) == ("x.json", 202, 200)


def test_of_many_problems_twenty_are_told():
    assert len(broken(*(f"key{number}" for number in range(30)), value="x")) == MOST_LINES == 20
