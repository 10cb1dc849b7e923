"""Twenty pairs of policies of each kind of change, made by hand: silence, or each weaker place in its words."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import chain

import pytest

from handler.review.loosened import loosened
from tests.review import kept_table, kept_table_more, loosened_table, loosened_table_more
from tests.small_policies import policy_of

policy = cache(policy_of)
DAY = date(2026, 12, 1)
KEPT = {
    "renamed": kept_table.RENAMED,
    "split": kept_table.SPLIT,
    "merged": kept_table.MERGED,
    "in another order": kept_table_more.REORDERED,
    "covered by a wider rule": kept_table_more.WIDER,
    "tightened": kept_table_more.TIGHTENED,
}
LOOSENED = {
    "dropped": loosened_table.DROPPED,
    "less severe": loosened_table.LESS_SEVERE,
    "narrowed": loosened_table.NARROWED,
    "tolerating more": loosened_table_more.TOLERATED,
    "put off": loosened_table_more.PUT_OFF,
    "exempted": loosened_table_more.EXEMPTED,
    "of fewer servers": loosened_table_more.SERVERS,
}


def _each(kinds):
    pairs = chain.from_iterable(((f"{kind} {at}", pair) for at, pair in enumerate(kinds[kind])) for kind in kinds)
    return [pytest.param(*pair, id=name) for name, pair in pairs]


def _named(old, new):
    return [place.words(DAY) for place in loosened(policy(old), policy(new), DAY)]


@pytest.mark.parametrize(("old", "new"), _each(KEPT))
def test_what_finds_as_much_as_severely_is_not_loosened(old, new):
    assert _named(old, new) == []


@pytest.mark.parametrize(("old", "new", "words"), _each(LOOSENED))
def test_each_weaker_place_is_named_in_words(old, new, words):
    assert _named(old, new) == words


@pytest.mark.parametrize("kind", [*KEPT, *LOOSENED])
def test_there_are_twenty_different_pairs_of_each_kind(kind):
    pairs = [(policy(old), policy(new)) for old, new, *_ in (KEPT | LOOSENED)[kind]]
    assert len(pairs) == 20
    assert all(pair not in pairs[:at] for at, pair in enumerate(pairs))
