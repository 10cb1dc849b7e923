"""How an answer drifts from its document: the same breach in many rows is one line with a count."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.schemas.breach import Breach, BreachKind

_INDEX = re.compile(r"\[\d+\]")
_WORDS: dict[BreachKind, str] = {
    "unknown_key": "a key that the document does not name",
    "unlisted_value": "a value that the document does not list",
    "type": "not of the documented type",
    "range": "outside of the documented range",
    "missing": "a required key is missing",
}


class Drift(NamedTuple):
    """One kind of breach at one place, and how often. `path` is a pattern without indices, `$.data_list[].foo`."""

    path: str
    kind: BreachKind
    times: int

    @property
    def key(self) -> str:
        """The same for the same drift in every run, whatever the count: for whoever reports a change once."""
        return f"{self.path}: {_WORDS[self.kind]}"

    def __str__(self) -> str:
        return f"{self.key} (x {self.times})"


def drift(breaches: Iterable[Breach]) -> tuple[Drift, ...]:
    """All breaches by place and kind, in the order of path and kind."""
    counts = Counter((pattern(breach.path), breach.kind) for breach in breaches)
    return tuple(Drift(path, kind, count) for (path, kind), count in sorted(counts.items()))


def pattern(path: str) -> str:
    """A JSON path without its indices: `$.data_list[3].port` gives `$.data_list[].port`."""
    return _INDEX.sub("[]", path)
