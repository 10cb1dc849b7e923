from __future__ import annotations

import pytest

from handler.hss.aligned import AlignedReading
from handler.hss.pages import ListPage
from handler.hss.plan import (
    Ask,
    ExactPorts,
    GiveUp,
    NextPage,
    StartOver,
    Stop,
    asks_of,
    calls_ahead,
    calls_from_start,
    next_step,
    unanswered,
)
from handler.hss.proof import Proof
from handler.policy.rules import Policy, Rule
from handler.ports import ALL_PORTS, PortSet
from tests.read_pages import ascending, ask, listed, seen, shuffled, tcp

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
        Ask("host", PortSet(((22, 23),)), counters=("database_num",)),
        Ask("container", PortSet(((23, 23),))),
    )


@pytest.mark.parametrize("kind", ["allowed_ports", "status"])
def test_allowed_ports_and_status_alone_need_every_row(kind):
    assert asks_of(policy(Rule("a", kind, ports=ALL_PORTS)), ("host",))[0].every_row


def test_a_category_of_which_no_rule_speaks_asks_for_no_port():
    assert asks_of(policy(Rule("a", "statistic", statistic="port_num")), ("container",)) == (Ask("container"),)


# the first page


def test_a_listing_on_one_page_is_whole():
    assert next_step(ask(23), seen(2, tcp(22, 23))) == Stop("pages", every_row=True)


def test_an_empty_listing_is_whole():
    assert next_step(ask(23, every_row=True), seen(0, ())) == Stop("pages", every_row=True)


def test_without_a_port_to_ask_for_the_first_page_is_enough():
    assert next_step(ask(), seen(9000, shuffled(200))) == Stop("ports", every_row=False)


@pytest.mark.parametrize(
    ("ports", "total", "expected"),
    [
        (5, 800, ExactPorts((1, 2, 3, 4, 5))),  # five ports, four pages and a second look at the first
        (6, 800, NextPage(196, 5, 5)),
        (2, 201, ExactPorts((1, 2))),
        (3, 201, NextPage(196, 2, 2)),
    ],
)
def test_exact_queries_replace_pages_in_order_where_they_are_no_more(ports, total, expected):
    assert next_step(ask(*range(1, ports + 1)), listed(ascending(total), 1)) == expected


@pytest.mark.parametrize(
    ("ports", "total", "expected"),
    [
        (9, 800, ExactPorts(tuple(range(1, 10)))),  # four more pages, and five of a second reading
        (10, 800, NextPage(196, 9, 9)),
        (3, 201, ExactPorts((1, 2, 3))),
        (4, 201, NextPage(196, 3, 3)),
    ],
)
def test_in_no_order_they_replace_two_readings(ports, total, expected):
    assert next_step(ask(*range(1, ports + 1)), listed(shuffled(total), 1)) == expected


def test_every_row_is_read_by_pages_only():
    assert next_step(ask(23, every_row=True), listed(ascending(9000), 1)) == NextPage(196, 46, 46)


def test_a_port_that_was_seen_is_not_answered_since_its_other_types_may_follow():
    rows = (*shuffled(199), *tcp(23), *shuffled(700, 5000))
    assert next_step(ask(23), listed(rows, 1)) == ExactPorts((23,))


# on the way


def test_shorter_pages_than_thought_make_exact_queries_the_better_plan():
    four = ask(1, 2, 3, 4)
    assert next_step(four, seen(590, ascending(200))) == NextPage(196, 3, 3)
    assert next_step(four, seen(590, ascending(100))) == ExactPorts((1, 2, 3, 4))


def test_a_reading_in_no_order_that_is_whole_is_read_again_or_replaced_by_fewer_exact_queries():
    proof = listed(shuffled(450), 3)
    assert next_step(ask(every_row=True), proof) == NextPage(0, 3, 3)
    assert next_step(ask(1, 2, 3), proof) == ExactPorts((1, 2, 3))
    assert next_step(ask(1, 2, 3, 4), proof) == NextPage(0, 3, 3)


def test_an_order_that_ends_makes_exact_queries_the_better_plan():
    first = ascending(200)
    broken = seen(1600, first, (*first[196:], *shuffled(196, 3000)))
    assert next_step(ask(*range(1, 10)), seen(1600, first)) == ExactPorts(tuple(range(1, 10)))
    assert next_step(ask(*range(1, 13)), seen(1600, first)) == NextPage(196, 9, 9)
    assert next_step(ask(*range(1, 13)), broken) == ExactPorts(tuple(range(1, 13)))


def test_pages_that_prove_nothing_are_read_again_once():
    failed = seen(2, tcp(1, 2, 3))
    assert next_step(ask(every_row=True), failed) == StartOver("3 rows came, but total_num is 2", 1, ())
    again = failed.again().add(ListPage.of(0, 2, tcp(1, 2, 3)))
    assert next_step(ask(every_row=True), again) == GiveUp("3 rows came, but total_num is 2")


def test_exact_queries_come_first_where_they_are_fewer_and_last_where_they_are_not():
    def torn(proof: Proof) -> Proof:
        proof = proof.add(ListPage.of(0, 450, shuffled(200)))
        while proof.state == "going":
            proof = proof.add(ListPage.of(proof.now.offset, 450, shuffled(200, 5000)))
        return proof

    failed = torn(Proof.begin(sort_asked=False))
    assert next_step(ask(*range(1, 7)), failed) == ExactPorts(tuple(range(1, 7)))
    ports = tuple(range(1, 9))
    assert next_step(ask(*ports), failed) == StartOver("a page does not join the one before it", 6, ports)
    assert next_step(ask(*ports), torn(failed.again())) == ExactPorts(ports)


# at the cap of total_num


def test_at_9999_rows_no_page_is_asked_beyond():
    assert next_step(ask(every_row=True), listed(ascending(9999), 51)) == NextPage(0, 1, 1)
    assert next_step(ask(every_row=True), listed(ascending(9999), 52)) == Stop("pages", every_row=True)
    assert next_step(ask(every_row=True), listed(ascending(9999), 51, sortable=True)) == Stop("pages", every_row=True)


@pytest.mark.parametrize("sortable", [True, False])
@pytest.mark.parametrize(("rows", "answers"), [(10_000, 52), (10_400, 55), (10_602, 56)])
def test_from_10000_rows_on_only_a_page_without_a_new_row_ends_the_list(rows, answers, sortable):
    answers += 0 if sortable else 1
    before, after = (
        listed(ascending(rows), count, total=10_000, sortable=sortable) for count in (answers - 1, answers)
    )
    assert isinstance(next_step(ask(every_row=True), before), NextPage)
    assert next_step(ask(every_row=True), after) == Stop("pages", every_row=True)


def test_an_honest_total_beyond_the_cap_is_read_alike():
    assert next_step(ask(every_row=True), listed(ascending(10_602), 57)) == Stop("pages", every_row=True)


def test_at_the_cap_a_list_that_ends_too_early_is_a_fault():
    step = next_step(ask(every_row=True), listed(ascending(9_800), 51, total=10_000))
    assert isinstance(step, StartOver)
    assert step.why == "only 9800 of 10000 rows came"


def test_at_the_cap_the_pages_count_with_the_last_one():
    proof = listed(ascending(10_000), 1)
    assert next_step(ask(*range(1, 53)), proof) == ExactPorts(tuple(range(1, 53)))
    assert next_step(ask(*range(1, 54)), proof) == NextPage(196, 52, 52)


# a proven order


def sorted_page(*ports: int, total: int = 900) -> Proof:
    return seen(total, tcp(*ports), sortable=True)


def test_ports_below_the_last_row_are_answered_the_last_one_is_not():
    proof = sorted_page(9, 10, 80)
    assert next_step(ask(9, 11, 79), proof) == Stop("sorted", every_row=False)
    assert next_step(ask(9, 80), proof) == ExactPorts((80,))
    assert next_step(ask(9, 81), proof) == ExactPorts((81,))


def test_the_order_counts_only_where_it_was_asked_for():
    assert next_step(ask(9), seen(900, tcp(9, 10, 80))) == ExactPorts((9,))


@pytest.mark.parametrize("ports", [(22, 23, 80), (10, 9), (9, 10, 5)])
def test_what_is_also_an_order_by_text_or_none_answers_nothing(ports):
    assert next_step(ask(*ports[:1]), sorted_page(*ports)) == ExactPorts(ports[:1])


def test_an_order_by_number_may_show_at_a_later_page():
    first, second = tcp(*range(10, 90)), tcp(*range(86, 130))
    assert unanswered(PortSet.of_ports([20]), seen(900, first, sortable=True)) == PortSet.of_ports([20])
    assert not unanswered(PortSet.of_ports([20, 128]), seen(900, first, second, sortable=True))


def test_the_order_does_not_help_those_who_need_every_row():
    assert isinstance(next_step(ask(9, every_row=True), sorted_page(9, 10, 80)), NextPage)


def test_while_an_order_may_still_end_the_pages_only_one_more_is_sure():
    proof = seen(900, tcp(*range(9, 209)), sortable=True)
    assert next_step(ask(*range(1, 400)), proof) == NextPage(196, 4, 1)


def test_no_page_is_asked_beyond_the_highest_offset():
    def far(offset: int) -> Proof:
        proof = seen(3_000_000, ascending(200))
        page = proof.now.pages[0]._replace(offset=offset - page_rows)
        return proof._replace(now=proof.now._replace(pages=(page,)))

    page_rows = 196
    assert next_step(ask(every_row=True), far(2_000_000)) == NextPage(2_000_000, 5105, 5105)
    too_far = GiveUp("the listing is longer than offset 2000000 reaches")
    assert next_step(ask(every_row=True), far(2_000_001)) == too_far
    assert next_step(Ask("host", PortSet(((1, 9000),))), far(2_000_001)) == ExactPorts(tuple(range(1, 9001)))


def test_pages_at_multiples_of_the_limit_answer_no_port_before_they_are_whole():
    ports = PortSet.of_ports([1, 23])
    reading = AlignedReading().add(ListPage.of(0, 300, tcp(*range(1, 201)), 200))
    assert unanswered(ports, Proof(reading)) == ports
    assert unanswered(ports, Proof(reading, state="whole")) == PortSet()


# what it costs


@pytest.mark.parametrize(
    ("step", "calls"),
    [
        (NextPage(196, 7, 3), 7),
        (ExactPorts((22, 23, 80)), 3),
        (StartOver("it moved", 5, (22,)), 5),
        (Stop("pages", every_row=True), 0),
        (GiveUp("it moved"), 0),
    ],
)
def test_the_calls_ahead_of_a_step_are_those_that_are_planned(step, calls):
    assert calls_ahead(step) == calls


@pytest.mark.parametrize(("rows", "plan"), [(200, ("pages", 1)), (201, ("ports", 1))])
def test_one_page_is_the_plan_for_all_that_it_can_hold(rows, plan):
    assert calls_from_start(Ask("host"), rows, "none") == plan


def test_where_every_row_is_asked_for_no_port_is_asked_by_itself_after_a_failure():
    failed = seen(2, tcp(22, 23, 24))
    assert failed.state == "failed"
    assert isinstance(next_step(Ask("host", PortSet.of_ports([23])), failed), ExactPorts)
    step = next_step(Ask("host", PortSet.of_ports([23]), every_row=True), failed)
    assert (type(step), step.ports) == (StartOver, ())
