"""Where a history is not known: runs that did not see everything, and times at which there was no run. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from handler.clock import parse_iso
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from handler.state.memory import RunSummary

WORD = "not known"
RUNS_DRAWN = 120  # runs in a plot; more would not be told apart
LATE = 2  # times the usual distance between two runs: more than that is a gap
MOST_MISSED = 30  # slots of a plot that one gap takes at most


class Slot(NamedTuple):
    """One place on the time axis: a run, or one that did not come."""

    at: str
    run: RunSummary | None

    @property
    def ports(self) -> int | None:
        """How many ports were open; None where that is not known."""
        return None if self.run is None or self.run.verdict == "inconclusive" else self.run.ports

    @property
    def counts(self) -> Sequence[int] | None:
        """Findings by severity, the worst first; None where they are not known."""
        return None if self.run is None or self.run.verdict == "inconclusive" else self.run.counts


def slots(runs: Sequence[RunSummary]) -> list[Slot]:
    """The runs in order, with an empty slot for each that should have come between two of them and did not."""
    found = [Slot(run.at, run) for run in runs[:1]]
    usual = usual_seconds(runs)
    for before, run in pairwise(runs):
        missed = round(_seconds(before, run) / usual) - 1 if _is_late(_seconds(before, run), usual) else 0
        found += [Slot(before.at, None)] * min(missed, MOST_MISSED)
        found.append(Slot(run.at, run))
    return found


def count_word(count: int, *, known: bool, form: str = "d") -> str:
    """A number of findings in that form; where not all is known, `2+` is at least two, and `?` is none so far."""
    if known:
        return format(count, form)
    return f"{count:{form}}+" if count else "?"


def ports_word(run: RunSummary) -> str:
    """How many ports a run found open, or that it does not know."""
    return str(run.ports) if run.verdict != "inconclusive" else WORD


def run_counts(run: RunSummary) -> list[str]:
    """The findings of a run by severity, the worst first."""
    return [count_word(count, known=run.verdict != "inconclusive") for count in run.counts]


def hours_without_a_run(before: RunSummary, run: RunSummary, usual: float) -> int:
    """How many hours no run came between these two; 0 where they followed each other as usual."""
    seconds = _seconds(before, run)
    return max(1, round(seconds / 3600)) if _is_late(seconds, usual) else 0


def is_overdue(runs: Sequence[RunSummary], now: datetime) -> bool:
    """Whether the next run should have come long ago."""
    usual = usual_seconds(runs)
    return bool(runs) and _is_late((now - parse_iso(runs[-1].at)).total_seconds(), usual)


def _is_late(seconds: float, usual: float) -> bool:
    return usual > 0 and seconds > LATE * usual


def usual_seconds(runs: Sequence[RunSummary]) -> float:
    """The usual seconds between two runs; 0 where so few runs do not tell."""
    apart = [_seconds(before, run) for before, run in pairwise(runs)]
    return sorted(apart)[(len(apart) - 1) // 2] if len(apart) > 1 else 0.0


def _seconds(before: RunSummary, run: RunSummary) -> float:
    try:
        return (parse_iso(run.at) - parse_iso(before.at)).total_seconds()
    except ValueError:
        return 0.0
