"""How findings moved, in words: the moves of a message, worst first, and of each rule's ports one block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.decide.diff import has_grown
from handler.named_tuple import NamedTuple
from handler.sinks.text.folding import PortLine, fold
from handler.sinks.text.lines import readable_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.models import Finding
    from handler.sinks.sink import Before, Notification

ENDED: Final = {
    "closed": "closed",
    "policy": "open, but no longer forbidden by this rule",
    "exempted": "open, but exempted now",
    "status": "open, but HSS no longer flags it",
    "tolerated": "open, but within what the rule tolerates now",
    "lowered": "open, but no longer told here (less severe, or routed elsewhere)",
    "unchecked": "no longer checked",
}  # only what is closed is called closed
_MEANWHILE: Final = {
    "closed": "closed",
    "policy": "allowed by this rule",
    "exempted": "exempted",
    "status": "no longer flagged by HSS",
    "tolerated": "within what the rule tolerates",
    "lowered": "not told here",
    "unchecked": "not checked",
}  # what it had been until it counts again
STILL_OPEN: Final = "still open"
_OPEN_MOVES: Final = ("raised", "new", "reopened", "newly_forbidden", "grown", "lowered", "steady")


_PLAIN: Final = {"reopened": "open again", "newly_forbidden": "newly forbidden", "steady": "open, and steady now"}


class Move(NamedTuple):
    """Findings that moved in the same way, told in one line. `ended`: it is open no more, or not for this sink.

    `past`: its numbers are those with which it was last found.
    """

    line: PortLine
    words: str
    ended: bool = False
    past: bool = False
    targets: tuple[str, ...] = ()  # where, if the message is on several


class RuleBlock(NamedTuple):
    """All moves of one rule, worst first."""

    rule_id: str
    moves: tuple[Move, ...]

    @property
    def worst(self) -> Finding:
        """The finding whose texts are told for all."""
        return self.moves[0].line.worst


def rule_blocks(notification: Notification) -> tuple[RuleBlock, ...]:
    """Everything that changed: the rule with the worst change first, what is open before what ended."""
    blocks: dict[str, list[Move]] = {}
    moves = _moves_on_several(notification) if notification.parts else _moves(notification)
    for move in sorted(moves, key=_worst_first):
        blocks.setdefault(move.line.worst.rule_id, []).append(move)
    return tuple(RuleBlock(rule_id, tuple(moves)) for rule_id, moves in blocks.items())


def still_there(findings: Iterable[Finding]) -> tuple[RuleBlock, ...]:
    """The blocks of findings that did not change."""
    blocks: dict[str, list[Move]] = {}
    for line in fold(findings):
        blocks.setdefault(line.worst.rule_id, []).append(Move(line, ""))
    return tuple(RuleBlock(rule_id, tuple(moves)) for rule_id, moves in blocks.items())


def open_moves(notification: Notification) -> dict[str, tuple[Finding, ...]]:
    """The open findings of the message, each under the word for how it moved."""
    return {
        "new": notification.new,
        "newly forbidden": notification.newly_forbidden,
        "raised": notification.raised,
        "grown": notification.grown,
        "open again": notification.reopened,
        "lowered": notification.lowered,
        "steady": notification.steady,
        STILL_OPEN: (*notification.reminded, *notification.ongoing),
    }


def open_findings(notification: Notification) -> tuple[Finding, ...]:
    """Everything of this sink that is open now, what it is due first."""
    found = {finding.fingerprint for finding in notification.report.findings}
    flapping = (finding for finding in notification.flapping if finding.fingerprint in found)
    return (*due_findings(notification), *flapping, *notification.ongoing)


def due_findings(notification: Notification) -> tuple[Finding, ...]:
    """The open findings that this message is about."""
    moved = (findings for word, findings in open_moves(notification).items() if word != STILL_OPEN)
    return (*(finding for findings in moved for finding in findings), *notification.reminded)


def ended_words(because: str) -> str:
    """What is said of a finding that ended for that reason."""
    return ENDED.get(because, "no longer found")


def _moves_on_several(notification: Notification) -> Iterable[Move]:
    """The moves of each target; those that read the same in one, with all their targets."""
    alike: dict[tuple[object, ...], Move] = {}
    for part in notification.parts:
        for move in _moves(part):
            line = move.line
            key = (move.words, line.worst.category, line.first, line.last, line.protocols, line.rules, line.severity)
            known = alike.get(key, move._replace(line=line._replace(findings=())))
            findings = (*known.line.findings, *line.findings)
            targets = (*known.targets, part.report.target.name)
            alike[key] = known._replace(line=line._replace(findings=findings), targets=targets)
    return alike.values()


def _moves(notification: Notification) -> Iterable[Move]:
    for what in _OPEN_MOVES:
        yield from _alike(getattr(notification, what), notification, what)
    found = {finding.fingerprint for finding in notification.report.findings}
    for there, words in ((True, "flapping, open now"), (False, "flapping, closed now")):
        alike = [one for one in notification.flapping if (one.fingerprint in found) is there]
        yield from (Move(line, words) for line in fold(alike))
    groups: dict[str, list[Finding]] = {}
    for finding in notification.resolved:
        groups.setdefault(ended_words(notification.ended_because(finding)), []).append(finding)
    for words, findings in groups.items():
        past = words != ENDED["lowered"]  # that one is open, and as it is now
        yield from (Move(line, words, ended=True, past=past) for line in fold(findings))


def _alike(findings: Iterable[Finding], notification: Notification, what: str) -> Iterable[Move]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        words = _words(what, notification.before.get(finding.fingerprint), finding.num)
        groups.setdefault(words, []).append(finding)
    for words, alike in groups.items():
        yield from (Move(line, words) for line in fold(alike))


def _words(what: str, before: Before | None, num: int) -> str:
    """`new`, `raised from medium`, `grown from 3`, `open again, had closed 2026-11-03 10:07 UTC`."""
    plain = _PLAIN.get(what, what)
    if before is None:
        return plain
    if what in ("raised", "lowered"):
        return plain if before.severity is None else f"{plain} from {before.severity}"
    if what == "grown":
        return _grown_words(num, before.num)
    if not before.ended_at or what == "new":
        return plain
    at = readable_time(before.ended_at)
    since = {"steady": f"open, steady since {at}", "reopened": f"{plain}, had closed {at}"}
    return since.get(what, f"counts again, had been {_MEANWHILE.get(before.because, 'no finding')} since {at}")


def _grown_words(num: int, before: int | None) -> str:
    """`grown from 3`, or that another server joined those that were told."""
    if before is None:
        return "grown"
    return f"grown from {before}" if has_grown(num, before) else f"another server, {before} before"


def _worst_first(move: Move) -> tuple[int, bool]:
    return -move.line.severity, move.ended
