"""Report JSON, version 1 (`schemas/report.schema.json`): each noun's fields once, for writing and for reading.

A field that is missing here, in the schema or in what `tests/report/test_json_v1.py` leaves out fails a test.
A report says how many rows were read, not which: they come back as that many empty rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.models import (
    AnnouncedFinding,
    CategorySnapshot,
    Changes,
    ExemptedFinding,
    Finding,
    PastFinding,
    Problem,
    Report,
    Row,
    Severity,
    Target,
)
from handler.models.delivery import Delivery
from handler.models.gaps import Gaps
from handler.models.listeners import Host
from handler.report.codec import Codec, as_is, each, field, maybe, spread
from handler.report.verdict import counts_of, verdict_of_run, worst_target_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from handler.decide.schedule import Deferred

REPORT_VERSION = "1"
EMPTY_ROW = Row(0, "", 0)


def report_dict(report: Report) -> dict[str, Any]:
    """The report as a JSON object."""
    return {"version": REPORT_VERSION, **REPORT.write(report._replace(counts=counts_of(report)))}


def read_report(plain: Mapping[str, Any]) -> Report:
    """The report of such an object, which its schema allows; what JSON leaves out has its default."""
    report = REPORT.read(plain)
    return report if report.omitted else report._replace(counts=None)


def targets_dict(run_id: str, reports: Iterable[Report], deferred: Iterable[Deferred] = ()) -> dict[str, Any]:
    """The result of a run over several targets, worst verdict first; `deferred` are those that it did not ask."""
    ordered, others = worst_target_first(reports), tuple(deferred)
    return {
        "version": REPORT_VERSION,
        "run_id": run_id,
        "verdict": verdict_of_run(ordered, others),
        "targets": [report_dict(report) for report in ordered],
        "deferred": [deferred_dict(one) for one in others],
    }


def deferred_dict(one: Deferred) -> dict[str, Any]:
    """A target that was not asked, with its last verdict; null where it never was."""
    return {"name": one.name, "last_run_at": one.last_run_at or None, "verdict": one.verdict}


def finding_dict(finding: Finding) -> dict[str, Any]:
    """One finding as a JSON object; `hosts` only where they were asked for."""
    return FINDING.write(finding)


def _write_hosts(hosts: tuple[Host, ...] | None) -> dict[str, Any]:
    return {} if hosts is None else {"hosts": [HOST.write(host) for host in hosts]}


def _read_hosts(finding: Mapping[str, Any]) -> tuple[Host, ...] | None:
    return tuple(HOST.read(host) for host in finding["hosts"]) if "hosts" in finding else None


def _write_coverage(coverage: tuple[CategorySnapshot, ...]) -> dict[str, Any]:
    return {
        "coverage": [CATEGORY.write(one) for one in coverage],
        "statistics": {one.category: dict(one.statistics) for one in coverage if one.statistics is not None},
    }


def _read_coverage(report: Mapping[str, Any]) -> tuple[CategorySnapshot, ...]:
    return tuple(
        CATEGORY.read(one)._replace(
            statistics=report["statistics"].get(one["category"]), every_row=one["plan"] == "pages" and one["complete"]
        )
        for one in report["coverage"]
    )


def _write_gap(gap: tuple[str, int, str]) -> dict[str, Any]:
    return dict(zip(_GAP_KEYS, gap, strict=True))


def _read_gap(plain: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(plain[key] for key in _GAP_KEYS)


_GAP_KEYS = ("category", "port", "protocol")
_PROBLEMS = each("problems", str, Problem)

HOST = Codec(
    Host,
    *as_is("host_id", "host_name", "host_ip", "listen_address", "path", "pid", "container_name", "loopback_only"),
)
FINDING = Codec(
    Finding,
    *as_is("fingerprint", "rule_id", "title"),
    field("severity", str, Severity.of),
    *as_is("category", "port", "protocol", "num", "status", "message", "rationale", "remediation"),
    field("references", list, tuple),
    field("tags", list, tuple),
    *as_is("owner", "runbook"),
    field("first_seen"),
    spread("hosts", _write_hosts, _read_hosts),
)
_FINDING = spread("finding", FINDING.write, FINDING.read)
EXEMPTED = Codec(
    ExemptedFinding,
    _FINDING,
    field("exemption_id", at="exemption.id"),
    field("reason", at="exemption.reason"),
    field("owner", at="exemption.owner"),
    field("ticket", at="exemption.ticket"),
    field("approved_by", at="exemption.approved_by"),
    field("expires", at="exemption.expires"),
    field("days_left", at="exemption.days_left"),
)
ANNOUNCED = Codec(AnnouncedFinding, _FINDING, field("effective_from"))
PAST = Codec(PastFinding, _FINDING, field("because"))
CHANGED = Codec(
    Changes,
    field("new", list, tuple),
    field("newly_forbidden", list, tuple),
    field("grown", list, tuple),
    field("raised", list, tuple),
    field("lowered", list, tuple),
    field("ongoing", list, tuple),
    each("resolved", PAST.write, PAST.read),
    field("reopened", list, tuple),
    each("unseen", PAST.write, PAST.read),
)
CATEGORY = Codec(
    CategorySnapshot,
    *as_is("category", "plan", "api_calls"),
    field("rows", len, lambda number: (EMPTY_ROW,) * number),
    *as_is("total_num", "complete"),
    _PROBLEMS,
)
GAPS = Codec(
    Gaps,
    each("danger_not_in_policy", _write_gap, _read_gap),
    each("in_policy_not_danger", _write_gap, _read_gap),
)
TARGET = Codec(Target, *as_is("name", "cloud", "region", "host", "project_id", "enterprise_project_id"))
DELIVERY = Codec(Delivery, *as_is("sink", "kind", "status", "reason"))
REPORT = Codec(
    Report,
    *as_is("run_id", "started_at", "finished_at", "verdict"),
    field("policy_name", at="policy.name"),
    field("policy_digest", at="policy.digest"),
    field("policy_files", list, tuple, at="policy.files"),
    field("target", TARGET.write, TARGET.read),
    spread("coverage", _write_coverage, _read_coverage),
    field("counts", dict),
    maybe("vendor", GAPS),
    each("announced", ANNOUNCED.write, ANNOUNCED.read),
    each("findings", FINDING.write, FINDING.read),
    each("exempted", EXEMPTED.write, EXEMPTED.read),
    maybe("changes", CHANGED),
    each("deliveries", DELIVERY.write, DELIVERY.read),
    _PROBLEMS,
    field("warnings", list, tuple),
    field("omitted"),
)
