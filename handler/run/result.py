"""What came of a run: its reports, the one exit code that they mean, and the JSON that a function returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from handler.models import Severity
from handler.report.fit import RESULT_BYTES, fit_report, fit_reports
from handler.report.json_v1 import report_dict, targets_dict
from handler.report.verdict import worst_verdict

if TYPE_CHECKING:
    from handler.errors import UsageError
    from handler.models import Report, Verdict

_WORST_FIRST = (2, 3, 4, 1, 0)


def exit_code(report: Report, fail_on: Severity = Severity.INFO) -> int:
    """3 inconclusive, 4 a delivery failed, 1 a finding at least as severe as `fail_on`, else 0."""
    if report.verdict == "inconclusive":
        return 3
    if any(delivery.status in ("failed", "owed") for delivery in report.deliveries):
        return 4
    return 1 if any(finding.severity >= fail_on for finding in report.findings) else 0


class RunResult(NamedTuple):
    """The reports of a run, one per target. `error` is what stopped it before its first request."""

    reports: tuple[Report, ...]
    several: bool = False
    error: UsageError | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of all targets."""
        return worst_verdict(report.verdict for report in self.reports)

    @property
    def exit_code(self) -> int:
        """The first that applies of 2, 3, 4, 1, 0, over all targets."""
        return self.exit_code_for(Severity.INFO)

    def exit_code_for(self, fail_on: Severity) -> int:
        """As `exit_code`; 1 only for a finding at least as severe."""
        if self.error is not None:
            return 2
        codes = [exit_code(report, fail_on) for report in self.reports] or [3]
        return min(codes, key=_WORST_FIRST.index)

    @property
    def accepted(self) -> bool:
        """Whether any sink accepted anything."""
        deliveries = (delivery for report in self.reports for delivery in report.deliveries)
        return any(delivery.status in ("delivered", "accepted") for delivery in deliveries)

    def document(self, limit: int = RESULT_BYTES) -> dict[str, Any]:
        """The function's result, below `limit` bytes: one report, or the reports of several targets, worst first."""
        if not self.several and len(self.reports) == 1:
            return report_dict(fit_report(self.reports[0], limit))
        run_id = self.reports[0].run_id if self.reports else ""
        return targets_dict(run_id, fit_reports(self.reports, limit))
