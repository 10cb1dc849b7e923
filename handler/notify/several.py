"""One notification of several: what each target of a run is due, in one message, what they share said once. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from handler.errors import of_target
from handler.models import Report, Target, worst_first
from handler.notify.batches import ENDED_ITEMS, FINDING_ITEMS
from handler.notify.notification import SHOWING_ALL
from handler.report.verdict import VERDICTS
from handler.sinks.text.names import folded_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from handler.models import Finding
    from handler.sinks.sink import Notification

_PROJECT_OF_ADDRESS = re.compile(r"(?<=/v5/)[^/\s]+(?=/)")
_JOINED = ("findings", "coverage", "exempted", "announced", "exemption_notices", "problems", "warnings")


def of_several(parts: Sequence[Notification], delivery_id: str) -> Notification:
    """The notification of several targets, under the id of the message; that of one is its own."""
    first = parts[0]
    if len(parts) == 1:
        return first._replace(delivery_id=delivery_id)
    groups: dict[str, Any] = {what: _findings(parts, what) for what in (*FINDING_ITEMS, "ongoing")}
    worst = min(parts, key=_worst)
    return first._replace(
        delivery_id=delivery_id,
        report=_report([part.report for part in parts]),
        **groups,
        not_seen=_said(parts, lambda part: part.not_seen, where="{count} targets ({names}): {said}"),
        seen_again=_said(parts, lambda part: part.seen_again, where="{said} of {count} targets ({names})"),
        exemptions=tuple(dict.fromkeys(one for part in parts for one in part.exemptions)),
        announcements=_said(parts, lambda part: part.announcements, where="{names}: {said}", alike="{said}"),
        notes=(*_first(parts), *_said(parts, _notes, where="{names}: {said}", alike="{said}")),
        heartbeat=all(part.heartbeat for part in parts),
        explain=worst.explain,
        before={fingerprint: known for part in parts for fingerprint, known in part.before.items()},
        parts=tuple(sorted(parts, key=_worst_target_first)),
    )


def _findings(parts: Iterable[Notification], what: str) -> tuple[Finding, ...]:
    return tuple(sorted((one for part in parts for one in getattr(part, what)), key=worst_first))


def _notes(part: Notification) -> Iterable[str]:
    return (note for note in part.notes if not note.startswith(SHOWING_ALL))


def _first(parts: Sequence[Notification]) -> tuple[str, ...]:
    """That nothing was remembered of some or all of them: how much is shown for that reason, summed up."""
    shown = {
        part.report.target.name: int(note.removeprefix(SHOWING_ALL))
        for part in parts
        for note in part.notes
        if note.startswith(SHOWING_ALL)
    }
    of = f"{folded_names(shown)}: " if len(shown) < len(parts) else ""
    return (f"{of}{SHOWING_ALL}{sum(shown.values())}",) if shown else ()


def _worst_target_first(part: Notification) -> tuple[int, str]:
    return VERDICTS.index(part.report.verdict), part.report.target.name


def _worst(part: Notification) -> int:
    """How bad the worst thing is that changed; the first of those is explained."""
    moved = (one for what in FINDING_ITEMS if what not in ENDED_ITEMS for one in getattr(part, what))
    return min((-one.severity for one in moved), default=1)


def _report(reports: Sequence[Report]) -> Report:
    """All reports as one, called by their number."""
    joined: dict[str, Any] = {name: _joined(reports, name) for name in _JOINED}
    return _one_policy(reports)._replace(
        started_at=min(report.started_at for report in reports),
        finished_at=max(report.finished_at for report in reports),
        taken_at=min((report.taken_at for report in reports if report.taken_at), default=""),
        verdict=min((report.verdict for report in reports), key=VERDICTS.index),
        target=Target(name=f"{len(reports)} targets"),
        **joined,
        changes=None,
        deliveries=(),
        vendor=None,
        omitted=sum(report.omitted for report in reports),
        counts=None,
        previous_run_at=None,
        gap_hours=None,
    )


def _one_policy(reports: Sequence[Report]) -> Report:
    """A report with the policy of all, or with none if they have several."""
    if len({report.policy_digest for report in reports}) == 1:
        return reports[0]
    return reports[0]._replace(policy_name="", policy_digest="", policy_files=())


def _joined(reports: Iterable[Report], name: str) -> tuple[Any, ...]:
    """A list of all reports; a sentence once."""
    every = [one for report in reports for one in getattr(report, name)]
    if name == "findings":
        return tuple(sorted(every, key=worst_first))
    return tuple(dict.fromkeys(every)) if name in ("problems", "warnings") else tuple(every)


def _said(
    parts: Sequence[Notification], of: Callable[[Notification], Iterable[str]], where: str, alike: str = ""
) -> tuple[str, ...]:
    """Each sentence once, with the targets that it holds for; `alike` where it holds for all.

    Sentences that differ in the project of an address only are one, without the project.
    """
    names: dict[str, dict[str, None]] = {}
    wordings: dict[str, set[str]] = {}
    for part in parts:
        name = part.report.target.name
        for said in of(part):
            plain = said.replace(of_target(name), "")
            cause = _PROJECT_OF_ADDRESS.sub("…", plain)
            names.setdefault(cause, {})[name] = None
            wordings.setdefault(cause, set()).add(plain)
    return tuple(
        (alike if alike and len(those) == len(parts) else where if len(those) > 1 else _alone(where)).format(
            said=cause if len(wordings[cause]) > 1 else wordings[cause].pop(),
            count=len(those),
            names=folded_names(list(those)),
        )
        for cause, those in names.items()
    )


def _alone(where: str) -> str:
    return where.replace("{count} targets ({names})", "{names}")
