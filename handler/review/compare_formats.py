"""A policy comparison as text, as Markdown for a pull request comment, or as JSON. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from handler.formats.inert import inert
from handler.models import Severity
from handler.review.changes import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from handler.review.changes import Change, ChangeKind, Comparison

_TITLES: dict[ChangeKind, str] = {
    "new": "Newly found",
    "severity": "Changed severity",
    "announced": "Newly announced",
    "gone": "No longer found",
}
_OPEN_ROWS = 20  # more rows than this are folded away in Markdown
_COMMENT = 60_000  # characters; a GitHub comment holds 65,536
_MARKS = re.compile(r"([\\`*_\[\]|~>$])")


def compare_text(comparison: Comparison) -> str:
    """For a terminal: what changes, worst first, then the counts."""
    lines = [f"{inert(comparison.old)} -> {inert(comparison.new)}, on {comparison.basis}"]
    lines += [f"NOT CERTAIN: {inert(doubt)}" for doubt in comparison.doubts]
    for kind in KINDS:
        changes = comparison.of(kind)
        if changes:
            lines += ["", f"{_TITLES[kind]} ({len(changes)})"]
            lines += [f"  {line}" for line in _columns([_cells(change) for change in changes])]
    if comparison.exemptions:
        lines += ["", f"Exemptions ({len(comparison.exemptions)})"]
        lines += [f"  {item.kind} {item.exemption_id}: {inert(item.detail)}" for item in comparison.exemptions]
    if comparison.notes:
        lines += ["", *comparison.notes]
    if not comparison.changes and not comparison.exemptions and not comparison.notes:
        lines += ["", "Nothing changes."]
    lines += ["", *_columns([[name, str(old), "->", str(new)] for name, old, new in _counts(comparison)])]
    return "\n".join(lines) + "\n"


def _cells(change: Change) -> list[str]:
    severity = str(change.severity) if change.was is None else f"{change.was} -> {change.severity}"
    num = "" if change.num is None else f"num {change.num}"
    return [severity, inert(change.what, 60), change.category, change.rule_id, num, inert(change.because)]


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as columns of equal width; empty columns vanish."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width).rstrip() for row in rows
    ]


def _counts(comparison: Comparison) -> list[tuple[str, int, int]]:
    old, new = comparison.counts_old, comparison.counts_new
    return [(str(each), old.get(each, 0), new.get(each, 0)) for each in sorted(Severity, reverse=True)]


def compare_markdown(comparison: Comparison) -> str:
    """For a pull request comment: counts first, a table per kind, folded beyond twenty rows, cut to fit a comment."""
    parts = [
        "### What this policy change does",
        f"From {_inline(comparison.old)} to {_inline(comparison.new)}, on {_inline(comparison.basis)}.",
        _summary(comparison),
    ]
    parts += [f"**Not certain:** {_inline(doubt)}" for doubt in comparison.doubts[:_OPEN_ROWS]]
    parts += [_inline(note) for note in comparison.notes]
    parts.append(_table(("severity", "old", "new"), [[n, str(o), str(w)] for n, o, w in _counts(comparison)]))
    room = _COMMENT - sum(len(part) + 2 for part in parts)
    sections = [_section(comparison, kind) for kind in KINDS] + [_exemptions(comparison)]
    for title, header, rows in sections:
        if rows:
            parts.append(_folded(title, header, rows, room))
            room -= len(parts[-1]) + 2
    return "\n\n".join(parts) + "\n"


def _summary(comparison: Comparison) -> str:
    counts = {kind: len(comparison.of(kind)) for kind in KINDS}
    if not comparison.changes:
        return "**Nothing is found or lost by it.**"
    return (
        f"**{counts['new']} newly found**, {counts['severity']} with another severity, "
        f"{counts['announced']} newly announced, {counts['gone']} no longer found."
    )


_Section = tuple[str, tuple[str, ...], list[list[str]]]


def _section(comparison: Comparison, kind: ChangeKind) -> _Section:
    header = ("severity", "port", "category", "rule", "num", "because")
    return _TITLES[kind], header, [[_inline(cell) for cell in _cells(change)] for change in comparison.of(kind)]


def _exemptions(comparison: Comparison) -> _Section:
    rows = [[_inline(cell) for cell in (e.kind, e.exemption_id, e.detail)] for e in comparison.exemptions]
    return "Exemptions", ("change", "exemption", "detail"), rows


def _folded(title: str, header: Iterable[str], rows: list[list[str]], room: int) -> str:
    """A headed table, in `<details>` beyond twenty rows, cut by whole rows to the room that is left."""
    shown, used = 0, 400
    while shown < len(rows) and used + sum(len(cell) + 3 for cell in rows[shown]) < room:
        used += sum(len(cell) + 3 for cell in rows[shown]) + 2
        shown += 1
    table = _table(tuple(header), rows[:shown])
    if shown < len(rows):
        table += f"\n\nand {len(rows) - shown} more"
    if len(rows) <= _OPEN_ROWS:
        return f"#### {title} ({len(rows)})\n\n{table}"
    return f"<details><summary>{title} ({len(rows)})</summary>\n\n{table}\n\n</details>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _inline(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no mention, no link."""
    safe = inert(text).replace("&", "&amp;").replace("<", "&lt;")
    return _MARKS.sub(r"\\\1", safe).replace("@", "@\u200b").replace("://", ":\u200b//").replace("www.", "www\u200b.")


def compare_json(comparison: Comparison) -> str:
    """One JSON document."""
    document = {
        "version": "1",
        "old": comparison.old,
        "new": comparison.new,
        "basis": comparison.basis,
        "certain": not comparison.doubts,
        "doubts": list(comparison.doubts),
        "counts": {name: {"old": old, "new": new} for name, old, new in _counts(comparison)},
        "newly_found": [_dict(change) for change in comparison.of("new")],
        "changed_severity": [_dict(change) for change in comparison.of("severity")],
        "newly_announced": [_dict(change) for change in comparison.of("announced")],
        "no_longer_found": [_dict(change) for change in comparison.of("gone")],
        "notes": list(comparison.notes),
        "exemptions": [
            {"change": item.kind, "id": item.exemption_id, "detail": item.detail} for item in comparison.exemptions
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _dict(change: Change) -> dict[str, Any]:
    ports = {} if change.low is None else {"ports": [change.low, change.high], "protocols": list(change.protocols)}
    num = {} if change.num is None else {"num": change.num}
    was = {} if change.was is None else {"was": str(change.was)}
    return {
        "rule": change.rule_id,
        "severity": str(change.severity),
        **was,
        "category": change.category,
        **ports,
        **num,
        "because": change.because,
    }
