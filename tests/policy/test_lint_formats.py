"""Each form of the linter's messages, read back by what reads it."""

from __future__ import annotations

import json

from handler.policy.codes import LintMessage
from handler.policy.rules import Location
from handler.review.lint_formats import LINT_FORMATS, as_github, as_json, as_sarif, as_text

ERROR = LintMessage("E301", "error", Location("policies/a b.yaml", 3, 7), "the range 9-1 is reversed")
NASTY = LintMessage("W101", "warning", Location("p,q:r.yaml", 1, 1), "100% of\n::error::it\r")


def test_text_is_a_line_each_that_editors_can_jump_to():
    assert as_text([ERROR]) == "policies/a b.yaml:3:7: the range 9-1 is reversed [E301]\n"
    assert as_text([]) == ""


def test_json_is_a_list_even_when_empty():
    assert json.loads(as_json([])) == []
    assert json.loads(as_json([ERROR]))[0] == {
        "code": "E301",
        "name": "E301",
        "severity": "error",
        "file": "policies/a b.yaml",
        "line": 3,
        "column": 7,
        "message": "the range 9-1 is reversed",
    }


def test_github_commands_cannot_be_forged_by_a_message():
    (line,) = as_github([NASTY]).splitlines()
    assert line == ("::warning file=p%2Cq%3Ar.yaml,line=1,col=1,title=W101 port-named-twice::100%25 of ::error::it ")


def test_sarif_points_at_its_rules_and_places():
    (run,) = json.loads(as_sarif([ERROR, NASTY]))["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "policies/a%20b.yaml"},
        "region": {"startLine": 3, "startColumn": 7},
    }
    assert [result["level"] for result in run["results"]] == ["error", "warning"]


def test_a_clean_sarif_has_no_results():
    document = json.loads(as_sarif([]))
    assert document["version"] == "2.1.0"
    assert document["runs"][0]["results"] == []


def test_the_four_formats_of_policy_validate():
    assert list(LINT_FORMATS) == ["text", "json", "sarif", "github"]
