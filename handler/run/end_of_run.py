"""The end of a run over several targets: what waited for it is told, and the reports say what came of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import iso
from handler.run import lazy
from handler.run.fault import internal_error
from handler.run.job import AtOnce, kept_for_telling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.clock import Deadline
    from handler.models import Problem, Report, Target
    from handler.models.delivery import Delivery
    from handler.notify.dispatch import Dispatched
    from handler.notify.together import Together
    from handler.run.wiring import Wiring


class EndOfRun(AtOnce):
    """What is told once every target was asked waits in `together()`; `tell` tells it, `finished` are the reports."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__()
        self._together: Together | None = None
        self._wiring = wiring
        self._told: Mapping[Target, Dispatched] = {}
        self._fault: Problem | None = None

    def together(self) -> Together:
        """What holds it; made when the first target is told, because no request needs it."""
        if self._together is None:
            self._together = lazy.Together()
        return self._together

    def until(self, whole: Deadline) -> Deadline:
        """When the last target has to be done, so that what is told of several has its time, too."""
        return whole.earlier(kept_for_telling(whole))

    def tell(self, deadline: Deadline) -> None:
        """Tell what waits, within the time. Raises nothing: a fault of our own makes those targets inconclusive."""
        try:
            with self._wiring.redactor.errors():
                told = self.together().tell(deadline)
            self._told = {target: self._wiring.redactor.told(one) for target, one in told.items()}
        except Exception as error:  # noqa: BLE001 - the targets that were asked have their reports, whatever it is
            self._fault = internal_error(error).problem

    def finished(self, report: Report) -> Report:
        """The report of a target, with what came of its part."""
        if self._fault is not None and report.target in self.together().targets:
            return report._replace(verdict="inconclusive", problems=(*report.problems, self._fault))
        told = self._told.get(report.target)
        if told is None:
            return report
        return report._replace(
            finished_at=iso(self._wiring.context.clock.now()),
            deliveries=told.deliveries,
            problems=(*report.problems, *told.problems),
        )

    def deliveries(self, name: str, so_far: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
        """What came of telling a target's part in the end, in the place of what was said when it was asked."""
        told = [one for target, came in self._told.items() if target.name == name for one in came.deliveries]
        waited = {one.sink for one in told}
        return (*(one for one in so_far if one.sink not in waited), *told)
