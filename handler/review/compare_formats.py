"""A policy comparison as text, as Markdown for a pull request comment, or as JSON. Pure."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

from handler.formats.columns import aligned
from handler.formats.inert import LONGEST, inert
from handler.formats.markdown import FOLD_BEYOND, ROOM, escaped, folded, table_row, table_within
from handler.models import SEVERITIES
from handler.review.changes import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.review.changes import Change, ChangeKind, Comparison
    from handler.review.weaker import Weaker

_TITLES: dict[ChangeKind, str] = {
    "new": "Newly found",
    "severity": "Changed severity",
    "announced": "Newly announced",
    "gone": "No longer found",
}
_AROUND_A_TABLE = 400  # characters of its heading, its columns and what is said of rows that are left out


def compare_text(comparison: Comparison) -> str:
    """For a terminal: what changes, worst first, then the counts."""
    lines = [f"{inert(comparison.old)} -> {inert(comparison.new)}, on {comparison.basis}"]
    lines += [f"NOT CERTAIN: {inert(doubt)}" for doubt in comparison.doubts]
    for title, rows in _text_sections(comparison):
        lines += ["", f"{title} ({len(rows)})", *(f"  {line}" for line in chain.from_iterable(rows))]
    if comparison.notes:
        lines += ["", *comparison.notes]
    if not (comparison.changes or comparison.exemptions or comparison.notes or comparison.is_loosened):
        lines += ["", "Nothing changes."]
    lines += ["", *aligned([[name, str(old), "->", str(new)] for name, old, new in _counts(comparison)])]
    return "\n".join(lines) + "\n"


def _text_sections(comparison: Comparison) -> Iterator[tuple[str, list[list[str]]]]:
    """Each heading that has rows, with them; a row may take several lines."""
    sections = [(_TITLES[kind], [[line] for line in aligned(_rows(comparison, kind))]) for kind in KINDS]
    weaker = [[inert(place), f"    {inert(rule)}: {inert(because)}"] for place, rule, because in _loosened(comparison)]
    exemptions = [[f"{item.kind} {item.exemption_id}: {inert(item.detail)}"] for item in comparison.exemptions]
    for title, rows in (*sections, ("Loosened", weaker), ("Exemptions", exemptions)):
        if rows:
            yield title, rows


def _rows(comparison: Comparison, kind: ChangeKind) -> list[list[str]]:
    return [_cells(change) for change in comparison.of(kind)]


def _cells(change: Change) -> list[str]:
    severity = str(change.severity) if change.was is None else f"{change.was} -> {change.severity}"
    num = "" if change.num is None else f"num {change.num}"
    return [severity, inert(change.what, 60), change.category, change.rule_id, num, inert(change.because)]


def _loosened(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Each place that is found less severely, the rule that found it with its line, and what stands against it now."""
    lowered = [(words, "fewer rows are taken for all", "no longer inconclusive") for words in comparison.lowered]
    return lowered + [
        (place.words(comparison.day), f"{place.rule_id} ({place.location})", _because(place))
        for place in comparison.weaker
    ]


def _because(place: Weaker) -> str:
    return place.because if place.there is None else f"{place.because} ({place.there})"


def _counts(comparison: Comparison) -> list[tuple[str, int, int]]:
    old, new = comparison.counts_old, comparison.counts_new
    return [(str(each), old.get(each, 0), new.get(each, 0)) for each in SEVERITIES]


def compare_markdown(comparison: Comparison) -> str:
    """For a pull request comment: counts first, a table per kind, folded beyond twenty rows, cut to fit a comment."""
    parts = [
        "### What this policy change does",
        f"From {_inline(comparison.old)} to {_inline(comparison.new)}, on {_inline(comparison.basis)}.",
        _summary(comparison),
    ]
    parts += [f"**Not certain:** {_inline(doubt)}" for doubt in comparison.doubts[:FOLD_BEYOND]]
    parts += [_inline(note) for note in comparison.notes]
    counts = [table_row(name, str(old), str(new)) for name, old, new in _counts(comparison)]
    parts.append(table_within(("severity", "old", "new"), counts, ROOM))
    room = ROOM - sum(len(part) + 2 for part in parts)
    sections = [_loosened_section(comparison), *(_section(comparison, kind) for kind in KINDS), _exemptions(comparison)]
    for title, header, rows in sections:
        if rows:
            parts.append(_headed(title, header, rows, room))
            room -= len(parts[-1]) + 2
    return "\n\n".join(parts) + "\n"


def _summary(comparison: Comparison) -> str:
    counts = {kind: len(comparison.of(kind)) for kind in KINDS}
    weaker = len(comparison.weaker) + len(comparison.lowered)
    if not comparison.changes and not weaker:
        return "**Nothing is found or lost by it.**"
    return (
        f"**{counts['new']} newly found**, **{weaker} loosened**, {counts['severity']} with another severity, "
        f"{counts['announced']} newly announced, {counts['gone']} no longer found."
    )


_Section = tuple[str, tuple[str, ...], list[list[str]]]


def _section(comparison: Comparison, kind: ChangeKind) -> _Section:
    header = ("severity", "port", "category", "rule", "num", "because")
    return _TITLES[kind], header, [[_inline(cell) for cell in _cells(change)] for change in comparison.of(kind)]


def _loosened_section(comparison: Comparison) -> _Section:
    rows = [[_inline(cell) for cell in row] for row in _loosened(comparison)]
    return "Loosened", ("what is found less severely", "rule", "because"), rows


def _exemptions(comparison: Comparison) -> _Section:
    rows = [[_inline(cell) for cell in (e.kind, e.exemption_id, e.detail)] for e in comparison.exemptions]
    return "Exemptions", ("change", "exemption", "detail"), rows


def _headed(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> str:
    """A headed table, in `<details>` beyond twenty rows, cut by whole rows to the room that is left."""
    table = table_within(header, [table_row(*row) for row in rows], room - _AROUND_A_TABLE)
    if len(rows) <= FOLD_BEYOND:
        return f"#### {title} ({len(rows)})\n\n{table}"
    return folded(f"{title} ({len(rows)})", table)


def _inline(text: str) -> str:
    return escaped(text, LONGEST)


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
        "loosened": [_weaker_dict(place, comparison) for place in comparison.weaker],
        "expects_fewer_rows": list(comparison.lowered),
        "notes": list(comparison.notes),
        "exemptions": [
            {"change": item.kind, "id": item.exemption_id, "detail": item.detail} for item in comparison.exemptions
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _weaker_dict(place: Weaker, comparison: Comparison) -> dict[str, Any]:
    at = {"counter": place.counter} if place.counter else {"ports": [place.low, place.high]}
    return {
        "words": place.words(comparison.day),
        "category": place.category,
        **at,
        "protocols": list(place.protocols),
        "num": [place.least, place.most],
        "statuses": list(place.statuses),
        "enterprise_projects": list(place.projects),
        "servers": list(place.servers),
        "listening": place.listening,
        "from": place.since.isoformat(),
        "to": None if place.until is None else place.until.isoformat(),
        "was": str(place.was),
        "now": None if place.now is None else str(place.now),
        "rule": place.rule_id,
        "line": str(place.location),
        "because": place.because,
        "because_line": None if place.there is None else str(place.there),
    }


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
