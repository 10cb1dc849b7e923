"""The results of policy tests as text, JUnit XML or JSON. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from handler.formats.inert import inert
from handler.formats.junit import xml_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.review.case_results import Fired, SuiteResult

_LONG = 2000


def cases_text(suites: Sequence[SuiteResult], *, coverage: bool = False) -> str:
    """A line per policy, the differences of each failed case, and what no case fires."""
    lines: list[str] = []
    for suite in suites:
        lines += _suite_lines(suite, coverage)
    total = sum(len(suite.results) for suite in suites)
    failed = sum(len(suite.failed) for suite in suites)
    lines.append(f"{total - failed} passed, {failed} failed")
    return "\n".join(lines) + "\n"


def _suite_lines(suite: SuiteResult, coverage: bool) -> Iterator[str]:
    count = len(suite.results)
    yield f"{inert(suite.policy_path)}: {count - len(suite.failed)} of {count} cases passed"
    for result in suite.failed:
        yield f"  FAIL {inert(result.case.name)} ({result.case.location})"
        yield from (f"    {inert(difference, _LONG)}" for difference in result.differences)
    if coverage:
        fired = suite.coverage
        yield f"  {fired.percent}% covered: {fired.fired} of {fired.total} rules and exemptions are fired"
        yield from (f"  never fired: {kind} {name} ({place})" for kind, name, place in _never(fired))


def _never(fired: Fired) -> list[tuple[str, str, str]]:
    rules = [("rule", rule.id, str(rule.location)) for rule in fired.rules]
    return rules + [("exemption", exemption.id, str(exemption.location)) for exemption in fired.exemptions]


def cases_json(suites: Sequence[SuiteResult]) -> str:
    """One JSON document with every case and the coverage."""
    document = {
        "version": "1",
        "passed": sum(len(suite.results) - len(suite.failed) for suite in suites),
        "failed": sum(len(suite.failed) for suite in suites),
        "policies": [_suite_dict(suite) for suite in suites],
    }
    return json.dumps(document, indent=2) + "\n"


def _suite_dict(suite: SuiteResult) -> dict[str, Any]:
    fired = suite.coverage
    return {
        "policy": suite.policy_path,
        "cases": [
            {
                "name": result.case.name,
                "file": result.case.location.file,
                "line": result.case.location.line,
                "passed": not result.differences,
                "differences": list(result.differences),
            }
            for result in suite.results
        ],
        "coverage": {
            "percent": fired.percent,
            "fired": fired.fired,
            "total": fired.total,
            "never_fired": [{"kind": kind, "id": name, "location": place} for kind, name, place in _never(fired)],
        },
    }


def cases_junit(suites: Sequence[SuiteResult]) -> str:
    """JUnit XML: one suite per policy, a failure with its differences per failed case."""
    root = ET.Element("testsuites")
    for suite in suites:
        count, failed = len(suite.results), len(suite.failed)
        attributes = {"name": inert(suite.policy_path), "tests": str(count), "failures": str(failed), "errors": "0"}
        element = ET.SubElement(root, "testsuite", {**attributes, "skipped": "0", "time": "0"})
        for result in suite.results:
            place = result.case.location
            case = ET.SubElement(
                element,
                "testcase",
                classname=inert(suite.policy_path),
                name=inert(result.case.name),
                file=inert(place.file),
                line=str(place.line),
                time="0",
            )
            if result.differences:
                failure = ET.SubElement(case, "failure", message=inert(result.differences[0]), type="difference")
                failure.text = "\n".join(inert(difference, _LONG) for difference in result.differences)
    return xml_text(root)
