"""Sets of port numbers as sorted, disjoint, inclusive ranges."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LOWEST, HIGHEST = 0, 65535


def range_text(low: int, high: int) -> str:
    """`23`, `135-139`."""
    return str(low) if low == high else f"{low}-{high}"


class PortSet:
    """Port numbers. Build it with `of`, which sorts and merges; `ranges` holds (low, high), both inside."""

    __slots__ = ("ranges",)

    def __init__(self, ranges: tuple[tuple[int, int], ...] = ()) -> None:
        self.ranges: Final = ranges

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> PortSet:
        """The set of all ports of these ranges; neighbours and overlaps are merged."""
        merged: list[tuple[int, int]] = []
        for low, high in sorted(ranges):
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], high))
            else:
                merged.append((low, high))
        return cls(tuple(merged))

    @classmethod
    def of_ports(cls, ports: Iterable[int]) -> PortSet:
        """The set of these single ports."""
        return cls.of((port, port) for port in ports)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PortSet) and other.ranges == self.ranges

    def __hash__(self) -> int:
        return hash(self.ranges)

    def __repr__(self) -> str:
        return f"PortSet({self})"

    def __contains__(self, port: int) -> bool:
        at = bisect_right(self.ranges, (port, HIGHEST + 1)) - 1
        return at >= 0 and self.ranges[at][0] <= port <= self.ranges[at][1]

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __len__(self) -> int:
        return sum(high - low + 1 for low, high in self.ranges)

    def __iter__(self) -> Iterator[int]:
        for low, high in self.ranges:
            yield from range(low, high + 1)

    def __str__(self) -> str:
        """`21, 23, 135-139`."""
        return ", ".join(range_text(low, high) for low, high in self.ranges)

    def __or__(self, other: PortSet) -> PortSet:
        return PortSet.of((*self.ranges, *other.ranges))

    def __and__(self, other: PortSet) -> PortSet:
        return self - (self - other)

    def __sub__(self, other: PortSet) -> PortSet:
        left: list[tuple[int, int]] = []
        for low, high in self.ranges:
            start = low
            for cut_low, cut_high in other.ranges:
                if cut_high < start or cut_low > high:
                    continue
                if cut_low > start:
                    left.append((start, cut_low - 1))
                start = cut_high + 1
            if start <= high:
                left.append((start, high))
        return PortSet(tuple(left))


ALL_PORTS = PortSet(((LOWEST, HIGHEST),))
NAMED_PORTS = PortSet(((1, HIGHEST),))  # what a policy can name; port 0 is legal only in an answer
