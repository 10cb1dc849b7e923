"""JUnit XML: a failure per finding, an error per thing not seen, a skipped case per exempted or announced row."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from handler.clock import parse_iso
from handler.formats.inert import inert
from handler.formats.not_asked import NOBODY, counts_as
from handler.formats.words import (
    advice,
    coverage_words,
    days_words,
    host_words,
    not_seen,
    place,
    policy_words,
    verdict_words,
)
from handler.models import worst_first

if TYPE_CHECKING:
    from handler.formats.not_asked import NotAsked
    from handler.models import Finding, Report

_LONG = 2000


def render_junit(*reports: Report, not_asked: NotAsked = NOBODY) -> str:
    """One suite per target; a category that was seen and has no finding is a case that passed.

    What was not asked is a suite of its own: an error where that is not known, else a skipped case.
    """
    root = ET.Element("testsuites")
    root.extend(_suite(report) for report in reports)
    root.extend([_suite_of_others(not_asked)] if not_asked.deferred else [])
    return xml_text(root)


def xml_text(root: ET.Element) -> str:
    """The document as text, indented, whatever encoding the locale has."""
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text.decode() + "\n"


def _suite(report: Report) -> ET.Element:
    cases = [*_passed(report), *_failed(report), *_skipped(report), *_errors(report)]
    suite = ET.Element("testsuite", _attributes(report, cases))
    properties = ET.SubElement(suite, "properties")
    for name, value in (("verdict", report.verdict), ("policy", policy_words(report)), ("run_id", report.run_id)):
        ET.SubElement(properties, "property", name=name, value=inert(value))
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = verdict_words(report)
    return suite


def _attributes(report: Report, cases: list[ET.Element]) -> dict[str, str]:
    seconds = (parse_iso(report.finished_at) - parse_iso(report.started_at)).total_seconds()
    return _counted(report.target.name, cases, report.started_at, max(0.0, seconds))


def _suite_of_others(not_asked: NotAsked) -> ET.Element:
    cases = []
    for one in not_asked.deferred:
        case = _case("run", f"asked: {one.name}")
        message = f"not asked in this run: {counts_as(one)}"
        if one.stands == "inconclusive":
            ET.SubElement(case, "error", message=message, type="inconclusive")
        else:
            ET.SubElement(case, "skipped", message=message)
        cases.append(case)
    suite = ET.Element("testsuite", _counted("not asked in this run", cases, not_asked.at, 0.0))
    suite.extend(cases)
    return suite


def _counted(name: str, cases: list[ET.Element], at: str, seconds: float) -> dict[str, str]:
    return {
        "name": f"port-compliance {inert(name, 80)}",
        "tests": str(len(cases)),
        "failures": _number(cases, "failure"),
        "errors": _number(cases, "error"),
        "skipped": _number(cases, "skipped"),
        "timestamp": inert(at, 40).removesuffix("Z"),
        "time": f"{seconds:.3f}",
    }


def _number(cases: list[ET.Element], outcome: str) -> str:
    return str(sum(case.find(outcome) is not None for case in cases))


def _case(category: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=f"port-compliance.{inert(category, 40)}", name=inert(name, 300), time="0")


def _passed(report: Report) -> list[ET.Element]:
    found = {finding.category for finding in report.findings}
    return [
        _case(category.category, f"nothing forbidden is open: {coverage_words(category)}")
        for category in report.coverage
        if category.complete and category.plan != "skipped" and category.category not in found
    ]


def _failed(report: Report) -> list[ET.Element]:
    cases = []
    for finding in sorted(report.findings, key=worst_first):
        case = _case(finding.category, _name(finding))
        message = inert(f"{finding.title} (num {finding.num})")
        failure = ET.SubElement(case, "failure", message=message, type=str(finding.severity))
        failure.text = "\n".join(_details(finding))
        cases.append(case)
    return cases


def _name(finding: Finding) -> str:
    return f"{place(finding)} {finding.rule_id}"


def _details(finding: Finding) -> list[str]:
    said = [f"owner {one.text}" if one.label == "ask" else one.text for one in advice(finding)]
    lines = [finding.message, *said, *finding.references]
    hosts = [host_words(host) for host in finding.hosts or ()]
    return [inert(line, _LONG) for line in (*lines, *hosts, f"fingerprint {finding.fingerprint}") if line]


def _skipped(report: Report) -> list[ET.Element]:
    exempted = [
        (item.finding, f"exempted by {item.exemption_id} ({days_words(item.days_left)}): {item.reason}")
        for item in report.exempted
    ]
    announced = [(item.finding, f"announced for {item.effective_from}") for item in report.announced]
    cases = []
    for finding, why in (*exempted, *announced):
        case = _case(finding.category, _name(finding))
        ET.SubElement(case, "skipped", message=inert(why))
        cases.append(case)
    return cases


def _errors(report: Report) -> list[ET.Element]:
    cases = []
    for reason in not_seen(report):
        case = _case("run", f"seen: {reason}")
        ET.SubElement(case, "error", message=reason, type="inconclusive")
        cases.append(case)
    return cases
