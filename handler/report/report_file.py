"""Report files: the JSON of a run read back, for `notify preview --report` and for another format of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.clock import parse_iso
from handler.errors import ReportError
from handler.report.json_file import MOST_LINES, parse_object, schema_problems
from handler.report.json_v1 import FINDING, REPORT_VERSION, read_report
from handler.report.verdict import count_severities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from handler.models import Report

MOST_SEEN = 4_000_000  # both categories, two million offsets each


def parse_report(data: bytes, name: str) -> Report:
    """The one report in a file's bytes. Raises ReportError, also where it holds several targets or none."""
    reports = parse_reports(data, name)
    if len(reports) != 1:
        raise ReportError(f"{name}: holds {len(reports)} reports, not one", hint="Take one of its `targets`.")
    return reports[0]


def parse_reports(data: bytes, name: str) -> tuple[Report, ...]:
    """The report, or the reports of all targets. Raises ReportError with every problem found; `name` is shown in it."""
    document = parse_object(data, name, "a report", ReportError)
    if "kind" in document:
        raise ReportError(f"{name}: not a report, but of kind {document['kind']!r:.40}")
    if document.get("version") != REPORT_VERSION:
        raise ReportError(
            f"{name}: not a report of version {REPORT_VERSION} (it says version {document.get('version')!r:.40})",
            hint="A newer version of port-compliance may have written it.",
        )
    part = "targets" if "targets" in document else "report"
    problems = list(schema_problems(document, name, "report.schema.json", part))
    if problems:
        raise ReportError("\n".join(problems))
    plain = document.get("targets", [document])
    problems = [f"{name}: {problem}" for report in plain for problem in _contradictions(report)]
    if problems:
        raise ReportError("\n".join(problems[:MOST_LINES]))
    return tuple(read_report(report) for report in plain)


def _contradictions(plain: Mapping[str, Any]) -> Iterator[str]:
    """What no report of ours says: the file was edited, or put together from others."""
    if plain["verdict"] == "compliant" and plain["findings"]:
        yield f"$.verdict: compliant, with {len(plain['findings'])} findings"
    if not _counts_fit(plain):
        yield "$.counts: do not fit the findings"
    if sum(category["rows"] for category in plain["coverage"]) > MOST_SEEN:
        yield f"$.coverage: more than {MOST_SEEN} rows"
    yield from (f"$.{where}: {time!r:.60} is not a time" for where, time in _times(plain) if not _is_time(time))


def _counts_fit(plain: Mapping[str, Any]) -> bool:
    """Whether the counts are those of the findings listed and of as many more as were omitted."""
    listed = count_severities(FINDING.read(finding) for finding in plain["findings"])
    left_out = sum(plain["counts"].values()) - sum(listed.values())
    return left_out == plain["omitted"] and all(plain["counts"][severity] >= listed[severity] for severity in listed)


def _times(plain: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The times that a report holds, each with its place."""
    yield from ((name, plain[name]) for name in ("started_at", "finished_at"))
    yield from (("findings", one["first_seen"]) for one in plain["findings"] if one["first_seen"] is not None)


def _is_time(text: str) -> bool:
    try:
        parse_iso(text)
    except (ValueError, OverflowError):
        return False
    return True
