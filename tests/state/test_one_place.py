"""One of the other places of a state: read and written alone, and forgotten while others write."""

from __future__ import annotations

import pytest

from handler.errors import StoreConflictError
from handler.state.document import decode, encode
from handler.state.memory import LastRun, RunSummary
from handler.state.one_place import FORGET_TRIES, OnePlace
from tests.fakes import MemoryStore

LINE = RunSummary("run-1", "2026-11-22T12:00:00Z", "compliant", (0, 0, 0, 0, 0), 3, 1, 1)
OLD, OTHER = LastRun("2026-10-01T12:00:00Z", place="old"), LastRun("2026-11-01T12:00:00Z", place="other")
WHOLE = LastRun("2026-11-22T12:00:00Z", place="new", history=(LINE,), others={"old": OLD, "other": OTHER})


class Raced(MemoryStore):
    """A store into which another run writes before each of the next `races` savings, what `theirs` makes of it."""

    races, theirs = 0, staticmethod(lambda known: known)

    def save(self, document, version):
        if self.races:
            self.races -= 1
            self.document, self.count = encode(self.theirs(decode(self.document))), self.count + 1
        return super().save(document, version)


def store_of(whole=WHOLE):
    return Raced(encode(whole))


def test_a_place_is_read_alone_and_a_saving_changes_nothing_else():
    store = store_of()
    view = OnePlace(store, "old")
    one, version = view.load()
    assert one == OLD
    changed = one._replace(policy_digest="sha256:1", history=(LINE,), others={"x": OTHER})
    again = view.save(encode(changed), version)
    view.save(encode(changed._replace(gap=("a", "b", "1"))), again)
    known = OLD._replace(policy_digest="sha256:1", gap=("a", "b", "1"))
    assert decode(store.document) == WHOLE._replace(others={"old": known, "other": OTHER})


@pytest.mark.parametrize("place", ["new", "unknown"])
def test_a_place_that_was_asked_last_or_is_not_known_is_neither_read_nor_written(place):
    store = store_of()
    view = OnePlace(store, place)
    assert view.load() == (None, "0")
    with pytest.raises(StoreConflictError, match=f"{place} is not among the other places of the state any more"):
        view.save(encode(OLD), "0")
    view.forget(WHOLE.run_at)
    assert decode(store.document) == WHOLE


def test_of_no_state_nothing_is_read_or_written():
    store = MemoryStore()
    view = OnePlace(store, "old")
    assert view.load() == (None, None)
    with pytest.raises(StoreConflictError):
        view.save(encode(OLD), None)
    view.forget(OLD.run_at)
    assert store.document is None


def test_what_was_never_read_is_not_written():
    store = store_of()
    with pytest.raises(StoreConflictError):
        OnePlace(store, "old").save(encode(OLD), "0")
    assert decode(store.document) == WHOLE


def test_a_place_is_forgotten_and_what_another_run_wrote_meanwhile_is_kept():
    store = store_of()
    store.races, store.theirs = FORGET_TRIES - 1, lambda known: known._replace(policy_digest=known.policy_digest + "x")
    OnePlace(store, "old").forget(OLD.run_at)
    assert decode(store.document) == WHOLE._replace(policy_digest="x" * (FORGET_TRIES - 1), others={"other": OTHER})


@pytest.mark.parametrize("change", [{"others": {"other": OTHER}}, {"place": "old", "others": {"new": OTHER}}])
def test_a_place_that_another_run_forgot_or_asked_meanwhile_is_let_alone(change):
    store = store_of()
    store.races, store.theirs = 1, lambda known: known._replace(**change)
    OnePlace(store, "old").forget(OLD.run_at)
    assert decode(store.document) == WHOLE._replace(**change)


def test_a_place_that_was_asked_again_and_then_left_again_is_kept():
    store = store_of()
    OnePlace(store, "old").forget("2026-09-30T12:00:00Z")
    assert decode(store.document) == WHOLE


def test_where_others_always_write_in_between_the_next_run_forgets_it():
    store = store_of()
    store.races = FORGET_TRIES + 1
    OnePlace(store, "old").forget(OLD.run_at)
    assert decode(store.document) == WHOLE
