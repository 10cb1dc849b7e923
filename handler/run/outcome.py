"""What came of a run: its reports, its exit code, its result as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from handler.models import Severity
from handler.report.verdict import (
    RESULT_BYTES,
    exit_code,
    fit,
    fit_all,
    report_dict,
    targets_dict,
    worst_verdict,
)

if TYPE_CHECKING:
    from handler.errors import UsageError
    from handler.models import Report, Verdict

_WORST_FIRST = (2, 3, 4, 1, 0)


class Outcome(NamedTuple):
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

    def result(self, limit: int = RESULT_BYTES) -> dict[str, Any]:
        """The function's result, below `limit` bytes: one report, or the reports of several targets, worst first."""
        if not self.several and len(self.reports) == 1:
            return report_dict(fit(self.reports[0], limit))
        run_id = self.reports[0].run_id if self.reports else ""
        return targets_dict(run_id, fit_all(self.reports, limit))
