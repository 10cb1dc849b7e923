"""The lock beside a file: both its halves, what a crash leaves, and what other machines do at the same moment."""

from __future__ import annotations

import errno
import os

import pytest

from handler.errors import StoreError
from handler.state.lock import POLL, STALE, locked
from tests.fakes import FakeClock


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.json"


@pytest.fixture
def busy(path):
    return path.with_name("state.json.busy")


def knows_no_flock(descriptor, operation):
    raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))


def does_nothing(descriptor, operation):
    """What flock is on many shares."""


class Meddling(FakeClock):
    """A clock at whose n-th reading something happens: what another machine does in between."""

    def __init__(self, reading, then):
        super().__init__()
        self.left, self.then = reading, then

    def monotonic(self):
        self.left -= 1
        if self.left == 0:
            self.then()
        return super().monotonic()


def test_a_lock_is_free_again_after_its_holder(path, busy):
    for _ in range(2):
        with locked(path, FakeClock(), 1):
            assert busy.exists()
        assert not busy.exists()


def test_a_lock_is_free_again_after_a_holder_that_failed(path, busy):
    with pytest.raises(ZeroDivisionError), locked(path, FakeClock(), 1):
        raise ZeroDivisionError
    assert not busy.exists()
    with locked(path, FakeClock(), 0):
        pass


def test_flock_alone_keeps_out_others_of_this_machine(path, busy):
    clock = FakeClock()
    with locked(path, FakeClock(), 1):
        busy.unlink()  # only the other half is left
        with pytest.raises(StoreError, match=r"state\.json\.lock: another run keeps it"), locked(path, clock, 2):
            raise AssertionError
    assert 2 <= sum(clock.slept) < 2 + 2 * POLL


@pytest.mark.parametrize("flock", [knows_no_flock, does_nothing])
def test_a_share_without_flock_is_locked_by_the_other_half(path, busy, flock):
    with locked(path, FakeClock(), 1, flock):
        assert busy.exists()
        with pytest.raises(StoreError, match=r"state\.json\.busy: another run"), locked(path, FakeClock(), 1, flock):
            raise AssertionError
    with locked(path, FakeClock(), 0, flock):
        pass


def test_the_lock_of_another_machine_is_left_alone_at_the_end(path, busy):
    with locked(path, FakeClock(), 1):
        busy.write_bytes(b"theirs")  # took ours for dead and made its own
    assert busy.read_bytes() == b"theirs"


def test_a_lock_that_is_gone_at_the_end_is_no_error(path, busy):
    with locked(path, FakeClock(), 1):
        busy.unlink()
    assert not busy.exists()


def test_a_dead_lock_is_broken_after_its_time_and_not_before(path, busy):
    busy.write_bytes(b"dead")
    clock = FakeClock()
    with pytest.raises(StoreError, match="another run keeps it"), locked(path, clock, STALE - 1):
        raise AssertionError
    assert busy.read_bytes() == b"dead"
    with locked(path, FakeClock(), STALE + 1):
        assert busy.read_bytes() != b"dead"
    assert sorted(one.name for one in path.parent.iterdir()) == ["state.json.lock"]


def test_a_lock_that_its_holder_keeps_alive_is_not_broken(path, busy):
    class Living(FakeClock):
        def sleep(self, seconds):
            busy.write_bytes(str(len(self.slept)).encode())
            super().sleep(seconds)

    busy.write_bytes(b"first")
    with pytest.raises(StoreError, match="another run keeps it"), locked(path, Living(), 3 * STALE):
        raise AssertionError
    assert busy.exists()


def meddled(path, busy, then):
    """Waits for a dead lock, once for each of the last readings of the clock before it is broken, at which `then`."""
    readings = 2 * int(STALE / POLL)  # two for each wait
    for reading in range(readings - 20, readings + 6):
        busy.write_bytes(b"dead")
        try:
            with locked(path, Meddling(reading, then), STALE + 1):
                yield "taken"
        except StoreError:
            yield "kept"


def test_a_fresh_lock_that_was_mistaken_for_a_dead_one_is_put_back(path, busy):
    outcomes = []
    for outcome in meddled(path, busy, lambda: busy.write_bytes(b"fresh")):
        outcomes.append(outcome)
        assert busy.read_bytes() == b"fresh"
    assert set(outcomes) == {"kept"}
    assert sorted(one.name for one in path.parent.iterdir()) == ["state.json.busy", "state.json.lock"]


def test_a_dead_lock_that_another_machine_removed_first_is_no_error(path, busy):
    assert set(meddled(path, busy, lambda: busy.unlink(missing_ok=True))) == {"taken"}
    assert not busy.exists()
