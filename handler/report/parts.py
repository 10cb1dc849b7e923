"""A report's JSON as several documents of at most so many bytes: each the whole report, with a part of its lists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from handler.foreign_text import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Json = dict[str, Any]
_LISTS = ("findings", "exempted", "announced")
_ROOM_FOR_NAMES = 3  # a finding's fingerprint may stand again in a list of `changes`, with its quotes and comma
_TEXTS = ("rationale", "remediation", "references", "message", "title")


class _Item(NamedTuple):
    """One entry of a list of the report: `path` is where the list stands."""

    path: tuple[str, ...]
    value: Json


def parts(report: Json, limit: int) -> tuple[Json, ...]:
    """The report whole if it fits; else without `vendor`, which is derived; else as several, worst findings first.

    Each part counts in `omitted` the findings that it does not carry. All parts together carry every finding, exempted
    and announced row, and what ended or was not seen; what alone is too large loses its texts and servers.
    """
    for whole in (report, report | {"vendor": None}):
        if _size(whole) <= limit:
            return (whole,)
    bare = _bare(report, limit // 2)
    filled = _filled(list(_items(report)), limit - _size(bare))
    return tuple(_part(report, bare, items) for items in filled)


def _size(value: object) -> int:
    """Bytes of compact JSON in UTF-8."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))


def _items(report: Json) -> Iterator[_Item]:
    for name in _LISTS:
        yield from (_Item((name,), value) for value in report[name])
    for name, values in (report["changes"] or {}).items():
        yield from (_Item(("changes", name), value) for value in values if isinstance(value, dict))


def _bare(report: Json, limit: int) -> Json:
    """The report with empty lists; what still is too large in it is shortened until it fits."""
    changes = report["changes"] and {name: [] for name in report["changes"]}
    bare = report | {name: [] for name in _LISTS} | {"changes": changes, "vendor": None}
    for number, length in ((50, 300), (20, 100), (5, 40), (1, 20), (0, 0)):
        if _size(bare) <= limit:
            break
        bare = _shortened(bare, number, length)
    return bare


def _shortened(bare: Json, number: int, length: int) -> Json:
    def first(texts: Sequence[str]) -> list[str]:
        return [cut(text, length) for text in texts[:number]]

    return bare | {
        "problems": first(bare["problems"]),
        "warnings": first(bare["warnings"]),
        "policy": bare["policy"] | {"files": first(bare["policy"]["files"])},
        "coverage": [one | {"problems": first(one["problems"])} for one in bare["coverage"]],
        "deliveries": [one | {"reason": cut(one["reason"], length)} for one in bare["deliveries"][:number]],
    }


def _filled(items: Sequence[_Item], room: int) -> list[list[_Item]]:
    """The items in their order, shared out so that each share fits into the room."""
    shares: list[list[_Item]] = [[]]
    left = room
    for item in items:
        fitting = item._replace(value=_small(item.value, room))
        cost = _cost(fitting.value)
        if cost > left and shares[-1]:
            shares.append([])
            left = room
        shares[-1].append(fitting)
        left -= cost
    return shares


def _cost(value: Json) -> int:
    return _size(value) + 1 + _ROOM_FOR_NAMES + _size(value.get("fingerprint", ""))


def _small(value: Json, room: int) -> Json:
    """The item, small enough to stand alone: without its texts, then with fewer servers, then with short words."""
    smaller: tuple[Callable[[Json], Json], ...] = (
        lambda one: one | {key: type(one[key])() for key in _TEXTS[:3] if key in one},
        lambda one: one | {key: cut(one[key], 100) for key in _TEXTS[3:] if key in one},
        lambda one: one | {"hosts": one["hosts"][:20]} if "hosts" in one else one,
        lambda one: {key: part for key, part in one.items() if key != "hosts"},
        lambda one: {key: cut(part, 100) if isinstance(part, str) else part for key, part in one.items()},
        lambda one: one | {"tags": []} if "tags" in one else one,
    )
    for less in smaller:
        if _cost(value) <= room:
            break
        value = less(value)
    return value


def _part(report: Json, bare: Json, items: Sequence[_Item]) -> Json:
    own = {item.value["fingerprint"] for item in items if item.path == ("findings",)}
    lists = {name: [item.value for item in items if item.path == (name,)] for name in _LISTS}
    omitted = report["omitted"] + len(report["findings"]) - len(lists["findings"])
    changes = report["changes"] and {
        name: [value for value in values if value in own]
        if all(isinstance(value, str) for value in values)
        else [item.value for item in items if item.path == ("changes", name)]
        for name, values in report["changes"].items()
    }
    return bare | lists | {"omitted": omitted, "changes": changes}
