"""Markdown for a pull request comment: verdict first, long tables folded, no text in it is a mention, link or tag.

But for a runbook, which is a link, as in the chats.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from handler.foreign_text import safe_url
from handler.formats import words
from handler.formats.inert import inert
from handler.formats.not_asked import NOBODY
from handler.models import worst_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.formats.not_asked import NotAsked
    from handler.formats.words import Advice
    from handler.models import Finding, Report

FOLD_BEYOND = 20  # rows of a table that stay open
ROOM = 60_000  # GitHub takes 65,536 characters in a comment; GitLab takes more
_MARKS = {"inconclusive": "⚠️", "violations": "❌", "compliant": "✅"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]!|~$])")
_STARTS = re.compile(r"^([-+=]|\d{1,9}(?=[.)]))")  # what begins a list, a heading or a rule
_REACHES_OUT = re.compile(r"(@|#|:(?=//)|www(?=\.))")  # mention, reference, link
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
_BREAK = "\u200b"  # splits what a forge would turn into a mention, a reference or a link


def render_markdown(*reports: Report, not_asked: NotAsked = NOBODY) -> str:
    """What was not asked and the report of each target, as GitHub and GitLab flavoured Markdown.

    Together below 60,000 characters.
    """
    others = _not_asked(not_asked)
    room = ROOM - sum(map(len, others))
    return "\n".join([*others, *(_one(report, room // len(reports)) for report in reports)])


def _not_asked(not_asked: NotAsked) -> list[str]:
    if not not_asked.deferred:
        return []
    number = words.counted(len(not_asked.deferred), "target")
    heading = f"## {_MARKS[not_asked.verdict]} Not asked in this run: {number}"
    return ["\n\n".join([heading, *_bullets("By their last verdicts", not_asked.sentences())]) + "\n"]


def _one(report: Report, room: int) -> str:
    said = escaped(words.verdict_words(report))
    asked = escaped(words.asked_words(report))
    head = [
        f"## {_MARKS[report.verdict]} {report.verdict.capitalize()}: {escaped(words.target_words(report.target))}",
        f"{said[0].upper()}{said[1:]}. Policy {escaped(words.policy_words(report))}, {asked}.",
        *_bullets("Not seen", [*words.not_seen(report), *words.hints(report)]),
    ]
    tail = [*_exempted(report, room // 5), *_announced(report, room // 5), *_changes(report), *_coverage(report)]
    tail += _bullets("Warnings", words.notes(report))
    used = sum(len(part) + 2 for part in (*head, *tail))
    return "\n\n".join([*head, *_findings(report, room - used), *tail]) + "\n"


def escaped(text: str, longest: int = 300) -> str:
    """The text as Markdown that shows it and does nothing else."""
    shown = inert(text, longest).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    shown = _SPECIAL.sub(r"\\\1", shown)
    shown = _STARTS.sub(rf"{_BREAK}\1", shown)
    return _REACHES_OUT.sub(rf"\1{_BREAK}", shown)


def whom(text: str, longest: int = 80) -> str:
    """Whom to ask: a mail address as code, which is no link and stays whole when it is copied; else escaped."""
    return f"`{text}`" if len(text) <= longest and _MAIL.fullmatch(text) else escaped(text, longest)


def _advised(one: Advice) -> str:
    """What to do, where the steps are, or whom to ask; a runbook with a harmless address is a link."""
    if one.label == "ask":
        return f"Ask {whom(one.text, 200)}"
    url = safe_url(one.text) if one.label == "how" else ""
    return f"[{one.title}]({url.replace('&', '&amp;').replace('$', '%24')})" if url else escaped(one.text, 200)


def _findings(report: Report, room: int) -> list[str]:
    if not report.findings:
        return []
    lines = [_row(finding) for finding in sorted(report.findings, key=worst_first)]
    return [_table("Findings", ("Severity", "Port", "Where", "Num", "What", "What to do"), lines, max(room, 2000))]


def _row(finding: Finding) -> str:
    servers = map(escaped, words.servers_words(finding))
    what = "<br>".join([f"{escaped(finding.title, 120)} ({escaped(finding.rule_id, 80)})", *servers])
    severity = f"**{finding.severity}**" if finding.severity.name in {"CRITICAL", "HIGH"} else str(finding.severity)
    told = (one for one in words.advice(finding) if one.label != "why")
    advice = "<br>".join(map(_advised, told))
    return table_row(severity, escaped(words.place(finding)), escaped(finding.category), str(finding.num), what, advice)


def _exempted(report: Report, room: int) -> list[str]:
    if not report.exempted:
        return []
    lines = [
        table_row(
            *_what(item.finding),
            "<br>".join(
                escaped(part, 200)
                for part in (f"{item.exemption_id}: {item.reason}", words.vouched_words(item))
                if part
            ),
            whom(item.owner),
            escaped(f"{item.expires}, {words.days_words(item.days_left)}"),
        )
        for item in report.exempted
    ]
    return [_table("Exempted", ("Port", "What", "Num", "Why", "Owner", "Until"), lines, room)]


def _announced(report: Report, room: int) -> list[str]:
    if not report.announced:
        return []
    lines = [
        table_row(str(item.finding.severity), *_what(item.finding), escaped(words.counts_from_words(item, report)))
        for item in report.announced
    ]
    return [_table("Announced, not counted yet", ("Severity", "Port", "What", "Num", "Counts from"), lines, room)]


def _what(finding: Finding) -> tuple[str, str, str]:
    return escaped(words.place(finding)), escaped(finding.title, 120), str(finding.num)


def _changes(report: Report) -> list[str]:
    if report.changes is None:
        return []
    counts = ", ".join(f"{count} {name}" for name, count in words.change_counts(report.changes))
    past = report.changes
    return [
        f"**Since the last run:** {counts}.",
        *_bullets("Newly forbidden", [_changed(finding) for finding in words.forbidden_now(report)]),
        *_bullets("Ended", [f"{_changed(item.finding)} ({item.because})" for item in past.resolved]),
        *_bullets(words.NOT_SEEN_NOW.capitalize(), [_changed(item.finding) for item in past.unseen]),
    ]


def _changed(finding: Finding) -> str:
    return f"{words.place(finding)} ({finding.category}, num {finding.num}): {finding.title}"


def _coverage(report: Report) -> list[str]:
    return _bullets(
        "Coverage", [f"{category.category}: {words.coverage_words(category)}" for category in report.coverage]
    )


def _bullets(title: str, sentences: Sequence[str]) -> list[str]:
    if not sentences:
        return []
    shown = [f"- {escaped(sentence)}" for sentence in sentences[:FOLD_BEYOND]]
    more = [f"- and {len(sentences) - FOLD_BEYOND} more"] if len(sentences) > FOLD_BEYOND else []
    return [f"**{title}**\n\n" + "\n".join([*shown, *more])]


def _table(title: str, columns: Sequence[str], lines: Sequence[str], room: int) -> str:
    """A table of whole rows within `room` characters, folded beyond twenty rows."""
    table = table_within(columns, lines, room)
    if len(lines) <= FOLD_BEYOND:
        return f"**{title}**\n\n{table}"
    return folded(f"{title}: {words.counted(len(lines), 'row')}", table)


def table_row(*cells: str) -> str:
    """A row of a table; its cells are escaped already."""
    return f"| {' | '.join(cells)} |"


def table_within(columns: Sequence[str], lines: Sequence[str], room: int) -> str:
    """A table of as many whole rows as `room` characters hold, and how many are left out."""
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    table = "\n".join([table_row(*columns), table_row(*["---"] * len(columns)), *kept])
    return f"{table}\n\nand {len(lines) - len(kept)} more" if len(kept) < len(lines) else table


def folded(summary: str, content: str) -> str:
    """What a reader has to open."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"
