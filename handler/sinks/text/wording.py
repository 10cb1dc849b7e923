"""What every message says, in plain words and in order; no dialect, no limits but the length of single texts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

from handler.foreign_text import one_line
from handler.sinks.text.folding import fold
from handler.sinks.text.lines import LONG, Item, item_of, moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.models import CategorySnapshot, ExemptionNotice, Finding
    from handler.sinks.sink import Notice, Sink

Tone = Literal["bad", "unknown", "good"]
_SENTENCES_SHOWN = 10
_TOLERANT = "VALIDATION=warn"
_LEAST_LINES, _MOST_LINES = 5, 400  # no chat's limit holds more


class Section(NamedTuple):
    """A heading and its lines, worst first. `omitted` findings are only counted."""

    heading: str
    items: tuple[Item, ...]
    omitted: int = 0
    findings: bool = True  # False: sentences, which stay when findings are cut


class Story(NamedTuple):
    """A whole message: what the push preview shows first, what the fine print says last."""

    title: str
    tone: Tone
    summary: str
    sections: tuple[Section, ...]
    footer: tuple[str, ...]


def tell(notice: Notice, sink: Sink, shrink: int = 0) -> Story:
    """The story of a notice. Each step of `shrink` halves the number of lines; from 1 on lines have no details."""
    sentences = _sentences(notice)
    listed = _findings(notice, sink, lines_at(min(sink.max_findings, _MOST_LINES), shrink), rich=shrink == 0)
    before = [section for section in sentences if section.heading == _NOT_SEEN]
    after = [section for section in sentences if section.heading != _NOT_SEEN]
    return Story(
        title=title(notice),
        tone=tone(notice),
        summary=summary(notice),
        sections=tuple(section for section in (*before, *listed, *after) if section.items or section.omitted),
        footer=_footer(notice),
    )


def lines_at(most: int, shrink: int) -> int:
    """How many lines a step of `shrink` lists: half as many each time, but not below five."""
    return max(min(_LEAST_LINES, most), most >> shrink)


def title(notice: Notice) -> str:
    """`prod: violations`: target and verdict."""
    return f"{one_line(notice.report.target.name, 60)}: {notice.report.verdict}"


def tone(notice: Notice) -> Tone:
    """The colour of a message."""
    tones: dict[str, Tone] = {"inconclusive": "unknown", "violations": "bad"}
    return tones.get(notice.report.verdict, "good")


def summary(notice: Notice) -> str:
    """What changed and what is open, in numbers; each severity in words."""
    moves = {
        "new": notice.new,
        "grown": notice.grown,
        "open again": notice.reopened,
        "still open": (*notice.reminded, *notice.ongoing),
        "resolved": notice.resolved,
    }
    changed = ", ".join(f"{len(findings)} {word}" for word, findings in moves.items() if findings)
    parts = (
        f"Findings: {changed}." if changed else _nothing_listed(notice),
        "Checked, complete: nothing new." if changed and notice.heartbeat and not _blind(notice) else "",
        severities(open_findings(notice)),
        f"Exempted: {len(notice.report.exempted)}." if notice.report.exempted else "",
        f"Announced: {len(notice.report.announced)}." if notice.report.announced else "",
    )
    return " ".join(part for part in parts if part)


def _blind(notice: Notice) -> bool:
    return notice.report.verdict == "inconclusive"


def _nothing_listed(notice: Notice) -> str:
    if _blind(notice):
        return "What could be seen holds no finding for this channel."
    if notice.report.verdict == "violations":
        return "No finding concerns this channel."
    return "Checked, complete: no port breaks the policy."


def severities(findings: Iterable[Finding]) -> str:
    """`Open now: 1 critical, 2 high.` or an empty text."""
    count = Counter(finding.severity for finding in findings)
    words = ", ".join(f"{count[severity]} {severity}" for severity in sorted(count, reverse=True))
    return f"Open now: {words}." if words else ""


def open_findings(notice: Notice) -> tuple[Finding, ...]:
    """Everything of this sink that is open now, what it is owed first."""
    return (*owed_findings(notice), *notice.ongoing)


def owed_findings(notice: Notice) -> tuple[Finding, ...]:
    """The open findings that this message is about."""
    return (*notice.new, *notice.grown, *notice.reopened, *notice.reminded)


def _findings(notice: Notice, sink: Sink, room: int, *, rich: bool) -> list[Section]:
    groups = (
        ("New", notice.new),
        ("Grown", notice.grown),
        ("Open again", notice.reopened),
        ("Reminder: still open", notice.reminded),
        ("Still open", notice.ongoing),
        ("Resolved", notice.resolved),
    )
    sections: list[Section] = []
    for heading, findings in groups:
        lines = fold(findings)
        detailed = rich and heading not in ("Still open", "Resolved")
        items = tuple(item_of(line, sink, rich=detailed, gone=heading == "Resolved") for line in lines[:room])
        omitted = sum(len(line.findings) for line in lines[room:])
        room = max(0, room - len(items))
        sections.append(Section(f"{heading} ({len(findings)})", items, omitted))
    return sections


_NOT_SEEN = "Could not be seen"


def _sentences(notice: Notice) -> list[Section]:
    return [
        _section(_NOT_SEEN, notice.not_seen or _gaps(notice)),
        _section("Complete again", notice.seen_again),
        _section("Exemptions", map(_exemption, notice.exemptions)),
        _section("Note", (*tolerance(notice), *notice.notes)),
    ]


def tolerance(notice: Notice) -> tuple[str, ...]:
    """The warning that belongs in every message of a run that accepted broken answers."""
    said = (*notice.report.warnings, *(warning for part in notice.report.coverage for warning in part.warnings))
    breaches = {warning for warning in said if _TOLERANT in warning}
    return (
        (f"Answers that break their schema were accepted ({_TOLERANT}): {len(breaches)} in all.",) if breaches else ()
    )


def _section(heading: str, sentences: Iterable[str]) -> Section:
    items = tuple(Item(one_line(sentence, LONG)) for sentence in sentences)
    return Section(heading, items[:_SENTENCES_SHOWN], max(0, len(items) - _SENTENCES_SHOWN), findings=False)


def _gaps(notice: Notice) -> tuple[str, ...]:
    """What a run without a complete answer did not see, where nobody said it yet."""
    if not _blind(notice):
        return ()
    gaps = tuple(_gap(part) for part in notice.report.coverage if not part.complete)
    return gaps or tuple(str(problem) for problem in notice.report.problems) or ("The run could not finish.",)


def _gap(part: CategorySnapshot) -> str:
    reason = str(part.problems[0]) if part.problems else "the listing is not complete"
    return f"{part.category}: {reason} ({len(part.rows)} rows seen)"


def _exemption(exemption: ExemptionNotice) -> str:
    who = f"{one_line(exemption.exemption_id, 80)} (owner {one_line(exemption.owner, 80)})"
    if exemption.days_left < 0:
        return f"{who} ended on {exemption.expires}; its ports count again"
    left = f"{exemption.days_left} day" if exemption.days_left == 1 else f"{exemption.days_left} days"
    return f"{who} holds until {exemption.expires}, {left} left"


def _footer(notice: Notice) -> tuple[str, ...]:
    report = notice.report
    asked = moment(report.taken_at or report.started_at)
    lines = [
        f"HSS was asked {asked}; what it knows may be hours old.",
        f"Policy {one_line(report.policy_name, 60)} {short_digest(report.policy_digest)}",
        f"Explain a line: {one_line(notice.explain, 200)}" if notice.explain else "",
        f"Message {one_line(notice.delivery_id, 80)}",
    ]
    return tuple(line for line in lines if line)


def short_digest(digest: str) -> str:
    """`sha256:abcdef123456`: enough to tell two policies apart."""
    return one_line(digest, 80)[:19]
