"""What every message says, in plain words and in order; no dialect, no limits but the length of single texts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

from handler.foreign_text import one_line
from handler.sinks.text.fitting import lines_at
from handler.sinks.text.folding import fold
from handler.sinks.text.lines import LONG, MessageLine, message_line, readable_time, short_digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.models import CategorySnapshot, ExemptionNotice, Finding
    from handler.sinks.sink import Notification, Sink

Tone = Literal["bad", "unknown", "good"]
_SENTENCES_SHOWN = 10
_TOLERANT = "VALIDATION=warn"
_MOST_LINES = 400  # no chat's limit holds more


class Section(NamedTuple):
    """A heading and its lines, worst first. `omitted` findings are only counted."""

    heading: str
    items: tuple[MessageLine, ...]
    omitted: int = 0
    findings: bool = True  # False: sentences, which stay when findings are cut


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
    before = [section for section in sentences if section.heading == _NOT_SEEN]
    after = [section for section in sentences if section.heading != _NOT_SEEN]
    return Content(
        title=title(notification),
        tone=tone(notification),
        summary=summary(notification),
        sections=tuple(section for section in (*before, *listed, *after) if section.items or section.omitted),
        footer=_footer(notification),
    )


def title(notification: Notification) -> str:
    """`prod: violations`: target and verdict."""
    return f"{one_line(notification.report.target.name, 60)}: {notification.report.verdict}"


def tone(notification: Notification) -> Tone:
    """The colour of a message."""
    tones: dict[str, Tone] = {"inconclusive": "unknown", "violations": "bad"}
    return tones.get(notification.report.verdict, "good")


def summary(notification: Notification) -> str:
    """What changed and what is open, in numbers; each severity in words."""
    moves = {
        "new": notification.new,
        "grown": notification.grown,
        "open again": notification.reopened,
        "still open": (*notification.reminded, *notification.ongoing),
        "resolved": notification.resolved,
    }
    changed = ", ".join(f"{len(findings)} {word}" for word, findings in moves.items() if findings)
    parts = (
        f"Findings: {changed}." if changed else _nothing_listed(notification),
        "Checked, complete: nothing new." if changed and notification.heartbeat and not _blind(notification) else "",
        open_by_severity(open_findings(notification)),
        f"Exempted: {len(notification.report.exempted)}." if notification.report.exempted else "",
        f"Announced: {len(notification.report.announced)}." if notification.report.announced else "",
    )
    return " ".join(part for part in parts if part)


def _blind(notification: Notification) -> bool:
    return notification.report.verdict == "inconclusive"


def _nothing_listed(notification: Notification) -> str:
    if _blind(notification):
        return "What could be seen holds no finding for this channel."
    if notification.report.verdict == "violations":
        return "No finding concerns this channel."
    return "Checked, complete: no port breaks the policy."


def open_by_severity(findings: Iterable[Finding]) -> str:
    """`Open now: 1 critical, 2 high.` or an empty text."""
    count = Counter(finding.severity for finding in findings)
    words = ", ".join(f"{count[severity]} {severity}" for severity in sorted(count, reverse=True))
    return f"Open now: {words}." if words else ""


def open_findings(notification: Notification) -> tuple[Finding, ...]:
    """Everything of this sink that is open now, what it is due first."""
    return (*due_findings(notification), *notification.ongoing)


def due_findings(notification: Notification) -> tuple[Finding, ...]:
    """The open findings that this message is about."""
    return (*notification.new, *notification.grown, *notification.reopened, *notification.reminded)


def _findings(notification: Notification, sink: Sink, room: int, *, rich: bool) -> list[Section]:
    groups = (
        ("New", notification.new),
        ("Grown", notification.grown),
        ("Open again", notification.reopened),
        ("Reminder: still open", notification.reminded),
        ("Still open", notification.ongoing),
        ("Resolved", notification.resolved),
    )
    sections: list[Section] = []
    for heading, findings in groups:
        lines = fold(findings)
        detailed = rich and heading not in ("Still open", "Resolved")
        items = tuple(message_line(line, sink, rich=detailed, gone=heading == "Resolved") for line in lines[:room])
        omitted = sum(len(line.findings) for line in lines[room:])
        room = max(0, room - len(items))
        sections.append(Section(f"{heading} ({len(findings)})", items, omitted))
    return sections


_NOT_SEEN = "Could not be seen"


def _sentences(notification: Notification) -> list[Section]:
    return [
        _section(_NOT_SEEN, notification.not_seen or _gaps(notification)),
        _section("Complete again", notification.seen_again),
        _section("Exemptions", map(_exemption, notification.exemptions)),
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
    items = tuple(MessageLine(one_line(sentence, LONG)) for sentence in sentences)
    return Section(heading, items[:_SENTENCES_SHOWN], max(0, len(items) - _SENTENCES_SHOWN), findings=False)


def _gaps(notification: Notification) -> tuple[str, ...]:
    """What a run without a complete answer did not see, where nobody said it yet."""
    if not _blind(notification):
        return ()
    gaps = tuple(_gap(part) for part in notification.report.coverage if not part.complete)
    return gaps or tuple(str(problem) for problem in notification.report.problems) or ("The run could not finish.",)


def _gap(part: CategorySnapshot) -> str:
    reason = str(part.problems[0]) if part.problems else "the listing is not complete"
    return f"{part.category}: {reason} ({len(part.rows)} rows seen)"


def _exemption(exemption: ExemptionNotice) -> str:
    who = f"{one_line(exemption.exemption_id, 80)} (owner {one_line(exemption.owner, 80)})"
    if exemption.days_left < 0:
        return f"{who} ended on {exemption.expires}; its ports count again"
    left = f"{exemption.days_left} day" if exemption.days_left == 1 else f"{exemption.days_left} days"
    return f"{who} holds until {exemption.expires}, {left} left"


def _footer(notification: Notification) -> tuple[str, ...]:
    report = notification.report
    asked = readable_time(report.taken_at or report.started_at)
    lines = [
        f"HSS was asked {asked}; what it knows may be hours old.",
        f"Policy {one_line(report.policy_name, 60)} {short_digest(report.policy_digest)}",
        f"Explain a line: {one_line(notification.explain, 200)}" if notification.explain else "",
        f"Message {one_line(notification.delivery_id, 80)}",
    ]
    return tuple(line for line in lines if line)
