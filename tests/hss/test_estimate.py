from __future__ import annotations

from datetime import timedelta

import pytest

from handler.hss.estimate import Size, estimate, shard_load
from handler.hss.plan import Ask
from handler.ports import PortSet

EVERY = Ask("host", every_row=True)


@pytest.mark.parametrize(
    ("rows", "calls", "seconds"),
    [
        (0, 1, 0),
        (200, 1, 0),
        (201, 2, 0),
        (396, 2, 0),
        (397, 3, 0),
        (984, 5, 0),
        (985, 6, 61),
        (9999, 51, 10 * 61),
        (10_000, 52, 10 * 61),
    ],
)
def test_pages_and_windows_are_counted(rows, calls, seconds):
    told = estimate([EVERY], {"host": Size(rows, "asked")})
    assert told.calls == {"port_statistics": calls, "asset_statistics": 1}
    assert told.seconds == seconds


@pytest.mark.parametrize(
    ("order", "most", "fewest"),
    [("asked", 6, 6), ("seen", 7, 7), ("none", 12, 12), (None, 12, 7)],
    ids=["asked for", "only seen", "in none", "unknown"],
)
def test_in_an_order_that_is_only_seen_the_first_page_is_read_twice_and_in_none_every_page(order, most, fewest):
    told = estimate([EVERY], {"host": Size(1000, order)}).categories[0]
    assert (told.port_statistics, told.fewest, told.plan) == (most, fewest, "pages")


def test_up_to_one_page_no_order_matters():
    for order in ("asked", "seen", "none", None):
        told = estimate([EVERY], {"host": Size(200, order)}).categories[0]
        assert (told.port_statistics, told.fewest) == (1, 1)


@pytest.mark.parametrize(("rows", "calls"), [(9_999, 52), (10_000, 53)])
def test_ten_thousand_rows_in_an_order_that_is_only_seen(rows, calls):
    assert estimate([EVERY], {"host": Size(rows, "seen")}).categories[0].port_statistics == calls


def test_few_ports_are_asked_one_by_one():
    told = estimate([Ask("host", PortSet.of_ports([21, 23]))], {"host": Size(5000)})
    assert (told.categories[0].plan, told.calls["port_statistics"]) == ("ports", 3)


@pytest.mark.parametrize(
    ("order", "plan", "calls"), [("asked", "pages", 5), ("seen", "pages", 6), ("none", "ports", 9), (None, "ports", 9)]
)
def test_in_no_order_more_ports_are_asked_one_by_one(order, plan, calls):
    told = estimate([Ask("host", PortSet(((1, 8),)))], {"host": Size(900, order)}).categories[0]
    assert (told.plan, told.port_statistics) == (plan, calls)


def test_categories_share_the_window_of_an_api():
    size = Size(580, "asked")
    told = estimate([EVERY, Ask("container", every_row=True)], {"host": size, "container": size})
    assert told.calls == {"port_statistics": 6, "asset_statistics": 2}
    assert told.minutes == pytest.approx(61 / 60)


@pytest.mark.parametrize(("rows", "rate", "targets"), [(0, 5, 295), (984, 5, 59), (10_000, 5, 5), (0, 0, None)])
def test_how_many_targets_one_credential_serves_an_hour(rows, rate, targets):
    assert estimate([EVERY], {"host": Size(rows, "asked")}, rate).targets_per_hour == targets


def test_nothing_to_ask_costs_nothing():
    assert estimate([], {}).seconds == 0


@pytest.mark.parametrize(("ports", "plan", "calls"), [(51, "ports", 52), (52, "pages", 155)])
def test_beyond_the_cap_the_choice_is_made_by_what_the_api_will_say(ports, plan, calls):
    told = estimate([Ask("host", PortSet(((1, ports),)))], {"host": Size(30_000, "asked")}).categories[0]
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


def test_an_estimate_names_each_category_with_its_rows_and_the_calls_for_its_listeners():
    asks, sizes = [EVERY, Ask("container", every_row=True)], {"host": Size(580, "asked")}
    told = estimate(asks, sizes, listeners={"host": 4})
    assert [(one.category, one.total_num, one.port_detail) for one in told.categories] == [
        ("host", 580, 4),
        ("container", 0, 0),
    ]
    assert told.calls == {"port_statistics": 4, "asset_statistics": 2, "port_detail": 4}
    assert "port_detail" not in estimate(asks, sizes).calls


def test_a_round_that_ends_as_the_next_is_due_fits():
    one = {"port_statistics": 1}
    assert shard_load([one] * 6, timedelta(seconds=61)).fits
    assert not shard_load([one] * 6, timedelta(seconds=60)).fits


@pytest.mark.parametrize(("rows", "calls_per_minute", "seconds"), [(0, 1, 0), (201, 1, 61), (985, 0, 0), (397, 2, 61)])
def test_a_window_is_waited_for_before_each_call_that_does_not_fit_in_the_one_before(rows, calls_per_minute, seconds):
    assert estimate([EVERY], {"host": Size(rows, "asked")}, calls_per_minute).seconds == seconds
