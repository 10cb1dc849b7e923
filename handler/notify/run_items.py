"""What a sink is due beside findings: what could not be seen, its end, gaps without runs, exemptions near their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.decide.diff import shape
from handler.models import Problem
from handler.notify.routing import has_target, hears_of
from handler.state.memory import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from handler.decide.announced import Announcement
    from handler.models import Report
    from handler.sinks.sink import Sink
    from handler.state.memory import LastRun, SinkMemory

_SINCE: Final = "\n@"  # parts a reason from the time; a shape never holds it
RUN: Final = ""  # the "category" of what concerns the run as a whole


def run_items(
    sink: Sink, report: Report, last_run: LastRun, memory: SinkMemory, announced: Iterable[Announcement]
) -> Iterator[Item]:
    """What is due beside findings: what could not be seen, what is seen again, what ends and what begins soon."""
    blind = blind_problems(report)
    for category, problems in blind.items():
        reason = _reason(problems)
        told = memory.not_seen.get(category, ())
        if hears_of(sink, category) and shape(reason) not in told:
            since = last_run.blind_since.get(category, report.started_at)
            yield Item("not_seen", category, f"{shape(reason)}{_SINCE}{since}", _sentences(reason, _advice(problems)))
    for category in memory.not_seen:
        if _is_over(sink, category, report, seen=category not in blind):
            yield Item("seen_again", category, _again_mark(memory, category))
    yield from _gap_items(last_run, memory)
    yield from _policy_items(last_run, memory)
    yield from (item for item in _endings(report) if exemption_key(item) not in memory.exemptions)
    yield from _announced(sink, memory, announced)


def _announced(sink: Sink, memory: SinkMemory, announced: Iterable[Announcement]) -> Iterator[Item]:
    """The rules that begin soon, each once per stage."""
    for one in announced:
        if _concerns(sink, one) and memory.announced.get(one.rule_id) != one.mark:
            yield Item("announced", one.rule_id, one.mark, one.words)


def _is_over(sink: Sink, category: str, report: Report, *, seen: bool) -> bool:
    """Whether it is over what the sink was told of not seeing.

    What holds incidents is also rid of one on a category that no rule speaks of any more, or that is no longer routed
    to it: nobody would ever end it.
    """
    if seen and _is_seen(category, report):
        return True
    asked = {one.category for one in report.coverage}
    unasked = category != RUN and bool(asked) and category not in asked
    return sink.kind.holds_incidents and (unasked or not hears_of(sink, category))


def is_blind_elsewhere(sink: Sink, report: Report) -> bool:
    """Whether all that could not be seen is what the sink does not hear of."""
    blind = blind_problems(report)
    return bool(blind) and not (has_target(sink, report.target) and any(hears_of(sink, one) for one in blind))


def _is_seen(category: str, report: Report) -> bool:
    """Whether the category, or the run as a whole, was seen whole; one that was not asked was not."""
    if category == RUN:
        return report.verdict != "inconclusive"
    return any(one.category == category and one.complete for one in report.coverage)


def _endings(report: Report) -> Iterator[Item]:
    for ending in report.exemption_notices:
        stage = "ended" if ending.days_left < 0 else "ending"
        yield Item("exemption", ending.exemption_id, f"{ending.expires} {stage}", ending.owner)


def _gap_items(last_run: LastRun, memory: SinkMemory) -> Iterator[Item]:
    """The last time without runs, if the sink was there and was not told; whether anything changed or not."""
    if last_run.gap:
        began, ended, hours = last_run.gap
        if memory.since < ended and memory.gap != began:
            yield Item("gap", began, ended, hours)


def _policy_items(last_run: LastRun, memory: SinkMemory) -> Iterator[Item]:
    """Another policy, if the sink was there before it came and was not told."""
    if last_run.policy_change:
        digest, came = last_run.policy_change
        if memory.since < came and memory.policy != came:
            yield Item("policy", came, digest)


def _again_mark(memory: SinkMemory, category: str) -> str:
    """What tells this end of not seeing apart: the reasons that were told, and when it had begun."""
    since = memory.blind_since.get(category)
    reasons = "; ".join(memory.not_seen[category])
    return f"{reasons}{_SINCE}{since}" if since else reasons


def _concerns(sink: Sink, rule: Announcement) -> bool:
    """Whether what the rule will find goes to the sink."""
    match = sink.match
    return (
        rule.severity >= sink.min_severity
        and not (match.categories and set(match.categories).isdisjoint(rule.categories))
        and not (match.tags and set(match.tags).isdisjoint(rule.tags))
    )


def blind_problems(report: Report) -> dict[str, tuple[Problem, ...]]:
    """Each category that was asked and not seen whole, with why; `RUN` where the run as a whole failed."""
    blind = {
        one.category: one.problems or (Problem("not complete"),)
        for one in report.coverage
        if not one.complete and one.plan != "skipped"
    }
    if report.verdict == "inconclusive" and not blind:
        blind[RUN] = report.problems or (Problem("not known why"),)
    return blind


def _reason(problems: Iterable[Problem]) -> str:
    return "; ".join(str(problem) for problem in problems)


def _sentences(reason: str, advice: str) -> str:
    """The reason, then what to do about it, as a sentence of its own."""
    return f"{reason.rstrip('.')}. {advice}" if advice else reason


def _advice(problems: Iterable[Problem]) -> str:
    """What to do about them, each hint once."""
    return " ".join(dict.fromkeys(problem.hint for problem in problems if problem.hint))


def reason_and_since(item: Item) -> tuple[str, str]:
    """The reason for which something was not seen, in its shape, and since when; empty where it was not kept yet."""
    reason, mark, since = item.mark.rpartition(_SINCE)
    return (reason, since) if mark else (item.mark, "")


def exemption_key(item: Item) -> str:
    """Under what name it is remembered that an exemption's stage was told."""
    return f"{item.key} {item.mark}"
