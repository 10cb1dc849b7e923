"""The targets that a run did not ask, and what they stand for: every format says it, or would read as clean."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from handler.decide.schedule import said_of
from handler.formats.inert import inert
from handler.models import Severity
from handler.named_tuple import NamedTuple
from handler.report.verdict import verdict_of_run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.decide.schedule import Deferred
    from handler.models import Verdict


class NotAsked(NamedTuple):
    """The `deferred` of a run, worst first, its id, and `at`: when it ended, as an ISO 8601 text."""

    deferred: tuple[Deferred, ...] = ()
    run_id: str = ""
    at: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst that they stand for; `inconclusive` where nothing is known of any of them."""
        return verdict_of_run((), self.deferred)

    @property
    def open(self) -> tuple[Deferred, ...]:
        """Those that are not known to be clean: who looks for findings must not take them for clean."""
        return tuple(one for one in self.deferred if one.stands != "compliant")

    def sentences(self) -> list[str]:
        """A sentence for each that counts as inconclusive or violations; the others are summed up."""
        return [said for _, said in self.told()]

    def told(self) -> list[tuple[Verdict | None, str]]:
        """These sentences, each with what those stand for of whom it speaks."""
        named = [one for one in self.deferred if one.stands in ("inconclusive", "violations")]
        clean = sums(one for one in self.deferred if one.stands == "compliant")
        coming = sums(one for one in self.deferred if one.stands is None)
        return [
            *((one.stands, counts_as(one)) for one in named),
            *(("compliant", f"{said}, by the last run") for said in clean),
            *((None, said) for said in coming),
        ]


NOBODY = NotAsked()


def sums(deferred: Iterable[Deferred]) -> list[str]:
    """`13 inconclusive`, `1 not checked yet`: how many stand for what."""
    return [f"{count:,} {what}" for what, count in Counter(one.stands or "not checked yet" for one in deferred).items()]


def counts_as(one: Deferred) -> str:
    """`prod counts as violations: last violations at 2026-11-22T12:00:00Z, 2 high`."""
    if one.stands is None:
        return inert(f"{one.name} is not checked yet: {said_of(one)}")
    found = (f", {count:,} {level}" for level, count in one.counts.items() if count)
    return inert(f"{one.name} counts as {one.stands}: {said_of(one)}{''.join(found)}")


def worst_of(one: Deferred) -> Severity:
    """The severity of the worst that its last run found; medium where that is nothing."""
    return max((Severity.of(level) for level, count in one.counts.items() if count), default=Severity.MEDIUM)
