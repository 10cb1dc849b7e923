"""Of which rows it matters who listens: no others are asked for."""

from __future__ import annotations

from datetime import date

import pytest

from handler.decide.wanted_listeners import most_wanted, wanted_listeners
from handler.models import Row
from tests.fakes import TARGET, category, snapshot
from tests.small_policies import policy_of

TODAY = date(2026, 12, 1)
ROWS = [
    Row(22, "tcp", 3, "normal"),
    Row(23, "tcp", 1),
    Row(23, "tcp6", 1),
    Row(3389, "tcp", 2, "danger"),
    Row(0, "udp", 1),
]


def wanted(rules, exemptions="", rows=ROWS, limits=""):
    listed = "".join(f"  - {{{one}}}\n" for one in rules)
    text = f"version: 1\n{limits}rules:\n{listed}" + (f"exemptions:\n  - {{{exemptions}}}\n" if exemptions else "")
    world = snapshot(category(rows), category(rows, "container"))
    return wanted_listeners(policy_of(text), world, TODAY)


EXEMPT = "id: e, reason: r, owner: o, expires: 2027-03-31"


@pytest.mark.parametrize(
    ("rules", "exemption", "asked"),
    [
        (["id: a, ports: [22, 23]"], "", []),
        (["id: a, ports: [23], hosts: [win-*]"], "", [("host", 23)]),
        (["id: a, ports: [23], listening: beyond-loopback, categories: [container]"], "", [("container", 23)]),
        (["id: a, ports: [23], hosts: [win-*], above: 1"], "", []),
        (["id: a, ports: [22], hosts: [win-*], above: 2"], "", [("host", 22)]),
        (["id: a, ports: [22, 3389], status: [danger], hosts: [win-*]"], "", [("host", 3389)]),
        (["id: a, ports: [23], status: [danger], hosts: [win-*]"], "", []),  # undecided anyway
        (["id: a, allowed_ports: [22, 23], hosts: [win-*]"], "", [("host", 3389)]),  # port 0 cannot be asked for
        (["id: a, ports: [22, 23]"], f"{EXEMPT}, rules: [a], hosts: [win-1]", [("host", 22), ("host", 23)]),
        (["id: a, ports: [22, 23]"], f"{EXEMPT}, rules: [a], ports: [23], hosts: [win-1]", [("host", 23)]),
        (["id: a, ports: [23], above: 1"], f"{EXEMPT}, rules: [a], hosts: [win-1]", []),
        (["id: a, ports: [23], effective_from: 2027-01-01"], f"{EXEMPT}, rules: [a], hosts: [win-1]", []),
        (["id: a, ports: [23], effective_from: 2027-01-01, hosts: [win-1]"], "", [("host", 23)]),
        (["id: a, ports: [23]"], "id: e, reason: r, owner: o, expires: 2026-11-30, rules: [a], hosts: [win-1]", []),
        (
            ["id: a, ports: [23], hosts: [a]", "id: b, ports: [22], hosts: [a], severity: critical"],
            "",
            [("host", 22), ("host", 23)],
        ),
    ],
)
def test_only_rows_on_which_it_matters_are_asked_for_worst_first(rules, exemption, asked):
    assert list(wanted(rules, exemption)) == asked


def test_an_exemption_beyond_the_limits_covers_nothing_so_who_listens_is_asked():
    until_2099 = "id: long, reason: r, owner: o, expires: 2099-01-01, rules: [a]"
    covered = f"{until_2099}}}\n  - {{{EXEMPT}, rules: [a], hosts: [win-1]"
    assert list(wanted(["id: a, ports: [23]"], covered)) == []
    limits = "limits: {exemption_days: 200}\n"
    assert list(wanted(["id: a, ports: [23]"], covered, limits=limits)) == [("host", 23)]


def test_what_another_exemption_covers_whole_is_not_asked_for():
    exemptions = f"{EXEMPT}, rules: [a], up_to: 3}}\n  - {{id: f, reason: r, owner: o, expires: 2027-03-31, hosts: [win-1], ports: [22]"
    assert list(wanted(["id: a, ports: [22]"], exemptions)) == []


@pytest.mark.parametrize(
    ("rules", "exemption", "rows", "most"),
    [
        (["id: a, ports: [22, 23]"], "", 100, 0),
        (["id: a, ports: [20-23], hosts: [win-*]"], "", 100, 4),
        (["id: a, ports: [20-23], hosts: [win-*]"], "", 3, 3),
        (["id: a, ports: [20-23], hosts: [win-*], categories: [container]"], "", 100, 0),
        (["id: a, ports: [20-23], hosts: [x]", "id: b, ports: [22-30], listening: beyond-loopback"], "", 100, 11),
        (["id: a, ports: [20-23], hosts: [x]", "id: b, ports: [80]"], "", 100, 4),
        (["id: a, ports: [22, 23]", "id: b, ports: [80]"], f"{EXEMPT}, rules: [a], hosts: [win-1]", 100, 2),
        (["id: a, ports: [22, 23]", "id: b, ports: [80]"], f"{EXEMPT}, ports: [1-100], hosts: [win-1]", 100, 3),
        (["id: a, ports: [22, 23]"], f"{EXEMPT}, rules: [a]", 100, 0),
    ],
)
def test_before_anything_is_seen_at_most_the_ports_of_rules_by_server_are_asked_for(rules, exemption, rows, most):
    listed = "".join(f"  - {{{one}}}\n" for one in rules)
    text = f"version: 1\nrules:\n{listed}" + (f"exemptions:\n  - {{{exemption}}}\n" if exemption else "")
    assert most_wanted(policy_of(text), "host", rows) == most


def test_the_worst_is_asked_first_and_a_place_counts_by_the_worst_of_its_rules():
    rules = [
        "id: a, ports: [23], hosts: [win-*], severity: critical",
        "id: b, ports: [23], hosts: [win-*], severity: low",
        "id: c, ports: [22], hosts: [win-*], severity: high",
        "id: d, ports: [3389], hosts: [win-*], severity: low",
    ]
    for some in (rules, rules[::-1]):
        assert wanted(some) == (("host", 23), ("host", 22), ("host", 3389))


@pytest.mark.parametrize(("project", "asked"), [("p1", ()), ("p2", (("host", 23),))])
def test_nobody_is_asked_about_a_row_that_is_exempted_whole_in_that_project(project, asked):
    text = (
        "version: 1\nrules:\n  - {id: a, ports: [23]}\nexemptions:\n"
        "  - {id: whole, rules: [a], enterprise_projects: [p1], reason: r, owner: o, expires: 2027-03-31}\n"
        "  - {id: some, rules: [a], hosts: [win-*], reason: r, owner: o, expires: 2027-03-31}\n"
    )
    there = snapshot(category(ROWS), target=TARGET._replace(enterprise_project_id=project))
    assert wanted_listeners(policy_of(text), there, TODAY) == asked
