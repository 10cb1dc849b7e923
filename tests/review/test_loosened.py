"""Where a new policy is weaker than the old one: proven against a walk over every row, and named in words."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings

from handler.models import Severity
from handler.policy.rules import Location, Policy, Rule
from handler.ports import PortSet
from handler.review.loosened import loosened, lowered_expectations
from tests.examples import examples
from tests.review.loosened_pairs import DAY, pairs, rows_of, weaker_rows
from tests.review.small_pairs import policy


@settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(pairs())
def test_a_place_is_named_exactly_where_a_row_is_found_less_severely(pair):
    old, new = pair
    assert rows_of(loosened(old, new, DAY), old, new) == weaker_rows(old, new)


SMB = "id: smb, ports: [445], protocols: [tcp]"
WIDE = "id: wide, ports: [1-100]"
FLAGGED = "id: flagged, status: [danger, normal]"
DATABASES = "id: databases, statistic: database_num, above: 20"
ONLY_WEB = "id: only-web, allowed_ports: [80, 443], protocols: [tcp]"
UNTIL = "rules: [smb], ports: [445], expires: 2027-03-31"

LOOSENED = {
    "a rule is dropped": (
        policy(SMB, WIDE), policy(WIDE),
        ["445/tcp on host: high -> nothing, from today"]),
    "a rule is less severe": (
        policy(SMB), policy(SMB + ", severity: low"),
        ["445/tcp on host: high -> low, from today"]),
    "a port leaves a list": (
        policy("id: a, ports: [21, 23]"), policy("id: a, ports: [21]"),
        ["23/tcp+udp on host: high -> nothing, from today"]),
    "a range ends earlier": (
        policy(WIDE), policy("id: wide, ports: [1-90]"),
        ["91-100/tcp+udp on host: high -> nothing, from today"]),
    "a hole in a range": (
        policy(WIDE), policy("id: wide, ports: [1-21, 23-100]"),
        ["22/tcp+udp on host: high -> nothing, from today"]),
    "a port more on an allow list": (
        policy(ONLY_WEB), policy("id: only-web, allowed_ports: [80, 443, 8080], protocols: [tcp]"),
        ["8080/tcp on host: high -> nothing, from today"]),
    "one protocol less": (
        policy("id: dns, ports: [53]"), policy("id: dns, ports: [53], protocols: [tcp]"),
        ["53/udp on host: high -> nothing, from today"]),
    "one category less": (
        policy(SMB + ", categories: [host, container]"), policy(SMB),
        ["445/tcp on container: high -> nothing, from today"]),
    "more is tolerated": (
        policy(SMB), policy(SMB + ", above: 3"),
        ["445/tcp on host, num 1-3: high -> nothing, from today"]),
    "a counter tolerates more": (
        policy(DATABASES), policy("id: databases, statistic: database_num, above: 25"),
        ["database_num on host, num 21-25: high -> nothing, from today"]),
    "a counter is no longer looked at": (
        policy(DATABASES, SMB), policy(SMB),
        ["database_num on host, num above 20: high -> nothing, from today"]),
    "only what is flagged": (
        policy(SMB), policy(SMB + ", status: [danger]"),
        ["445/tcp on host, status any other: high -> nothing, from today"]),
    "one status less": (
        policy(FLAGGED), policy("id: flagged, status: [danger]"),
        ["1-65535/tcp+udp on host, status normal: high -> nothing, from today"]),
    "announced again": (
        policy(SMB), policy(SMB + ", effective_from: 2027-01-01"),
        ["445/tcp on host: high -> nothing, from today to 2026-12-31"]),
    "put off": (
        policy(SMB + ", effective_from: 2027-01-01"), policy(SMB + ", effective_from: 2027-02-01"),
        ["445/tcp on host: high -> nothing, from 2027-01-01 to 2027-01-31"]),
    "exempted": (
        policy(SMB), policy(SMB, exempt=[UNTIL]),
        ["445/tcp on host: high -> nothing, from today to 2027-03-31"]),
    "an exemption is extended": (
        policy(SMB, exempt=[UNTIL]), policy(SMB, exempt=[UNTIL.replace("03-31", "06-30")]),
        ["445/tcp on host: high -> nothing, from 2027-04-01 to 2027-06-30"]),
    "an exemption tolerates more": (
        policy(SMB, exempt=[UNTIL + ", up_to: 2"]), policy(SMB, exempt=[UNTIL + ", up_to: 5"]),
        ["445/tcp on host, num 3-5: high -> nothing, from today to 2027-03-31"]),
    "an exemption loses its bound": (
        policy(SMB, exempt=[UNTIL + ", up_to: 2"]), policy(SMB, exempt=[UNTIL]),
        ["445/tcp on host, num above 2: high -> nothing, from today to 2027-03-31"]),
    "an exemption for one enterprise project": (
        policy(SMB), policy(SMB, exempt=[UNTIL + ', enterprise_projects: ["7"]']),
        ["445/tcp on host, enterprise project 7: high -> nothing, from today to 2027-03-31"]),
    "an exemption for every enterprise project": (
        policy(SMB, exempt=[UNTIL + ', enterprise_projects: ["7"]']), policy(SMB, exempt=[UNTIL]),
        ["445/tcp on host, enterprise project any other: high -> nothing, from today to 2027-03-31"]),
    "an exemption of both protocols": (
        policy("id: dns, ports: [53]", exempt=["rules: [dns], protocols: [tcp], expires: 2027-03-31"]),
        policy("id: dns, ports: [53]", exempt=["rules: [dns], protocols: [tcp, udp], expires: 2027-03-31"]),
        ["53/udp on host: high -> nothing, from today to 2027-03-31"]),
    "an exemption that names no rule": (
        policy(SMB, "id: more, ports: [445], protocols: [tcp], severity: low", exempt=[UNTIL]),
        policy(SMB, "id: more, ports: [445], protocols: [tcp], severity: low",
               exempt=["ports: [445], expires: 2027-03-31"]),
        ["445/tcp on host: low -> nothing, from today to 2027-03-31"]),
    "another rule covers it less severely": (
        policy(SMB), policy("id: all, ports: [1-65535], severity: medium"),
        ["445/tcp on host: high -> medium, from today"]),
    "a new id escapes an exemption, and its sibling comes under one": (
        policy(SMB, "id: rdp, ports: [3389]", exempt=[UNTIL]),
        policy("id: smb, ports: [3389]", "id: rdp, ports: [445]", exempt=["rules: [smb], expires: 2027-03-31"]),
        ["3389/tcp+udp on host: high -> nothing, from today to 2027-03-31"]),
}  # fmt: skip

NOT_LOOSENED = {
    "nothing changes": (policy(SMB), policy(SMB)),
    "renamed": (policy(SMB), policy("id: samba, ports: [445], protocols: [tcp]")),
    "split by port": (policy(WIDE), policy("id: a, ports: [1-40]", "id: b, ports: [41-100]")),
    "split by protocol": (
        policy("id: dns, ports: [53]"),
        policy("id: a, ports: [53], protocols: [tcp]", "id: b, ports: [53], protocols: [udp]")),
    "split by category": (
        policy("id: dns, ports: [53], categories: [host, container]"),
        policy("id: a, ports: [53]", "id: b, ports: [53], categories: [container]")),
    "split by num": (policy(SMB), policy(SMB + ", above: 4", "id: few, ports: [445], protocols: [tcp], severity: high")),
    "merged": (policy("id: a, ports: [21]", "id: b, ports: [23]"), policy("id: a, ports: [21, 23]")),
    "another order": (policy(SMB, WIDE), policy(WIDE, SMB)),
    "a wider rule covers it": (policy(SMB), policy("id: all, ports: [400-500]")),
    "an allow list covers it": (policy(SMB), policy(ONLY_WEB)),
    "every flag covers some": (
        policy(SMB + ", status: [danger]"), policy("id: flagged, status: [danger]")),
    "more severe": (policy(SMB), policy(SMB + ", severity: critical")),
    "less is tolerated": (policy(SMB + ", above: 3"), policy(SMB)),
    "a counter tolerates less": (policy(DATABASES), policy("id: few, statistic: database_num, above: 3")),
    "whatever its status": (policy(SMB + ", status: [danger]"), policy(SMB)),
    "in force earlier": (
        policy(SMB + ", effective_from: 2027-02-01"), policy(SMB + ", effective_from: 2027-01-01")),
    "announced for a day that is over": (policy(SMB), policy(SMB + ", effective_from: 2026-12-01")),
    "a port leaves an allow list": (policy(ONLY_WEB), policy("id: only-web, allowed_ports: [443], protocols: [tcp]")),
    "an exemption ends earlier": (
        policy(SMB, exempt=[UNTIL]), policy(SMB, exempt=[UNTIL.replace("2027-03-31", "2027-01-31")])),
    "an exemption is dropped": (policy(SMB, exempt=[UNTIL]), policy(SMB)),
    "an exemption tolerates less": (policy(SMB, exempt=[UNTIL]), policy(SMB, exempt=[UNTIL + ", up_to: 2"])),
    "an exemption that is over": (
        policy(SMB), policy(SMB, exempt=["rules: [smb], expires: 2026-11-30"])),
    "an exemption of what no rule finds": (
        policy(SMB), policy(SMB, exempt=["ports: [446], expires: 2027-03-31"])),
    "an exemption of a rule that another one doubles": (
        policy(SMB, "id: double, ports: [445]"), policy(SMB, "id: double, ports: [445]", exempt=[UNTIL])),
    "other words": (
        policy(SMB), policy(SMB + ", title: T, rationale: R, tags: [t], owner: o, runbook: 'https://example.org'")),
    "less severe where a worse rule stays": (
        policy(SMB, "id: all, ports: [1-65535], severity: critical"),
        policy(SMB + ", severity: low", "id: all, ports: [1-65535], severity: critical")),
}  # fmt: skip


def words(old, new):
    return [place.words(DAY) for place in loosened(old, new, DAY)]


@pytest.mark.parametrize("name", LOOSENED)
def test_a_weaker_place_is_named_in_words(name):
    old, new, said = LOOSENED[name]
    assert words(old, new) == said


@pytest.mark.parametrize("name", NOT_LOOSENED)
def test_what_finds_as_much_as_severely_is_not_loosened(name):
    old, new = NOT_LOOSENED[name]
    assert words(old, new) == []


@pytest.mark.parametrize("name", ["one protocol less", "only what is flagged", "announced again", "exempted"])
def test_the_way_back_is_no_loosening(name):
    old, new, _ = LOOSENED[name]
    assert words(new, old) == []


def test_there_are_twenty_pairs_of_each_kind():
    assert len(LOOSENED) >= 20
    assert len(NOT_LOOSENED) >= 20


@pytest.mark.parametrize(
    ("name", "rule", "because", "there"),
    [
        ("a rule is dropped", 3, "rule dropped", None),
        ("a rule is less severe", 3, "rule changed", 3),
        ("announced again", 3, "rule announced for 2027-01-01", 3),
        ("exempted", 3, "exempted by e0", 5),
    ],
)
def test_a_weaker_place_names_the_lines_that_found_it_and_that_stand_against_it(name, rule, because, there):
    (place,) = loosened(*LOOSENED[name][:2], DAY)
    assert place.location == Location("policy.yaml", rule, 5)
    assert place.because == because
    assert place.there == (None if there is None else Location("policy.yaml", there, 5))


def test_a_lower_expectation_is_named():
    old, new = policy(SMB, expect="host: 3, container: 1"), policy(SMB, expect="host: 1, container: 2")
    assert lowered_expectations(old, new) == ("expect_rows of host: 3 -> 1",)
    assert lowered_expectations(policy(SMB), new) == ()


def test_the_last_day_there_is_does_no_harm():
    forever = policy(SMB, exempt=["rules: [smb], expires: 9999-12-31"])
    assert words(policy(SMB), forever) == ["445/tcp on host: high -> nothing, from today"]


class Looked(list):
    """Rules that count how often somebody goes through them."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


def test_days_and_projects_on_which_the_same_is_in_force_are_asked_about_once():
    """Ten projects with two exemptions each: twenty days on which one ends, and no project sees more than its two."""
    ends = [
        f'rules: [a], ports: [{23 + n}], expires: 2027-01-{n + 1:02}, enterprise_projects: ["p{n % 10}"]'
        for n in range(20)
    ]
    old = policy("id: a, ports: [20-60], severity: high", exempt=ends)
    new = policy("id: a, ports: [20-60], severity: low", exempt=ends)
    looked = Looked(new.rules)
    weaker = loosened(old, new._replace(rules=looked), DAY)
    assert {one.was for one in weaker} == {Severity.HIGH}
    moments = 11 * 21  # projects, the others together too, and stretches of days
    places = 2 * 3  # categories, and protocols with that of no name
    assert looked.times <= moments + 3 * 11 * places


def test_a_thousand_rules_that_all_changed_are_compared_in_time():
    def many(above):
        rules = (Rule(f"r{at}", "ports", ports=PortSet.of([(at, at + 50)]), above=above) for at in range(1, 20_001, 20))
        return Policy("p", "", tuple(rules))

    began = time.monotonic()
    named = words(many(0), many(1))
    assert (len(named), named[0]) == (1000, "1-51/tcp+udp on host, num 1: high -> nothing, from today")
    assert time.monotonic() - began < 30


RDP = "id: rdp, ports: [3389]"
BY = "rules: [rdp], expires: 2027-03-31, hosts"


@pytest.mark.parametrize(
    ("old", "new", "weaker"),
    [
        (policy(RDP), policy(f"{RDP}, hosts: [win-*]"), True),
        (policy(f"{RDP}, hosts: [win-*]"), policy(RDP), False),
        (policy(f"{RDP}, hosts: [10.2.0.0/16]"), policy(f"{RDP}, hosts: [10.0.0.0/8]"), False),
        (policy(f"{RDP}, hosts: [10.0.0.0/8]"), policy(f"{RDP}, hosts: [10.2.0.0/16]"), True),
        (policy(f"{RDP}, hosts: [win-*]"), policy(f'{RDP}, hosts: [win-*, "!win-7"]'), True),
        (policy(RDP), policy(f"{RDP}, listening: beyond-loopback"), True),
        (policy(f"{RDP}, listening: beyond-loopback"), policy(RDP), False),
        (policy(RDP), policy(RDP, exempt=[f"{BY}: [jump-1]"]), True),
        (policy(RDP, exempt=[f"{BY}: [jump-1]"]), policy(RDP), False),
        (policy(RDP, exempt=[f"{BY}: [jump-1]"]), policy(RDP, exempt=[f"{BY}: [jump-1, jump-2]"]), True),
        (policy(RDP, exempt=[f"{BY}: [jump-1, jump-2]"]), policy(RDP, exempt=[f"{BY}: [jump-1]"]), False),
        (policy(RDP, exempt=[f"{BY}: [jump-1], up_to: 1"]), policy(RDP, exempt=[f"{BY}: [jump-1], up_to: 2"]), True),
        (policy(RDP, exempt=[f"{BY}: [jump-1]"]), policy("id: x, ports: [1]"), True),
        (policy(f"{RDP}, hosts: [win-*]"), policy("id: x, ports: [3389]"), False),
    ],
)
def test_what_hosts_do_not_plainly_contain_is_weaker(old, new, weaker):
    assert bool(loosened(old, new, DAY)) is weaker


UP_TO_2 = f"{BY}: [jump-*], up_to: 2"
ALL_BUT_WIN = f'{BY}: ["!win-*"]'
TWO_ORDERS = [f"{BY}: [win-*], up_to: 1", f"{BY}: [win-7]"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (policy(RDP, exempt=[UP_TO_2]), policy("id: rdp, ports: [3389, 23]", exempt=[UP_TO_2])),
        (policy(RDP, exempt=[UP_TO_2]), policy(f"{RDP}, severity: critical", exempt=[UP_TO_2])),
        (policy(f"{RDP}, above: 3", exempt=[UP_TO_2]), policy(RDP, exempt=[UP_TO_2])),
        (policy(RDP, exempt=[UP_TO_2]), policy("id: x, ports: [1-4000]", exempt=[UP_TO_2.replace("rdp", "x")])),
        (policy(RDP, exempt=[UP_TO_2]), policy(RDP, exempt=[UP_TO_2.replace("2027-03-31", "2027-01-31")])),
        (policy(RDP, exempt=[UP_TO_2]), policy(RDP, exempt=[UP_TO_2.replace("up_to: 2", "up_to: 1")])),
        (policy(RDP, exempt=[ALL_BUT_WIN]), policy("id: rdp, ports: [3389, 23]", exempt=[ALL_BUT_WIN])),
        (policy(f"{RDP}, hosts: [a*]", exempt=[UP_TO_2]), policy(RDP, exempt=[UP_TO_2])),
        (policy(RDP, exempt=TWO_ORDERS), policy(f"{RDP}, severity: critical", exempt=TWO_ORDERS)),
        (policy(RDP, exempt=[*TWO_ORDERS, UP_TO_2]), policy("id: rdp, ports: [3389, 23]", exempt=TWO_ORDERS)),
        (
            policy(RDP, "id: b, ports: [22]", exempt=[UP_TO_2, "rules: [b], expires: 2027-03-31"]),
            policy("id: b, ports: [22]", RDP, exempt=["rules: [b], expires: 2027-01-31", UP_TO_2]),
        ),
    ],
)
def test_an_exemption_of_some_servers_that_stays_or_tolerates_fewer_is_no_loosening(old, new):
    assert words(old, new) == []


AGAIN = "id: again, ports: [3389]"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (policy(RDP, AGAIN, exempt=[UP_TO_2]), policy(RDP, exempt=[UP_TO_2])),
        (policy(RDP, AGAIN, exempt=[UP_TO_2]), policy(AGAIN, exempt=[UP_TO_2.replace("rdp", "again")])),
        (policy(RDP, exempt=[UP_TO_2]), policy(RDP, exempt=[UP_TO_2.replace("jump-*", "jump-1")])),
        (policy(RDP, exempt=[UP_TO_2]), policy(f"{RDP}, hosts: [a*]", exempt=[UP_TO_2])),
        (policy(RDP, exempt=TWO_ORDERS), policy(RDP, exempt=TWO_ORDERS[::-1])),
        (policy(RDP, exempt=TWO_ORDERS), policy(f"{RDP}, severity: critical", exempt=[*TWO_ORDERS, UP_TO_2])),
    ],
)
def test_an_exemption_that_may_take_other_servers_than_before_is_a_loosening(old, new):
    assert words(old, new) != []
