"""The comparison with published lists as text or JSON. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler.formats.columns import aligned
from handler.formats.inert import inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.review.coverage import ListCoverage, Listed

_NAMES = 3


def coverage_text(coverage: ListCoverage) -> str:
    """The share of each list, then what is omitted and what only the policy names."""
    lines = ["Published lists, and how much of each this policy names"]
    lines += [f"  {each.covered:>3} of {each.total:<3}  {each.name}: {inert(each.title)}" for each in coverage.shares]
    lines += ["", f"Omitted: on a list, not in this policy ({_count(coverage.omitted)})"]
    lines += _lines(coverage.omitted)
    lines += ["", f"Only in this policy ({_count(coverage.only_here)})"]
    lines += _lines(coverage.only_here)
    return "\n".join(lines) + "\n"


def _count(entries: Sequence[Listed]) -> int:
    return sum(entry.high - entry.low + 1 for entry in entries)


def _lines(entries: Sequence[Listed]) -> Iterator[str]:
    rows = [(entry.what, _services(entry), ", ".join(entry.lists)) for entry in entries]
    return (f"  {line}" for line in aligned(rows))


def _services(entry: Listed) -> str:
    more = " ..." if len(entry.services) > _NAMES else ""
    return (", ".join(entry.services[:_NAMES]) + more) or "-"


def coverage_json(coverage: ListCoverage) -> str:
    """One JSON document."""
    document = {
        "version": "1",
        "lists": [
            {
                "name": share.name,
                "title": share.title,
                "source": share.source,
                "read_on": share.read_on,
                "ports": share.total,
                "in_policy": share.covered,
            }
            for share in coverage.shares
        ],
        "omitted": [{**_dict(entry), "lists": list(entry.lists)} for entry in coverage.omitted],
        "only_in_policy": [_dict(entry) for entry in coverage.only_here],
    }
    return json.dumps(document, indent=2) + "\n"


def _dict(entry: Listed) -> dict[str, Any]:
    return {"ports": [entry.low, entry.high], "protocol": entry.protocol, "services": list(entry.services)}
