"""Targets that left the file: when they may be forgotten, and what is said where that is not known."""

from __future__ import annotations

import pytest

from handler.models.delivery import Delivery
from handler.run.left import foreign, is_settled, not_known


@pytest.mark.parametrize("status", ["delivered", "accepted", "quiet", "dry-run"])
def test_a_target_may_be_forgotten_where_every_sink_knows(status):
    assert is_settled([Delivery("a", "slack", status), Delivery("b", "teams", "delivered")])
    assert is_settled([])


@pytest.mark.parametrize("status", ["owed", "failed"])
def test_a_target_is_kept_where_one_sink_does_not_know(status):
    assert not is_settled([Delivery("b", "teams", "delivered"), Delivery("a", "slack", status)])


@pytest.mark.parametrize(
    ("names", "named"),
    [(["a"], "a"), (["a", "b", "c"], "a, b, c"), (["a", "b", "c", "d"], "a, b, c and 1 more")],
)
def test_the_first_targets_that_left_are_named_and_the_others_counted(names, named):
    said = "whether another shard checks them now is not known, because not all of FLEET_STATE_URLS can be read"
    assert not_known(names, ["state 1: x"]) == f"left TARGETS_CONFIG: {named}; {said}: state 1: x"


def test_of_the_indexes_that_cannot_be_read_three_are_named():
    unread = [f"state {number}: x" for number in range(1, 6)]
    assert not_known(["a"], unread).endswith("can be read: state 1: x; state 2: x; state 3: x")


@pytest.mark.parametrize(
    ("known", "listed", "expected"),
    [([], ["a"], False), (["a", "x"], ["a"], False), (["x"], ["a"], True), (["x"], [], True)],
)
def test_an_index_is_of_others_where_it_holds_targets_and_none_of_ours(known, listed, expected):
    assert foreign(known, listed) is expected
