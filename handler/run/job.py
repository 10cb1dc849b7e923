"""The nouns of one check: what is checked, what it talks to, what is known from before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from handler.named_tuple import NamedTuple
from handler.run.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from handler.clock import Clock, Deadline
    from handler.decide.diff import Compared
    from handler.models import Finding, Report, Snapshot, Target
    from handler.models.delivery import Delivery
    from handler.notify.dispatch import Dispatched
    from handler.notify.together import Together
    from handler.policy.rules import Policy
    from handler.state.interface import Store
    from handler.state.memory import LastRun

KEPT_FOR_TELLING = 10.0  # seconds at most
RESERVED_FOR_CHECK_INS = 3.0  # seconds of a run


class Job(NamedTuple):
    """One target on one run. `categories` are asked, `skipped` are those a setting narrowed away.

    `seen_at` is the start of the last run that saw it whole, by the index, be it one that could not save its state.
    """

    run_id: str
    started_at: datetime
    policy: Policy
    target: Target
    categories: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    run_interval: timedelta | None = None
    seen_at: str = ""


class Notifier(Protocol):
    """Tells the sinks, and remembers what was told."""

    def __call__(
        self, report: Report, compared: Compared | None, store: Store | None, version: str | None
    ) -> Dispatched:
        """Tell what is due. `compared` is None where no state is configured."""
        ...


class Adapters(NamedTuple):
    """What a check talks to. `source` gives the snapshot; `hosts` finds the servers behind findings, and may warn.

    No `notifier`: nobody is to be told, and nothing is remembered. What they say leaves through `redactor`.
    """

    source: Callable[[Job], Snapshot]
    notifier: Notifier | None
    clock: Clock
    store: Store | None = None
    hosts: Callable[[Job, tuple[Finding, ...]], tuple[tuple[Finding, ...], tuple[str, ...]]] | None = None
    redactor: Redactor = Redactor()


def kept_for_telling(whole: Deadline) -> float:
    """The seconds that are kept for telling and saving: a tenth of the time."""
    return min(KEPT_FOR_TELLING, whole.left() / 10)


class AtOnce:
    """How the run of one target ends: everybody was told when it was asked. `EndOfRun` is that of several.

    `outdated` are the states that remember places which nobody asked for long.
    """

    def __init__(self) -> None:
        self.outdated: list[Store] = []

    def together(self) -> Together | None:
        """What holds what is told of several targets at once; asked by what tells, so that it is loaded no sooner."""
        return None

    def until(self, whole: Deadline) -> Deadline:
        """When the last target has to be done."""
        return whole

    def tell(self, deadline: Deadline) -> None:
        """Tell what waits, within the time."""

    def finished(self, report: Report) -> Report:
        """The report of a target, with what came of its part."""
        return report

    def deliveries(self, name: str, so_far: tuple[Delivery, ...]) -> tuple[Delivery, ...]:  # noqa: ARG002
        """What came of telling a target's part in the end, in the place of what was said when it was asked."""
        return so_far


class LoadedState(NamedTuple):
    """What is known of the last run. `store` is None where there is none, or where it cannot be written either.

    `trouble` says why a state that is `configured` could not be read.
    """

    last_run: LastRun | None = None
    store: Store | None = None
    version: str | None = None
    configured: bool = False
    trouble: str = ""
