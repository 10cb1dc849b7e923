from __future__ import annotations

from datetime import timedelta

import pytest

from handler.hss.estimate import estimate, shard_load
from handler.hss.plan import Ask
from handler.ports import PortSet

EVERY = Ask("host", every_row=True)


@pytest.mark.parametrize(
    ("rows", "calls", "seconds"),
    [(0, 1, 0), (200, 1, 0), (201, 2, 0), (1000, 5, 0), (1001, 6, 61), (9999, 50, 9 * 61), (10_000, 51, 10 * 61)],
)
def test_pages_and_windows_are_counted(rows, calls, seconds):
    told = estimate([EVERY], {"host": rows})
    assert told.calls == {"port_statistics": calls, "asset_statistics": 1}
    assert told.seconds == seconds


def test_few_ports_are_asked_one_by_one():
    told = estimate([Ask("host", PortSet.of_ports([21, 23]))], {"host": 5000})
    assert (told.categories[0].plan, told.calls["port_statistics"]) == ("ports", 3)


def test_categories_share_the_window_of_an_api():
    told = estimate([EVERY, Ask("container", every_row=True)], {"host": 600, "container": 600})
    assert told.calls == {"port_statistics": 6, "asset_statistics": 2}
    assert told.minutes == pytest.approx(61 / 60)


@pytest.mark.parametrize(("rows", "rate", "targets"), [(0, 5, 295), (1000, 5, 59), (10_000, 5, 5), (0, 0, None)])
def test_how_many_targets_one_credential_serves_an_hour(rows, rate, targets):
    assert estimate([EVERY], {"host": rows}, rate).targets_per_hour == targets


def test_nothing_to_ask_costs_nothing():
    assert estimate([], {}).seconds == 0


@pytest.mark.parametrize(("ports", "plan", "calls"), [(50, "ports", 51), (51, "pages", 151)])
def test_beyond_the_cap_the_choice_is_made_by_what_the_api_will_say(ports, plan, calls):
    told = estimate([Ask("host", PortSet(((1, ports),)))], {"host": 30_000}).categories[0]
    assert (told.plan, told.port_statistics) == (plan, calls)


def test_the_load_of_a_shard_is_its_pace_and_its_month():
    one = {"port_statistics": 1, "asset_statistics": 1}
    load = shard_load([one] * 295, timedelta(hours=1))
    assert (load.targets, load.calls, load.fits, load.requests_a_month) == (295, 590, True, 4320)
    assert load.minutes == pytest.approx(58 * 61 / 60)
    assert load.gb_seconds_a_month == pytest.approx(720 * 3600 * 0.25)  # never more than all the time there is
    assert shard_load([one] * 5, timedelta(hours=1)).gb_seconds_a_month == pytest.approx(720 * 5 * 0.25)
    assert not shard_load([one] * 301, timedelta(hours=1)).fits
    assert shard_load([one] * 301, timedelta(hours=1), 0).fits
    assert shard_load([], timedelta(hours=1)).calls == 0
