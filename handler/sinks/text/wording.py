"""What every message says, in plain words and in order; no dialect, no limits but the length of single texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from handler.foreign_text import one_line
from handler.named_tuple import NamedTuple
from handler.report.verdict import asked_at
from handler.sinks.text.fitting import lines_at
from handler.sinks.text.lines import LONG, MessageLine, block_lines, readable_time, short_digest
from handler.sinks.text.moves import STILL_OPEN, open_moves, rule_blocks, still_there
from handler.sinks.text.names import folded_names
from handler.sinks.text.summary import summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from handler.models import CategorySnapshot, ExemptionNotice, Report, Target
    from handler.sinks.sink import Notification, Sink
    from handler.sinks.text.moves import RuleBlock

Tone = Literal["bad", "unknown", "good"]
_SENTENCES_SHOWN = 10
_PLACES_SHOWN = 6
_TOLERANT = "VALIDATION=warn"
_MOST_LINES = 400  # no chat's limit holds more


class Section(NamedTuple):
    """A heading and its lines, worst first. `omitted` findings are only counted."""

    heading: str
    items: tuple[MessageLine, ...]
    omitted: int = 0
    findings: bool = True  # False: sentences, which stay when findings are cut
    last: bool = False  # what did not change: it gets the room that is left


class Content(NamedTuple):
    """A whole message: what the push preview shows first, what the fine print says last."""

    title: str
    tone: Tone
    summary: str
    sections: tuple[Section, ...]
    footer: tuple[str, ...]


def content_of(notification: Notification, sink: Sink, shrink: int = 0) -> Content:
    """What the message says. Each step of `shrink` halves the number of lines; from 1 on lines have no details."""
    sentences = _sentences(notification)
    listed = _findings(notification, sink, lines_at(min(sink.max_findings, _MOST_LINES), shrink), rich=shrink == 0)
    before = [section for section in sentences if section.heading in _SIGHT]
    after = [section for section in sentences if section.heading not in _SIGHT]
    changed, *unchanged = listed
    sections = (*before, changed, *after, *unchanged)
    return Content(
        title=title(notification),
        tone=tone(notification),
        summary=summary(notification, sink),
        sections=tuple(section for section in sections if section.items or section.omitted),
        footer=_footer(notification),
    )


def title(notification: Notification) -> str:
    """`prod: violations`: target and verdict."""
    return f"{one_line(notification.report.target.name, 60)}: {notification.report.verdict}"


def tone(notification: Notification) -> Tone:
    """The colour of a message."""
    tones: dict[str, Tone] = {"inconclusive": "unknown", "violations": "bad"}
    return tones.get(notification.report.verdict, "good")


def _findings(notification: Notification, sink: Sink, room: int, *, rich: bool) -> list[Section]:
    """What changed, what is a reminder, and what did not change; together no more lines than there is room for."""
    ended = len(notification.resolved) + len(notification.flapping)
    changed = _changed_count(notification)
    sections = [_lines(f"Changed ({changed + ended})", rule_blocks(notification), sink, room, rich=rich)]
    room -= _taken(sections[0])
    reminded, ongoing = notification.reminded, notification.ongoing
    heading = f"Reminder: still open ({len(reminded)})"
    sections.append(_lines(heading, still_there(reminded), sink, room, rich=rich)._replace(last=True))
    room -= _taken(sections[1])
    if sink.still_open == "list":
        heading = f"Still open ({len(ongoing)})"
        sections.append(_lines(heading, still_there(ongoing), sink, room, rich=False)._replace(last=True))
    return sections


def _changed_count(notification: Notification) -> int:
    return sum(len(findings) for word, findings in open_moves(notification).items() if word != STILL_OPEN)


def _lines(heading: str, blocks: Sequence[RuleBlock], sink: Sink, room: int, *, rich: bool) -> Section:
    """The blocks as far as there is room for lines of ports; a heading takes none and never stands alone."""
    lines = (line for block in blocks for line in block_lines(block, sink, rich=rich))
    shown = tuple(_first(lines, room))
    whole = sum(len(move.line.findings) for block in blocks for move in block.moves)
    return Section(heading, shown, whole - sum(line.stands_for for line in shown))


def _first(lines: Iterable[MessageLine], room: int) -> Iterable[MessageLine]:
    """Up to the last line of ports that there is room for; of ten thousand the others are never written."""
    for line in lines:
        if room <= 0:
            return
        yield line
        room -= line.stands_for > 0


def _taken(section: Section) -> int:
    return sum(1 for line in section.items if line.stands_for)


_NOT_SEEN = "Could not be seen"
_SIGHT = (_NOT_SEEN, "Complete again")


def _sentences(notification: Notification) -> list[Section]:
    return [
        _section(_NOT_SEEN, notification.not_seen or _gaps(notification)),
        _section("Complete again", notification.seen_again),
        _section("Exemptions", (_exemption(one, notification.report) for one in notification.exemptions)),
        _section("Announced", notification.announcements),
        _section("Note", (*tolerance(notification), *notification.notes)),
    ]


def tolerance(notification: Notification) -> tuple[str, ...]:
    """The warning that belongs in every message of a run that accepted broken answers."""
    said = (
        *notification.report.warnings,
        *(warning for part in notification.report.coverage for warning in part.warnings),
    )
    breaches = {warning for warning in said if _TOLERANT in warning}
    return (
        (f"Answers that break their schema were accepted ({_TOLERANT}): {len(breaches)} in all.",) if breaches else ()
    )


def _section(heading: str, sentences: Iterable[str]) -> Section:
    said = tuple(sentences)
    items = tuple(MessageLine(one_line(sentence, 2 * LONG)) for sentence in said[:_SENTENCES_SHOWN])
    return Section(heading, items, len(said) - len(items), findings=False)


def _gaps(notification: Notification) -> tuple[str, ...]:
    """What a run without a complete answer did not see, where nobody said it yet."""
    if notification.report.verdict != "inconclusive":
        return ()
    if notification.parts:
        return tuple(f"{part.report.target.name}: {gap}" for part in notification.parts for gap in _gaps(part))
    return _unseen(notification.report)


def _unseen(report: Report) -> tuple[str, ...]:
    """The categories that were not seen whole, else why the run does not know."""
    gaps = tuple(_gap(part) for part in report.coverage if not part.complete and part.plan != "skipped")
    return gaps or tuple(map(str, report.problems)) or ("The run could not finish.",)


def _gap(part: CategorySnapshot) -> str:
    reason = str(part.problems[0]) if part.problems else "the listing is not complete"
    return f"{part.category}: {reason} ({len(part.rows)} rows seen)"


def _exemption(exemption: ExemptionNotice, report: Report) -> str:
    known = [one for one in report.exempted if one.exemption_id == exemption.exemption_id][:1]
    told = [("owner", exemption.owner), *(("ticket", one.ticket) for one in known)]
    told += (("approved by", one.approved_by) for one in known)
    vouched = ", ".join(f"{label} {one_line(text, 80)}" for label, text in told if text)
    who = f"{one_line(exemption.exemption_id, 80)} ({vouched})"
    if exemption.days_left < 0:
        return f"{who} ended on {exemption.expires}; its ports count again"
    left = f"{exemption.days_left} day" if exemption.days_left == 1 else f"{exemption.days_left} days"
    return f"{who} holds until {exemption.expires}, {left} left"


def _targets(notification: Notification) -> str:
    """`Target prod: otc, eu-de, project 0123...`; of several those of each project together, as far as a line holds."""
    if not notification.parts:
        target = notification.report.target
        return f"Target {one_line(target.name, 60)}: {_place(target)}"
    names: dict[str, list[str]] = {}
    for part in notification.parts:
        place = _place(part.report.target._replace(enterprise_project_id=""))  # it stands in the target's name
        names.setdefault(place, []).append(part.report.target.name)
    places = [f"{folded_names(those)}: {place}" for place, those in sorted(names.items())]
    more = len(places) - _PLACES_SHOWN
    return f"Targets {'; '.join(places[:_PLACES_SHOWN])}{f' and {more} more projects' if more > 0 else ''}"


def _place(target: Target) -> str:
    """`otc, eu-de, project 0123..., enterprise project 0`."""
    project = f"project {target.project_id}" if target.project_id else ""
    enterprise = target.enterprise_project_id
    part = f"enterprise project {enterprise}" if enterprise not in ("", "all_granted_eps") else ""
    facts = [one_line(fact, 80) for fact in (target.cloud, target.region or target.host, project, part) if fact]
    return ", ".join(facts)


def _footer(notification: Notification) -> tuple[str, ...]:
    report = notification.report
    asked = asked_at(report)
    policy = f"{one_line(report.policy_name, 60)} {short_digest(report.policy_digest)}".strip()
    lines = [
        f"HSS was asked {readable_time(asked)}; what it knows may be hours old." if asked else "HSS was not asked.",
        _targets(notification),
        f"Policy {policy}" if policy else "",
        f"Explain a line: {one_line(notification.explain, 200)}" if notification.explain else "",
        f"Run {one_line(report.run_id, 80)}, message {one_line(notification.delivery_id, 80)}",
    ]
    return tuple(line for line in lines if line)
