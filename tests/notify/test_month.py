"""A month of hourly runs, read message by message: each change is told once, first, with its true reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from handler.sinks.kinds import SINK_KINDS
from tests.month import MANY_CLOSE, MANY_OPEN, month, table

CHATS = sorted(name for name, kind in SINK_KINDS.items() if kind.chat)
MACHINES = sorted(name for name, kind in SINK_KINDS.items() if kind.takes_all)
TOLD = {
    (0, 0): ("3389/tcp", "new"),
    (1, 9): ("23/tcp", "new, critical, 1 server"),
    (2, 9): ("23/tcp", "grown from 1, critical, 2 servers"),
    (3, 9): ("From 2026-12-13 on, in 18 days, mysql is open (mysql) forbids 3306 (host); open now: 3306/tcp",),
    (4, 9): ("23/tcp", "closed, critical"),
    (5, 9): ("23/tcp", "open again, had closed 2026-11-26 22:00 UTC"),
    (6, 11): ("From 2026-12-13 on, in 14 days, mysql is open (mysql) forbids 3306",),
    (7, 9): ("445/tcp", "newly forbidden, high"),
    (8, 9): ("3389/tcp", "raised from medium, critical"),
    (9, 11): ("lifts", "holds until 2026-12-16, 14 days left"),
    (12, 9): ("HTTP 403", "Grant hss:ports:list to the agency."),
    (12, 12): ("Complete again", "host"),
    (14, 9): ("3389/tcp", "closed, critical"),
    (18, 0): ("no run for", "49 h"),
    (19, 9): ("23/tcp", "closed, critical"),
    (19, 11): ("From 2026-12-13 on, tomorrow, mysql is open (mysql) forbids 3306",),
    (20, 1): ("23/tcp", "open again"),
    (20, 2): ("23/tcp", "closed, critical"),
    (20, 3): ("23/tcp", "open again"),
    (20, 4): ("23/tcp", "flapping, closed now"),
    (20, 11): ("3306/tcp", "newly forbidden, medium, 3 servers"),
    (21, 4): ("23/tcp", "flapping, open now"),
    (21, 11): ("23/tcp", "open, steady since 2026-12-13 00:00 UTC"),
    (24, 11): ("21/tcp", "newly forbidden, high"),
    MANY_OPEN: ("40001/tcp", "new, high, 1 server"),
    MANY_CLOSE: ("300 closed", "closed, high"),
}


@pytest.mark.parametrize("kind", CHATS)
def test_people_hear_of_each_change_once_and_of_nothing_else(kind):
    heard = {divmod(hour, 24): text for hour, text in month().heard(kind).items()}
    assert list(heard) == list(TOLD)
    for when, words in TOLD.items():
        assert all(word in heard[when] for word in words), (when, words)
        assert "resolved" not in heard[when].lower()


@pytest.mark.parametrize("kind", CHATS)
def test_a_message_lists_nothing_that_did_not_change(kind):
    assert "3389/tcp" not in month().heard(kind)[5 * 24 + 9]
    assert "445/tcp" not in month().heard(kind)[MANY_OPEN[0] * 24 + MANY_OPEN[1]]


@pytest.mark.parametrize("kind", MACHINES)
def test_machines_get_every_port_of_three_hundred_and_every_change_of_one_that_flaps(kind):
    text = month().heard(kind)[MANY_OPEN[0] * 24 + MANY_OPEN[1]]
    assert all("high-ports" in text and f"{port}" in text for port in range(40_001, 40_601, 2))
    assert all(20 * 24 + hour in month().heard(kind) for hour in range(1, 12))


def test_no_two_messages_to_a_machine_have_the_same_id():
    ids = [message.headers["webhook-id"] for message in month().messages if message.kind == "generic"]
    assert len(ids) == len(set(ids))


def test_alertmanager_hears_of_every_run_and_its_watchdog_is_always_there():
    heard = month().heard("alertmanager")
    down = set(range(13 * 24 + 9, 14 * 24 + 9))
    assert set(heard) == set(month().reports) - down
    assert all("PortComplianceWatchdog" in text for text in heard.values())


def test_the_documents_count_is_this_months():
    assert table() in (Path(__file__).parents[2] / "docs/reliability.md").read_text()
