from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from handler.hss.plan import (
    Ask,
    ExactPorts,
    NextPage,
    Pages,
    StartOver,
    Stop,
    asks_of,
    calls_from_start,
    next_step,
)
from handler.models import Row
from handler.policy.rules import Policy, Rule
from handler.ports import ALL_PORTS, PortSet


def tcp(*ports: int) -> tuple[Row, ...]:
    return tuple(Row(port, "tcp", 1) for port in ports)


def ask(*ports: int, every_row: bool = False) -> Ask:
    return Ask("host", PortSet.of_ports(ports), every_row)


def pages(total: int, *each: tuple[Row, ...]) -> Pages:
    seen = Pages.first(total, each[0])
    for rows in each[1:]:
        seen = seen.add(total, rows)
    return seen


def step(wanted: Ask, seen: Pages, *, sortable: bool = False):
    return next_step(wanted, seen, sortable=sortable)


def shuffled(count: int, start: int = 1000) -> tuple[Row, ...]:
    return tcp(*range(start + count, start, -1))


# what a policy asks


def policy(*rules: Rule) -> Policy:
    return Policy("p", "sha256:0", rules)


def test_an_ask_joins_the_ports_of_all_rules_of_a_category():
    rules = (
        Rule("a", "ports", ports=PortSet.of_ports([23]), categories=("host", "container")),
        Rule("b", "ports", ports=PortSet.of([(22, 23)])),
        Rule("c", "statistic", statistic="database_num"),
    )
    assert asks_of(policy(*rules), ("host", "container")) == (
        Ask("host", PortSet(((22, 23),))),
        Ask("container", PortSet(((23, 23),))),
    )


@pytest.mark.parametrize("kind", ["allowed_ports", "status"])
def test_allowed_ports_and_status_alone_need_every_row(kind):
    assert asks_of(policy(Rule("a", kind, ports=ALL_PORTS)), ("host",))[0].every_row


def test_a_category_of_which_no_rule_speaks_asks_for_no_port():
    assert asks_of(policy(Rule("a", "statistic", statistic="port_num")), ("container",)) == (Ask("container"),)


# the first page


def test_a_listing_on_one_page_is_whole():
    assert step(ask(23), pages(2, tcp(22, 23))) == Stop("pages", every_row=True)


def test_an_empty_listing_is_whole():
    assert step(ask(23, every_row=True), pages(0, ())) == Stop("pages", every_row=True)


def test_a_first_page_without_the_rows_it_announces_is_a_fault():
    assert step(ask(23), pages(3, ())) == StartOver("total_num is 3, but the first page is empty")


def test_without_a_port_to_ask_for_the_first_page_is_enough():
    assert step(ask(), pages(9000, shuffled(200))) == Stop("ports", every_row=False)


@pytest.mark.parametrize(
    ("ports", "total", "expected"),
    [
        (3, 800, ExactPorts((1, 2, 3))),  # three ports, three pages
        (4, 800, NextPage(200, 3, 3)),
        (1, 201, ExactPorts((1,))),
        (2, 201, NextPage(200, 1, 1)),
    ],
)
def test_exact_queries_replace_pages_where_they_are_no_more(ports, total, expected):
    assert step(ask(*range(1, ports + 1)), pages(total, shuffled(200))) == expected


def test_every_row_is_read_by_pages_only():
    assert step(ask(23, every_row=True), pages(9000, shuffled(200))) == NextPage(200, 44, 44)


def test_a_port_that_was_seen_is_not_answered_since_its_other_types_may_follow():
    rows = shuffled(199) + tcp(23)
    assert step(ask(23), pages(900, rows)) == ExactPorts((23,))


# on the way


def test_pages_go_on_by_what_was_received_and_are_counted_by_the_size_that_came():
    seen = pages(450, shuffled(100), shuffled(100, 2000))  # the service gives 100 although 200 were asked for
    assert step(ask(every_row=True), seen) == NextPage(200, 3, 3)


def test_shorter_pages_than_thought_make_exact_queries_the_better_plan():
    assert step(ask(1, 2, 3, 4), pages(800, shuffled(200))) == NextPage(200, 3, 3)
    assert step(ask(1, 2, 3, 4), pages(800, shuffled(100))) == ExactPorts((1, 2, 3, 4))


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (Pages.first(4, tcp(1, 2)).add(5, tcp(3)), "total_num went from 4 to 5"),
        (Pages.first(4, tcp(1, 2)).add(4, tcp(2, 3)), "repeated rows: 1"),
        (Pages.first(4, tcp(1, 2)).add(4, ()), "only 2 of 4 rows came"),
        (Pages.first(2, tcp(1, 2, 3)), "3 rows came, but total_num is 2"),
        (Pages.first(3, tcp(1, 2)).add(3, tcp(3, 4)), "4 rows came, but total_num is 3"),
        (Pages.first(2, tcp(1, 1)), "repeated rows: 1"),
    ],
)
def test_pages_that_do_not_fit_together_start_over(seen, why):
    got = step(ask(9, every_row=True), seen)
    assert isinstance(got, StartOver)
    assert why in got.why
    assert not seen.whole


def test_rows_that_differ_in_type_or_status_are_not_the_same():
    rows = (Row(23, "tcp", 1, "danger"), Row(23, "tcp", 1, None), Row(23, "tcp6", 1, "danger"))
    assert pages(3, rows).whole


def test_rows_that_differ_in_num_alone_are_the_same():
    assert step(ask(23), pages(2, (Row(23, "tcp", 1), Row(23, "tcp", 2)))) == StartOver("repeated rows: 1")


def test_a_short_page_is_not_the_last():
    assert isinstance(step(ask(every_row=True), pages(5, tcp(1, 2, 3), tcp(4))), NextPage)


# at the cap of total_num


def at_cap(rows: int, *, end: bool = False) -> Pages:
    seen = pages(10_000, *(tcp(*range(start, start + 200)) for start in range(1, rows, 200)))
    return seen.add(10_000, ()) if end else seen


def test_at_9999_rows_no_page_is_asked_beyond():
    seen = pages(9999, tcp(*range(1, 10_000)))
    assert step(ask(every_row=True), seen) == Stop("pages", every_row=True)


def test_at_10000_rows_only_an_empty_page_ends_the_list():
    assert step(ask(every_row=True), at_cap(10_000)) == NextPage(10_000, 1, 1)
    assert step(ask(every_row=True), at_cap(10_000, end=True)) == Stop("pages", every_row=True)


def test_beyond_the_cap_pages_go_on():
    assert step(ask(every_row=True), at_cap(10_400)) == NextPage(10_400, 1, 1)
    assert step(ask(every_row=True), at_cap(10_400, end=True)) == Stop("pages", every_row=True)


def test_at_the_cap_a_list_that_ends_too_early_is_a_fault():
    assert step(ask(every_row=True), at_cap(9_800, end=True)) == StartOver("only 9800 of 10000 rows came")


def test_at_the_cap_the_pages_count_with_the_empty_one():
    assert step(ask(*range(1, 51)), at_cap(200)) == ExactPorts(tuple(range(1, 51)))
    assert step(ask(*range(1, 52)), at_cap(200)) == NextPage(200, 50, 50)


# a proven order


def test_an_order_by_number_is_proven_where_it_is_not_also_one_by_text():
    assert pages(900, tcp(9, 10)).proven
    assert not pages(900, tcp(22, 23, 80)).proven  # also ascends as text
    assert not pages(900, tcp(10, 9)).proven
    assert pages(900, tcp(22, 80), tcp(443)).proven  # 80, 443: proven across the seam
    assert not pages(900, tcp(9, 10), tcp(5)).proven


def test_ports_below_the_last_row_are_answered_the_last_one_is_not():
    seen = pages(900, tcp(9, 10, 80))
    assert step(ask(9, 11, 79), seen, sortable=True) == Stop("sorted", every_row=False)
    assert step(ask(9, 80), seen, sortable=True) == ExactPorts((80,))
    assert step(ask(9, 81), seen, sortable=True) == ExactPorts((81,))


def test_the_order_counts_only_where_it_was_asked_for():
    assert step(ask(9), pages(900, tcp(9, 10, 80)), sortable=False) == ExactPorts((9,))


def test_the_order_does_not_help_those_who_need_every_row():
    assert isinstance(step(ask(9, every_row=True), pages(900, tcp(9, 10, 80)), sortable=True), NextPage)


def test_while_an_order_may_still_end_the_pages_only_one_more_is_sure():
    seen = pages(900, tcp(*range(9, 209)))
    assert step(ask(*range(1, 400)), seen, sortable=True) == NextPage(200, 4, 1)


# against an optimum by brute force

SIZE = 3  # rows of a page in the small estates below


@dataclass(frozen=True)
class Estate:
    rows: tuple[Row, ...]
    wanted: tuple[int, ...]
    sortable: bool

    def page(self, number: int) -> tuple[Row, ...]:
        return self.rows[number * SIZE : (number + 1) * SIZE]

    @property
    def page_total(self) -> int:
        return max(1, -(-len(self.rows) // SIZE))


@st.composite
def estates(draw) -> Estate:
    rows = draw(
        st.lists(
            st.builds(Row, st.integers(1, 120), st.sampled_from(["tcp", "udp"]), st.just(1)), unique=True, max_size=16
        )
    )
    order = draw(st.sampled_from(["number", "text", "none"]))
    if order != "none":
        rows.sort(key=lambda row: (row.port, row.protocol) if order == "number" else (str(row.port), row.protocol))
    estate = Estate(tuple(rows), tuple(draw(st.sets(st.integers(1, 120), max_size=6))), draw(st.booleans()))
    assume(not (order == "none" and looks_ordered(estate)))
    return estate


def looks_ordered(estate: Estate) -> bool:
    """Whether pages of three rows in no order look by chance as if they had one; pages of 200 never do."""
    reads = (range(number) for number in range(1, estate.page_total + 1))
    return any(pages(len(estate.rows), *map(estate.page, read)).proven for read in reads)


def walked(estate: Estate) -> tuple[int, set[int], Pages]:
    """Our plan on an estate: calls, ports asked for by themselves, and the pages read."""
    seen, calls = Pages.first(len(estate.rows), estate.page(0)), 1
    while True:
        done = step(ask(*estate.wanted), seen, sortable=estate.sortable)
        if isinstance(done, NextPage):
            seen, calls = seen.add(len(estate.rows), estate.page(done.offset // SIZE)), calls + 1
        elif isinstance(done, ExactPorts):
            return calls + len(done.ports), set(done.ports), seen
        else:
            assert isinstance(done, Stop)
            return calls, set(), seen


def answers_all(estate: Estate, page_count: int, exact: frozenset[int]) -> bool:
    """Whether that many first pages and these exact queries leave no wanted port open (knowledge of the page order included)."""
    seen = pages(len(estate.rows), *(estate.page(number) for number in range(page_count)))
    if page_count >= estate.page_total:
        return True
    return not set(seen.unanswered(PortSet.of_ports(estate.wanted), sortable=estate.sortable)) - exact


def optimum(estate: Estate) -> int:
    """The fewest calls of any plan that starts with the first page, by trying all of them."""
    return min(
        page_count + size
        for page_count in range(1, estate.page_total + 1)
        for size in range(len(estate.wanted) + 1)
        for exact in combinations(estate.wanted, size)
        if answers_all(estate, page_count, frozenset(exact))
    )


@settings(max_examples=150, deadline=None)
@given(estates())
def test_no_plan_without_a_proven_order_needs_fewer_calls(estate):
    unordered = Estate(estate.rows, estate.wanted, sortable=False)
    assert walked(unordered)[0] == optimum(unordered)


@settings(max_examples=150, deadline=None)
@given(estates())
def test_with_an_order_the_calls_lie_between_the_optimum_and_what_the_first_page_promised(estate):
    calls, _, _ = walked(estate)
    first = Pages.first(len(estate.rows), estate.page(0))
    open_ports = len(first.unanswered(PortSet.of_ports(estate.wanted), sortable=estate.sortable))
    assert optimum(estate) <= calls <= 1 + min(first.left(), open_ports)


@settings(max_examples=150, deadline=None)
@given(estates())
def test_whatever_the_plan_every_wanted_row_is_seen(estate):
    _, exact, seen = walked(estate)
    wanted = {row for row in estate.rows if row.port in estate.wanted}
    assert wanted <= set(seen.rows) | {row for row in estate.rows if row.port in exact}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.sets(st.integers(1, 300), max_size=80), st.booleans())
def test_calls_from_the_start_are_those_that_the_plan_then_makes(total, ports, every_row):
    wanted = ask(*ports, every_row=every_row)
    name, calls = calls_from_start(wanted, total)
    seen = Pages.first(total, shuffled(min(200, total)))
    then = step(wanted, seen)
    more = then.calls if isinstance(then, NextPage) else len(then.ports) if isinstance(then, ExactPorts) else 0
    assert calls == 1 + more
    assert isinstance(then, ExactPorts) is (name == "ports" and bool(ports))


def test_an_order_that_is_also_one_by_text_answers_nothing():
    assert step(ask(22), pages(900, tcp(22, 23, 80)), sortable=True) == ExactPorts((22,))


def test_no_page_is_asked_beyond_the_highest_offset():
    assert isinstance(step(ask(every_row=True), Pages(10_000, tcp(1) * 2_000_001, page=200)), StartOver)
    assert isinstance(step(ask(every_row=True), Pages(10_000, tcp(1) * 2_000_000, page=200)), NextPage)
