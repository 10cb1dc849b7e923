"""Where HSS and the policy disagree about a port. Pure."""

from __future__ import annotations

from itertools import compress
from operator import itemgetter, ne
from typing import TYPE_CHECKING

from handler.models.gaps import Gaps
from handler.policy.match import judged_places

if TYPE_CHECKING:
    from handler.models import CategorySnapshot, Snapshot
    from handler.policy.rules import Policy

_STATUS, _PLACE = itemgetter(3), itemgetter(0, 1)  # of a row


def vendor_gaps(policy: Policy, snapshot: Snapshot) -> Gaps | None:
    """What one of the two forbids and the other does not; None unless all rows were read, each with a status."""
    asked = [category for category in snapshot.categories if category.plan != "skipped"]
    if not asked or not all(map(_says_all, asked)):
        return None
    silent: list[tuple[str, int, str]] = []
    harmless: list[tuple[str, int, str]] = []
    for category in asked:
        forbidden = judged_places(policy.rules, category.category, category.rows)
        ours = list(map(forbidden.__contains__, map(_PLACE, category.rows)))
        theirs = map("danger".__eq__, map(_STATUS, category.rows))
        for row, is_forbidden in compress(zip(category.rows, ours, strict=True), map(ne, ours, theirs)):
            (harmless if is_forbidden else silent).append((category.category, row.port, row.protocol))
    return Gaps(tuple(sorted(silent)), tuple(sorted(harmless)))


def _says_all(category: CategorySnapshot) -> bool:
    """Whether all rows of a category were read, and each carries a status."""
    return category.complete and category.every_row and None not in map(_STATUS, category.rows)
