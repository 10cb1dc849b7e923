"""The report for a terminal: verdict first, worst first, 80 columns."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from handler.formats import words
from handler.formats.columns import Ink, wrapped
from handler.formats.inert import inert
from handler.formats.not_asked import NOBODY
from handler.models import worst_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.formats.not_asked import NotAsked
    from handler.models import ExemptedFinding, Finding, Report

PAST_SHOWN = 10


def render_text(*reports: Report, color: bool = False, not_asked: NotAsked = NOBODY) -> str:
    """What was not asked, then the whole report of each target; no line wider than 80 columns, in `color` if asked."""
    ink = Ink(color)
    others = _section("NOT ASKED IN THIS RUN", not_asked.sentences(), ink, len(not_asked.deferred))
    first = ["\n".join(others) + "\n"] if others else []
    return "\n\n".join([*first, *(_one(report, ink) for report in reports)])


def _one(report: Report, ink: Ink) -> str:
    parts = (
        _head(report, ink),
        _section("NOT SEEN", [*words.not_seen(report), *words.hints(report)], ink),
        *_findings(report, ink),
        _section("EXEMPTED", _exempted(report), ink, len(report.exempted)),
        _section("ANNOUNCED", _announced(report), ink, len(report.announced)),
        _section("CHANGES", _changes(report), ink),
        _section("COVERAGE", [f"{c.category}: {words.coverage_words(c)}" for c in report.coverage], ink),
        _section("WARNINGS", words.notes(report), ink, len(words.notes(report))),
        _section("TOLD", _deliveries(report), ink),
    )
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _head(report: Report, ink: Ink) -> list[str]:
    verdict = wrapped(f"{report.verdict.upper()}  {words.target_words(report.target)}")
    asked = f"policy {words.policy_words(report)}, {words.asked_words(report)}"
    said = wrapped(words.verdict_words(report)) + wrapped(asked)
    return [ink.verdict(report.verdict, line) for line in verdict] + said


def _findings(report: Report, ink: Ink) -> Iterator[list[str]]:
    """A block per rule: what, why, what to do, then its rows."""
    ordered = sorted(report.findings, key=worst_first)
    by_rule = sorted(ordered, key=lambda finding: (-finding.severity, finding.rule_id))
    for _, group in groupby(by_rule, key=lambda finding: (finding.severity, finding.rule_id, finding.title)):
        rows = list(group)
        yield [*_rule(rows[0], ink), *(line for row in rows for line in _row(row))]


def _rule(finding: Finding, ink: Ink) -> list[str]:
    severity = f"{str(finding.severity).upper():<9}"
    name = "" if finding.rule_id == finding.title else f" [{inert(finding.rule_id, 80)}]"
    title = wrapped(f"{inert(finding.title, 200)}{name}", first=severity, indent=" " * 9)
    lines = [ink.severity(finding.severity, title[0]), *title[1:]]
    for said in words.advice(finding):
        lines += wrapped(inert(said.text, 300), first=f"         {said.label:<4}", indent=" " * 13)
    return lines


def _row(finding: Finding) -> list[str]:
    facts = [finding.category, f"num {finding.num:,}"]
    facts += [f"HSS says {finding.status}"] if finding.status else []
    facts += [f"since {finding.first_seen[:10]}"] if finding.first_seen else []
    what = f" ({inert(finding.message, 160)})" if finding.port is None and finding.message else ""
    line = wrapped(f"{inert(', '.join(facts), 160)}{what}", first=f"  {words.place(finding):<10} ", indent=" " * 13)
    return line + _hosts(finding)


def _hosts(finding: Finding) -> list[str]:
    return [
        line for text in words.servers_words(finding) for line in wrapped(text, first=" " * 13 + "> ", indent=" " * 15)
    ]


def _exempted(report: Report) -> list[str]:
    """A sentence for each row; what is tolerated by the same owner, until the same day, is said once above its rows."""
    groups: dict[str, list[str]] = {}
    for item in report.exempted:
        row = f"{_short(item.finding)}, by {inert(item.exemption_id, 80)}"
        groups.setdefault(_tolerated(item), []).append(row)
    return [line for told, rows in groups.items() for line in _group(told, rows)]


def _tolerated(item: ExemptedFinding) -> str:
    vouched = f" ({words.vouched_words(item)})" if words.vouched_words(item) else ""
    until = f"until {inert(item.expires, 20)} ({words.days_words(item.days_left)})"
    return f"{until}, {inert(item.owner, 80)}: {inert(item.reason, 160)}{vouched}"


def _group(told: str, rows: Sequence[str]) -> list[str]:
    return [f"{rows[0]} {told}"] if len(rows) == 1 else [told, *(f"- {row}" for row in rows)]


def _announced(report: Report) -> list[str]:
    return [
        f"{item.finding.severity} {_short(item.finding)}, counts from {words.counts_from_words(item, report)}"
        for item in report.announced
    ]


def _short(finding: Finding) -> str:
    return f"{words.place(finding)} {inert(finding.category, 20)} num {finding.num:,}: {inert(finding.title, 120)}"


def _changes(report: Report) -> list[str]:
    if report.changes is None:
        return []
    counts = ", ".join(f"{count} {name}" for name, count in words.change_counts(report.changes))
    forbidden = [_short(finding) for finding in words.forbidden_now(report)]
    ended = [f"{_short(item.finding)} ({inert(item.because, 40)})" for item in report.changes.resolved]
    unseen = [_short(item.finding) for item in report.changes.unseen]
    return [counts, *_few("newly forbidden", forbidden), *_few("ended", ended), *_few("unseen", unseen)]


def _few(word: str, items: Sequence[str]) -> list[str]:
    more = [f"{word}: and {len(items) - PAST_SHOWN} more"] if len(items) > PAST_SHOWN else []
    return [*(f"{word}: {item}" for item in items[:PAST_SHOWN]), *more]


def _deliveries(report: Report) -> list[str]:
    return [
        inert(f"{told.sink} ({told.kind}): {told.status}{f', {told.reason}' if told.reason else ''}", 300)
        for told in report.deliveries
    ]


def _section(title: str, sentences: Sequence[str], ink: Ink, count: int | None = None) -> list[str]:
    """A heading, with how many there are where that is said, and the sentences."""
    if not sentences:
        return []
    number = "" if count is None else f" ({count})"
    lines = [line for sentence in sentences for line in wrapped(sentence, first="  ", indent="    ")]
    return [ink.bold(f"{title}{number}"), *lines]
