"""A report's JSON as several documents of at most so many bytes: each the whole report, with a part of its lists."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from handler.foreign_text import cut
from handler.named_tuple import NamedTuple
from handler.report.json_bytes import json_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Json = dict[str, Any]
_LISTS = ("findings", "exempted", "announced")
_ROOM_FOR_NAMES = 3  # a finding's fingerprint may stand again in a list of `changes`, with its quotes and comma
_TEXTS = ("rationale", "remediation", "references")
_SAID = ("message", "title")


class _Item(NamedTuple):
    """One entry of a list of the report: `path` is where the list stands."""

    path: tuple[str, ...]
    value: Json


def parts(report: Json, limit: int) -> tuple[Json, ...]:
    """The report whole if it fits; else without `vendor`, which is derived; else as several, worst findings first.

    Each part counts in `omitted` the findings that it does not carry. All parts together carry every finding, exempted
    and announced row, and what ended or was not seen; what alone is too large loses its texts and servers.
    """
    wholes = (report,) if report["vendor"] is None else (report, report | {"vendor": None})
    for whole in wholes:
        if _size(whole) <= limit:
            return (whole,)
    bare = _bare(report, limit // 2)
    filled = _filled(list(_items(report)), limit - _size(bare))
    return tuple(_part(report, bare, items) for items in filled)


def _size(value: object) -> int:
    return len(json_bytes(value))


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
        value, cost = _small(item.value, room)
        if cost > left and shares[-1]:
            shares.append([])
            left = room
        shares[-1].append(item._replace(value=value))
        left -= cost
    return shares


def _cost(value: Json) -> int:
    return _size(value) + 1 + _ROOM_FOR_NAMES + _size(value["fingerprint"])


def _emptied(keys: Sequence[str], one: Json) -> Json:
    return one | {key: type(one[key])() for key in keys}


def _cut(keys: Sequence[str], one: Json) -> Json:
    return one | {key: cut(one[key], 100) for key in keys if isinstance(one[key], str)}


def _without_hosts(one: Json) -> Json:
    return {key: part for key, part in one.items() if key != "hosts"}


_SMALLER: tuple[Callable[[Json], Json], ...] = (
    partial(_emptied, _TEXTS),
    partial(_cut, _SAID),
    lambda one: one | {"hosts": one["hosts"][:20]} if "hosts" in one else one,
    _without_hosts,
    lambda one: _cut(tuple(one), one),
    partial(_emptied, ("tags",)),
)


def _small(value: Json, room: int) -> tuple[Json, int]:
    """The item, small enough to stand alone, and its cost: without texts, then with fewer servers, then short words."""
    cost = _cost(value)
    for less in _SMALLER:
        if cost <= room:
            break
        value = less(value)
        cost = _cost(value)
    return value, cost


def _part(report: Json, bare: Json, items: Sequence[_Item]) -> Json:
    lists = {name: _of(items, name) for name in _LISTS}
    own = {one["fingerprint"] for one in lists["findings"]}
    omitted = report["omitted"] + len(report["findings"]) - len(own)
    changes = report["changes"] and {
        name: _changed(values, own) or _of(items, "changes", name) for name, values in report["changes"].items()
    }
    return bare | lists | {"omitted": omitted, "changes": changes}


def _of(items: Sequence[_Item], *path: str) -> list[Json]:
    return [item.value for item in items if item.path == path]


def _changed(values: Sequence[Any], own: set[str]) -> list[str]:
    """Of a list of fingerprints those that the part carries; nothing of a list of findings."""
    return [value for value in values if isinstance(value, str) and value in own]
