"""What an entry of the index becomes when its target is listed, started, checked, or read back from its state. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import iso, parse_iso
from handler.models import SEVERITIES
from handler.report.verdict import VERDICTS, counts_of
from handler.state.index import IndexEntry, with_day
from handler.state.memory import place_of

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from handler.models import Report
    from handler.run.targets import PreparedTarget
    from handler.state.memory import LastRun

PROBLEM_LENGTH = 200
_LEVELS = tuple(str(severity) for severity in SEVERITIES)


def configured(known: IndexEntry | None, each: PreparedTarget, now: datetime, interval: timedelta | None) -> IndexEntry:
    """The entry of a target that the configuration lists, with what only the configuration knows.

    What is known of another place says nothing of this one: a target that moved was never checked.
    """
    target = each.target
    place = place_of(target) if target.project_id else ""  # a login that fails today names no project
    entry = IndexEntry(first_seen=iso(now)) if known is None or _is_of_another(known, place) else known
    return entry._replace(
        interval_seconds=0 if interval is None else interval.total_seconds(),
        cloud=target.cloud,
        region=target.region,
        project_id=target.project_id or entry.project_id,
        owner="" if each.place is None else each.place.owner,
        link="" if each.place is None else each.place.link,
        place=place or entry.place,
    )


def _is_of_another(known: IndexEntry, place: str) -> bool:
    return "" not in (place, known.place) and place != known.place


def started(entry: IndexEntry, now: datetime) -> IndexEntry:
    """The entry of a target that is about to be asked: a run that is killed does not begin with it again."""
    return entry._replace(last_run_at=iso(now))


def checked(entry: IndexEntry, report: Report, now: datetime, calls: int) -> IndexEntry:
    """The entry of a target after its check, which began at `entry.last_run_at`."""
    changes = report.changes
    new = 0 if changes is None else len(changes.new) + len(changes.newly_forbidden) + len(changes.reopened)
    resolved = 0 if changes is None else len(changes.resolved)
    known = report.verdict != "inconclusive"
    return entry._replace(
        verdict=report.verdict,
        counts=counts_of(report),
        last_complete_at=entry.last_run_at if known else entry.last_complete_at,
        run_id=report.run_id,
        problem="" if known or not report.problems else str(report.problems[0])[:PROBLEM_LENGTH],
        calls=calls,
        days=with_day(entry.days, now, report.verdict, new, resolved),
    )


def rebuilt(last_run: LastRun) -> IndexEntry:
    """The entry that a state remembers. What a state does not hold, the calls of one API, is taken as all its calls."""
    entry = IndexEntry(first_seen=last_run.began_at or last_run.run_at)
    for run in last_run.history:
        verdict = next((word for word in VERDICTS if word == run.verdict), VERDICTS[0])
        entry = entry._replace(
            verdict=verdict,
            counts=dict(zip(_LEVELS, run.counts, strict=False)),
            last_run_at=run.at,
            last_complete_at=entry.last_complete_at if verdict == "inconclusive" else run.at,
            run_id=run.run_id,
            calls=run.calls,
            days=with_day(entry.days, parse_iso(run.at), verdict, 0, 0),
        )
    return entry
