"""The lock beside a file: both its halves, what a crash leaves, and what other machines do at the same moment."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from handler.errors import StoreError
from handler.state.lock import POLL, STALE, locked
from tests.fakes import FakeClock
from tests.faults.disk import full, watching


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


def test_a_full_disk_leaves_no_lock_of_our_own_behind(path, busy):
    with full(), pytest.raises(OSError, match="File too large"), locked(path, FakeClock(), 1, does_nothing):
        pass
    assert not busy.exists()
    with locked(path, FakeClock(), 0, does_nothing):
        pass


def test_a_lock_that_is_minutes_old_by_the_clock_of_its_disk_is_broken_at_once(path, busy):
    busy.write_bytes(b"long gone")
    os.utime(busy, (1, 1))
    with locked(path, FakeClock(), 0, does_nothing):
        assert busy.read_bytes() != b"long gone"
    busy.write_bytes(b"of this moment")
    with pytest.raises(StoreError, match="another run keeps it"), locked(path, FakeClock(), 0, does_nothing):
        pass
    assert busy.read_bytes() == b"of this moment"


class Fives(FakeClock):
    """A clock on which each wait takes five seconds, so that ten seconds are met exactly."""

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.tick(5)


def test_a_lock_counts_as_dead_after_ten_seconds_to_the_second(path, busy):
    busy.write_bytes(b"dead")
    clock = Fives()
    with locked(path, clock, 60):
        pass
    assert clock.slept == [POLL] * 2


@pytest.mark.parametrize(("limit", "waits"), [(0, 0), (1, 1), (5, 1)])
def test_a_lock_is_waited_for_to_the_second(path, busy, limit, waits):
    busy.write_bytes(b"theirs")
    clock = Fives()
    with pytest.raises(StoreError) as caught, locked(path, clock, limit):
        raise AssertionError
    assert len(clock.slept) == waits
    assert caught.value.hint == "If no other run is active, remove that file."


def test_nobody_else_may_read_or_write_a_lock(path, busy):
    before = os.umask(0)
    try:
        with locked(path, FakeClock(), 1):
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"state.json.lock": 0o600, "state.json.busy": 0o600}


def test_a_fresh_lock_that_cannot_be_put_back_because_another_was_made_meanwhile_is_given_up(path, busy):
    """Three machines: one breaks the lock of the second, and the third makes its own before it is put back."""

    def third(event, writes):
        if event == "os.link":
            busy.write_bytes(b"third")

    for _ in meddled(path, busy, lambda: busy.write_bytes(b"second")):
        assert busy.read_bytes() == b"second"
    with watching(path.parent, third):
        outcomes = set(meddled(path, busy, lambda: busy.write_bytes(b"second")))
    assert outcomes == {"kept"}
    assert {one.name for one in path.parent.iterdir()} == {"state.json.busy", "state.json.lock"}


def test_a_full_disk_is_the_error_even_where_our_own_lock_cannot_be_removed_either(path, busy):
    def stuck(event, writes):
        if event == "os.remove":
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    lock = locked(path, FakeClock(), 1, does_nothing)
    with watching(path.parent, stuck), full(), pytest.raises(OSError, match="File too large"), lock:
        pass
    assert busy.exists()
