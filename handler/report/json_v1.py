"""Reads a report's JSON back: for `notify preview --report`, and for another format of a stored report.

A report says how many rows were read, not which: they come back as that many empty rows. What JSON version 1 leaves
out (`taken_at`, notices of exemptions) stays empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.clock import parse_iso
from handler.errors import ReportError
from handler.models import (
    AnnouncedFinding,
    CategorySnapshot,
    Changes,
    Delivery,
    ExemptedFinding,
    Finding,
    Gaps,
    Host,
    PastFinding,
    Problem,
    Report,
    Row,
    Severity,
    Target,
)
from handler.report.json_file import MAX_BYTES, MOST_PROBLEMS, read_object, schema_problems
from handler.report.verdict import VERSION, count_severities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOST_ROWS = 4_000_000  # both categories, two million offsets each
_EMPTY_ROW = Row(0, "", 0)


def read_reports(path: Path) -> tuple[Report, ...]:
    """The reports in a file. Raises ReportError where it cannot be read or trusted."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ReportError(f"{path}: cannot be read ({type(error).__name__})") from None
    return parse_reports(data, str(path))


def parse_report(data: bytes, name: str) -> Report:
    """The one report in a file's bytes. Raises ReportError, also where it holds several targets or none."""
    reports = parse_reports(data, name)
    if len(reports) != 1:
        raise ReportError(f"{name}: holds {len(reports)} reports, not one", hint="Take one of its `targets`.")
    return reports[0]


def parse_reports(data: bytes, name: str) -> tuple[Report, ...]:
    """The report, or the reports of all targets. Raises ReportError with every problem found; `name` is shown in it."""
    document = read_object(data, name, "a report", ReportError)
    if document.get("version") != VERSION:
        raise ReportError(
            f"{name}: not a report of version {VERSION} (it says version {document.get('version')!r:.40})",
            hint="A newer version of port-compliance may have written it.",
        )
    part = "targets" if "targets" in document else "report"
    problems = list(schema_problems(document, name, "report.schema.json", part))
    if problems:
        raise ReportError("\n".join(problems))
    plain = document.get("targets", [document])
    problems = [f"{name}: {problem}" for report in plain for problem in _contradictions(report)]
    if problems:
        raise ReportError("\n".join(problems[:MOST_PROBLEMS]))
    return tuple(_report(report) for report in plain)


def _contradictions(plain: Mapping[str, Any]) -> Iterator[str]:
    """What no report of ours says: the file was edited, or put together from others."""
    findings = plain["findings"]
    if plain["verdict"] == "compliant" and findings:
        yield f"$.verdict: compliant, with {len(findings)} findings"
    listed = count_severities(_finding(finding) for finding in findings)
    left_out = sum(plain["counts"].values()) - sum(listed.values())
    if left_out != plain["omitted"] or any(plain["counts"][severity] < listed[severity] for severity in listed):
        yield "$.counts: do not fit the findings"
    if sum(category["rows"] for category in plain["coverage"]) > MOST_ROWS:
        yield f"$.coverage: more than {MOST_ROWS} rows"
    times = [("started_at", plain["started_at"]), ("finished_at", plain["finished_at"])]
    times += [("findings", finding["first_seen"]) for finding in findings if finding["first_seen"] is not None]
    yield from (f"$.{where}: {time!r:.60} is not a time" for where, time in times if not _is_time(time))


def _is_time(text: str) -> bool:
    try:
        parse_iso(text)
    except (ValueError, OverflowError):
        return False
    return True


def _report(plain: Mapping[str, Any]) -> Report:
    return Report(
        run_id=plain["run_id"],
        started_at=plain["started_at"],
        finished_at=plain["finished_at"],
        verdict=plain["verdict"],
        policy_name=plain["policy"]["name"],
        policy_digest=plain["policy"]["digest"],
        policy_files=tuple(plain["policy"]["files"]),
        target=Target(**plain["target"]),
        coverage=tuple(_category(item, plain["statistics"].get(item["category"])) for item in plain["coverage"]),
        findings=tuple(_finding(item) for item in plain["findings"]),
        exempted=tuple(_exempted(item) for item in plain["exempted"]),
        announced=tuple(AnnouncedFinding(_finding(item), item["effective_from"]) for item in plain["announced"]),
        vendor=_gaps(plain["vendor"]),
        changes=_changes(plain["changes"]),
        deliveries=tuple(Delivery(**item) for item in plain["deliveries"]),
        problems=tuple(Problem(text) for text in plain["problems"]),
        warnings=tuple(plain["warnings"]),
        omitted=plain["omitted"],
        counts=plain["counts"] if plain["omitted"] else None,
    )


def _category(plain: Mapping[str, Any], statistics: Mapping[str, int] | None) -> CategorySnapshot:
    return CategorySnapshot(
        category=plain["category"],
        rows=(_EMPTY_ROW,) * plain["rows"],
        total_num=plain["total_num"],
        statistics=statistics,
        plan=plain["plan"],
        every_row=plain["plan"] == "pages" and plain["complete"],
        complete=plain["complete"],
        api_calls=plain["api_calls"],
        problems=tuple(Problem(text) for text in plain["problems"]),
    )


def _finding(plain: Mapping[str, Any]) -> Finding:
    hosts = plain.get("hosts")
    return Finding(
        fingerprint=plain["fingerprint"],
        rule_id=plain["rule_id"],
        title=plain["title"],
        severity=Severity.of(plain["severity"]),
        category=plain["category"],
        port=plain["port"],
        protocol=plain["protocol"],
        num=plain["num"],
        status=plain["status"],
        message=plain["message"],
        rationale=plain["rationale"],
        remediation=plain["remediation"],
        references=tuple(plain["references"]),
        tags=tuple(plain["tags"]),
        first_seen=plain["first_seen"],
        hosts=None if hosts is None else tuple(Host(**host) for host in hosts),
    )


def _exempted(plain: Mapping[str, Any]) -> ExemptedFinding:
    exemption = plain["exemption"]
    return ExemptedFinding(
        finding=_finding(plain),
        exemption_id=exemption["id"],
        reason=exemption["reason"],
        owner=exemption["owner"],
        expires=exemption["expires"],
        days_left=exemption["days_left"],
        ticket=exemption["ticket"],
    )


def _gaps(plain: Mapping[str, Any] | None) -> Gaps | None:
    if plain is None:
        return None
    silent, harmless = (
        tuple((row["category"], row["port"], row["protocol"]) for row in plain[name])
        for name in ("danger_not_in_policy", "in_policy_not_danger")
    )
    return Gaps(silent, harmless)


def _changes(plain: Mapping[str, Any] | None) -> Changes | None:
    if plain is None:
        return None
    return Changes(
        new=tuple(plain["new"]),
        grown=tuple(plain["grown"]),
        ongoing=tuple(plain["ongoing"]),
        resolved=tuple(PastFinding(_finding(item), item["because"]) for item in plain["resolved"]),
        reopened=tuple(plain["reopened"]),
        unseen=tuple(PastFinding(_finding(item), item["because"]) for item in plain["unseen"]),
    )
