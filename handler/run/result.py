"""What came of a run: its reports, the one exit code that they mean, and the JSON that a function returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.decide.schedule import said_of
from handler.models import Severity
from handler.named_tuple import NamedTuple
from handler.report.fit import RESULT_BYTES, fit_deferred, fit_report, fit_reports, size_of
from handler.report.json_v1 import deferred_dict, report_dict, targets_dict
from handler.report.verdict import verdict_of_run

if TYPE_CHECKING:
    from handler.decide.schedule import Deferred
    from handler.errors import UsageError
    from handler.models import Report, Verdict

_WORST_FIRST = (2, 3, 4, 1, 0)
DEFERRED_SHARE = 4  # of a result that is too large: a quarter for the targets that were not asked


def exit_code(report: Report, fail_on: Severity = Severity.INFO) -> int:
    """3 inconclusive, 4 a delivery failed, 1 a finding at least as severe as `fail_on`, else 0."""
    if report.verdict == "inconclusive":
        return 3
    if any(delivery.missed for delivery in report.deliveries):
        return 4
    return 1 if any(finding.severity >= fail_on for finding in report.findings) else 0


def _code_of_deferred(one: Deferred, fail_on: Severity) -> int:
    """What a target that was not asked stands for: 3 if that is not known, 1 for its last findings."""
    if one.stands == "inconclusive":
        return 3
    return 1 if any(count and Severity.of(level) >= fail_on for level, count in one.counts.items()) else 0


class RunResult(NamedTuple):
    """The reports of a run, one per target asked, and the `deferred`. `error` was known before its first request."""

    reports: tuple[Report, ...]
    several: bool = False
    error: UsageError | None = None
    deferred: tuple[Deferred, ...] = ()
    run_id: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst of all targets, asked or deferred."""
        return verdict_of_run(self.reports, self.deferred)

    @property
    def exit_code(self) -> int:
        """The first that applies of 2, 3, 4, 1, 0, over all targets."""
        return self.exit_code_for(Severity.INFO)

    def exit_code_for(self, fail_on: Severity) -> int:
        """As `exit_code`; 1 only for a finding at least as severe."""
        if self.error is not None:
            return 2
        codes = [exit_code(report, fail_on) for report in self.reports]
        codes += [_code_of_deferred(one, fail_on) for one in self.deferred if one.stands is not None]
        return min(codes, key=_WORST_FIRST.index, default=3)

    @property
    def accepted(self) -> bool:
        """Whether any sink accepted anything."""
        deliveries = (delivery for report in self.reports for delivery in report.deliveries)
        return any(delivery.status in ("delivered", "accepted") for delivery in deliveries)

    def fitted(self, limit: int) -> tuple[Report, ...]:
        """The reports, worst first, that are below `limit` bytes of JSON together."""
        return fit_reports(self.reports, limit)

    @property
    def not_known(self) -> tuple[str, ...]:
        """The problems of all reports, and which target that was not asked counts as inconclusive, and why."""
        problems = [str(problem) for report in self.reports for problem in report.problems]
        others = [f"{one.name} was not asked; {said_of(one)}" for one in self.deferred if one.stands == "inconclusive"]
        return (*problems, *others) or ("no target was asked, and none was ever checked",)

    def document(self, limit: int = RESULT_BYTES) -> dict[str, Any]:
        """The function's result, below `limit` bytes: one report, or the reports of several targets, worst first."""
        if not self.several and len(self.reports) == 1:
            whole = report_dict(self.reports[0])
            return whole if size_of(whole) < limit else report_dict(fit_report(self.reports[0], limit))
        run_id = self.run_id or (self.reports[0].run_id if self.reports else "")
        others = fit_deferred(self.deferred, limit // DEFERRED_SHARE)
        left = limit - size_of([deferred_dict(one) for one in others])
        document = targets_dict(run_id, fit_reports(self.reports, left), others)
        return {**document, "verdict": self.verdict}
