from __future__ import annotations

import pytest

from handler.hss.emptiness import SEES_NO_PORT
from handler.hss.estimate import Size, estimate
from handler.hss.plan import Ask
from handler.ports import PortSet
from handler.simulator.faults import Fault
from handler.simulator.fleet import Estate, Fleet, Line
from tests.hss_bench import EVERY, PORTS, Bench, ask, lines, told, varied

# when all goes well


WORLDS = {
    "sorted on request": {"cloud": "huaweicloud"},
    "sorted as text on request": {"cloud": "huaweicloud", "sort": "text"},
    "in order of port": {"cloud": "otc", "order": "port"},
    "in order of text": {"cloud": "otc", "order": "text"},
    "in no order of port": {"cloud": "otc"},
    "in order of num": {"cloud": "otc", "order": "num"},
    "sort ignored": {"cloud": "huaweicloud", "sort": "ignored"},
}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize(
    ("count", "pages"), [(1, 1), (199, 1), (200, 1), (201, 2), (396, 2), (397, 3), (1000, 6), (1234, 7)]
)
def test_a_listing_of_every_row_is_complete_with_the_calls_of_the_plan(world, count, pages):
    bench = Bench(Fleet.of(*varied(count)), ties="any", **WORLDS[world])
    got = bench.category(EVERY)
    assert (got.complete, got.every_row, got.plan, got.problems) == (True, True, "pages", ())
    assert len(got.rows) == got.total_num == count
    more = 0 if count <= 200 or "on request" in world else 1 if world.startswith("in order of ") else pages
    more = pages if more and world == "in order of num" else more
    assert got.api_calls == len(bench.simulator.calls) == 1 + pages + more


@pytest.mark.parametrize(
    ("world", "count", "pages"),
    [
        ("sorted on request", 9_999, 51),
        ("sorted on request", 10_000, 52),
        ("in order of port", 9_999, 51 + 1),
        ("in order of port", 10_000, 52 + 1),
        ("in order of port", 10_100, 53 + 1),
    ],
)
def test_ten_thousand_rows_in_order_take_52_pages_and_one_more_where_the_order_is_only_seen(world, count, pages):
    got = Bench(Fleet.of(*varied(count)), **WORLDS[world]).category(EVERY)
    assert (got.complete, len(got.rows), got.total_num) == (True, count, min(count, 10_000))
    assert got.api_calls == 1 + pages


def test_an_honest_total_above_10000_uses_its_rows():
    bench = Bench(Fleet.of(*varied(10_602)), cap=2_000_000, order="port")
    bench.client = bench.client._replace(validation="warn")
    got = bench.category(EVERY)
    assert (got.complete, len(got.rows), got.total_num, got.api_calls) == (True, 10_602, 10_602, 1 + 56 + 1)


def test_few_ports_are_asked_one_by_one_and_answered_by_the_later_answer():
    bench = Bench(Fleet.of(*lines(2000), Line(23, "TCP", 3), Line(23, "UDP", 1)))
    got = bench.category(ask(22, 23))
    assert (got.complete, got.every_row, got.plan, got.api_calls) == (True, False, "ports", 4)
    assert [row[:3] for row in got.rows if row.port < 1000] == [(23, "tcp", 3), (23, "udp", 1)]
    assert [query.get("port") for query in bench.queries] == [None, "22", "23"]


def test_a_port_closed_since_the_first_page_is_not_reported():
    bench = Bench(Fleet.of(Line(23, "TCP", 3), *lines(900)))
    bench.before = lambda request, _number: bench.simulator.close_port(23) if "port=23" in request.url else None
    got = bench.category(ask(23))
    assert got.complete
    assert 23 not in {row.port for row in got.rows}


def test_on_huawei_a_proven_order_ends_the_pages_early():
    bench = Bench(Fleet.of(*lines(2000, start=900)), cloud="huaweicloud")
    got = bench.category(ask(950, 1100, 1200))
    assert (got.complete, got.every_row, got.plan) == (True, False, "ports")
    assert {query.get("port") for query in bench.queries} == {None, "1100", "1200"}
    assert bench.queries[0]["sort_key"] == "port"
    assert Bench(Fleet.of(*lines(2000, start=900)), cloud="huaweicloud").category(ask(950)).plan == "sorted"


@pytest.mark.parametrize("sort", ["text", "ignored"])
def test_on_huawei_an_order_that_is_not_proven_ends_nothing(sort):
    got = Bench(Fleet.of(*lines(2000, start=900)), cloud="huaweicloud", sort=sort).category(ask(950))
    assert (got.complete, got.plan, got.api_calls) == (True, "ports", 3)


def test_on_otc_no_order_is_asked_for_and_no_parameter_breaks_the_document():
    bench = Bench(Fleet.of(*lines(500)))
    bench.category(EVERY)
    assert not any("sort_key" in query for query in bench.queries)
    assert not any(call.breaches for call in bench.simulator.calls)


def test_six_pages_take_two_windows_and_the_waits_are_told():
    bench = Bench(Fleet.of(*varied(1100)), cloud="huaweicloud")
    assert bench.category(EVERY).api_calls == 7
    assert sum(bench.clock.slept) == pytest.approx(61)
    assert [step.wait for step in bench.progress if step.wait] == pytest.approx([61])


def told_progress(bench: Bench) -> list[tuple[int, int, int]]:
    return [(step.made, step.planned, step.rows) for step in bench.progress if not step.wait]


def test_progress_tells_calls_made_and_planned():
    bench = Bench(Fleet.of(*varied(450)), order="port")
    bench.category(EVERY)
    assert told_progress(bench) == [(0, 1, 0), (2, 5, 200), (3, 5, 396), (4, 5, 450), (5, 5, 450)]
    assert {step.category for step in bench.progress} == {"host"}


def test_progress_counts_a_second_reading_as_planned():
    bench = Bench(Fleet.of(*varied(450)))
    bench.category(EVERY)
    assert [step[:2] for step in told_progress(bench)] == [(0, 1), (2, 7), (3, 7), (4, 7), (5, 7), (6, 7), (7, 7)]


def test_progress_counts_exact_queries_as_planned():
    bench = Bench(Fleet.of(*varied(2000)))
    bench.category(ask(22, 23))
    assert [step[:2] for step in told_progress(bench)] == [(0, 1), (2, 4), (3, 4), (4, 4)]


def test_progress_counts_anew_after_starting_over():
    bench = Bench(Fleet.of(*varied(450)), Fault("more_rows", PORTS, first=3, last=3), order="port")
    bench.category(EVERY)
    assert told_progress(bench)[-5:] == [(4, 10, 450), (5, 8, 450), (6, 8, 450), (7, 8, 450), (8, 8, 450)]


def test_what_was_received_is_kept_only_where_it_is_recorded():
    bench = Bench(Fleet.of(*lines(3)))
    kept, bare = bench.category(EVERY, keep_raw=True), bench.category(EVERY)
    assert {row["type"] for row in kept.raw_rows} == {"TCP"}
    assert kept.raw_statistics["port_num"] == 6
    assert (len(kept.raw_rows), bare.raw_rows, bare.raw_statistics) == (3, (), None)


def test_categories_and_the_moment_are_those_of_the_ask():
    fleet = Fleet({("0", "host"): Estate(lines(3)), ("0", "container"): Estate(lines(2))})
    got = Bench(fleet).snapshot(EVERY, Ask("container", every_row=True))
    assert [(one.category, len(one.rows)) for one in got.categories] == [("host", 3), ("container", 2)]
    assert got.taken_at == "2026-11-22T12:00:01Z"  # the first look at the clock, at noon and 1.5 seconds


def test_drift_from_the_document_is_a_warning():
    bench = Bench(Fleet.of(*lines(3)), Fault("set", PORTS, value={"page": 1}))
    got = bench.category(EVERY)
    assert got.complete
    assert any("$.page" in warning for warning in got.warnings)


@pytest.mark.parametrize(("cloud", "order"), [("otc", "port"), ("otc", "insertion"), ("huaweicloud", "insertion")])
@pytest.mark.parametrize(
    "asked", [EVERY, Ask("host"), ask(1, 2), Ask("host", PortSet(((1, 40),)))], ids=["all", "none", "two", "forty"]
)
@pytest.mark.parametrize("count", [0, 200, 201, 1500])
def test_the_estimate_holds(cloud, order, asked, count):
    bench = Bench(Fleet.of(*varied(count)), cloud=cloud, order=order)
    sort = "asked" if cloud == "huaweicloud" else "seen" if order == "port" else "none"
    got, told = bench.category(asked), estimate([asked], {"host": Size(count, sort)})
    assert got.complete
    assert got.api_calls <= sum(told.calls.values())
    assert cloud == "huaweicloud" or got.api_calls == sum(told.calls.values())
    assert sum(bench.clock.slept) <= told.seconds + 1e-6


# an empty list


def empty(port_num: int | None) -> Fleet:
    return Fleet({("0", "host"): Estate((), {"port_num": port_num})})


def test_an_empty_list_that_both_apis_confirm_is_complete_with_a_warning():
    got = Bench(empty(0)).category(EVERY)
    assert (got.complete, got.rows, got.warnings) == (True, (), (SEES_NO_PORT,))


def test_an_empty_list_beside_counted_ports_is_a_contradiction():
    got = Bench(empty(12)).category(EVERY)
    assert not got.complete
    assert "count 12 ports, but the list of ports is empty" in told(got)


def test_an_empty_list_that_nothing_confirms_is_not_complete():
    got = Bench(empty(None)).category(EVERY)
    assert not got.complete
    assert "no port_num to confirm it" in told(got)


def test_nothing_but_emptiness_is_compared_with_the_counters():
    fleet = Fleet({("0", "host"): Estate(lines(3), {"port_num": 0})})
    assert Bench(fleet).category(EVERY).complete
