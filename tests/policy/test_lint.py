"""The linter: each warning where it belongs, none where it does not, each silenced with a reason only."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.models import Row
from handler.models.listeners import Listener, PortListeners
from handler.policy.canonical import canonical_yaml
from handler.policy.codes import WARNINGS
from handler.policy.compiled import bundled_policies
from handler.policy.lint import lint
from handler.policy.load import read_paths, read_policy
from tests.examples import examples
from tests.fakes import category, snapshot
from tests.strategies import policies, rows, spans

TODAY = date(2026, 11, 22)
ARGUED = "rationale: why, remediation: what"


OF_UNBOUNDED = ("W206", "W207")  # said of nearly every short exemption; they have tests of their own


def told(text, *, unbounded=False, **asked):
    messages = lint(read_policy([("p.yaml", text)]), **({"today": TODAY} | asked))
    return tuple(message for message in messages if unbounded or message.code not in OF_UNBOUNDED)


def codes(text, **asked):
    return [message.code for message in told(text, **asked)]


def rules(*bodies):
    return "version: 1\nrules:\n" + "".join(f"  - {{{body}, {ARGUED}}}\n" for body in bodies)


def exempted(body, *rule_bodies):
    return (
        rules(*(rule_bodies or ("id: a, ports: [23]",))) + f"exemptions:\n  - {{id: e, reason: r, owner: o, {body}}}\n"
    )


@pytest.mark.parametrize("name", ["baseline.yaml", "examples/allow-list.yaml", "examples/statistics.yaml"])
@pytest.mark.parametrize("cloud", [None, "otc", "huaweicloud"])
def test_bundled_policies_are_clean(name, cloud):
    assert lint(read_paths([bundled_policies() / name]), today=TODAY, cloud=cloud) == ()


def test_errors_of_the_loader_are_errors_of_the_linter():
    (message,) = told("version: 1\ndisallowed_ports: [9-1]\n")
    assert (message.severity, message.code, str(message.location)) == ("error", "E301", "p.yaml:2:20")


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ("[23, 23]", ["W101"]),
        ("[20-25, 23]", ["W101"]),
        ("[telnet, 23]", ["W101"]),
        ("[23, 24, 25-30]", []),
        ("[22-22]", ["W102"]),
        ("[22-23]", []),
        ("[773]", ["W106"]),
        ("[3309]", ["W106"]),
        ("[7333]", ["W106"]),
        ("[5732]", ["W106"]),
        ("[4334]", []),
        ("[5532, 5432]", []),
        ("[8000]", []),
        ("[1344]", ["W106"]),
    ],
)
def test_lists_of_ports(ports, expected):
    assert codes(f"version: 1\ndisallowed_ports: {ports}\n") == expected


def test_a_port_named_twice_is_told_at_its_second_place():
    (message,) = told("version: 1\ndisallowed_ports:\n  - 20-25\n  - 23\n")
    assert str(message) == "p.yaml:4:5: 23 is named twice: in 20-25 on line 3 and in 23 [W101]"


def test_a_digit_slip_names_the_service_that_was_meant():
    (message,) = told("version: 1\ndisallowed_ports: [3309]\n")
    assert message.message == "3309 has no well-known service; was 3306 (mysql) meant?"


@pytest.mark.parametrize(("last", "expected"), [(32798, []), (32799, ["W108"])])
def test_the_ephemeral_range_one_by_one(last, expected):
    listed = ", ".join(str(port) for port in range(32768, last + 1))
    assert codes(f"version: 1\ndisallowed_ports: [{listed}]\n") == expected


def test_a_rule_without_rationale_or_remediation():
    (message,) = told("version: 1\nrules: [{id: a, ports: [23], rationale: why}]\n")
    assert (message.code, message.message) == ("W105", "rule 'a' has no remediation")


def test_tcp_only_for_a_service_that_also_speaks_udp():
    assert codes(rules("id: a, ports: [3389], protocols: [tcp]")) == ["W107"]
    assert codes(rules("id: a, ports: [3306], protocols: [tcp]")) == []
    both = ("id: a, ports: [3389], protocols: [tcp]", "id: b, ports: [3389], protocols: [udp]")
    assert codes(rules(*both)) == []


@pytest.mark.parametrize("narrower", ["status: [danger]", "above: 5"])
def test_a_rule_that_finds_less_does_not_stand_in_for_the_udp_side(narrower):
    both = ("id: a, ports: [3389], protocols: [tcp]", f"id: b, ports: [3389], protocols: [udp], {narrower}")
    assert codes(rules(*both)) == ["W107"]


def test_status_where_otc_sends_none():
    text = rules("id: a, ports: [23], status: [danger]")
    assert codes(text, cloud="otc") == ["W109"]
    assert codes(text, cloud="huaweicloud") == []


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("ports: [20-30]", "ports: [23]", ["W103"]),
        ("ports: [23]", "ports: [20-30]", ["W103"]),
        ("ports: [23]", "ports: [23]", ["W103"]),
        ("ports: [23], severity: critical", "ports: [23], severity: low", ["W103"]),
        ("ports: [20-30], severity: low", "ports: [23], severity: high", ["W104"]),
        ("ports: [23], protocols: [udp], severity: low", "ports: [23], protocols: [tcp]", []),
        ("ports: [23], categories: [container]", "ports: [23]", []),
        ("ports: [20-25], status: [danger]", "ports: [23]", []),
        ("ports: [20-25]", "ports: [23], status: [danger]", ["W103"]),
        ("ports: [20-25], above: 3", "ports: [23]", []),
        ("ports: [20-25], effective_from: 2027-01-01", "ports: [23]", []),
        ("ports: [20-25]", "ports: [23], effective_from: 2027-01-01", ["W103"]),
        ("allowed_ports: [22]", "ports: [23]", ["W103"]),
        ("allowed_ports: [22], severity: low", "ports: [23]", []),
        ("ports: [23], severity: low", "ports: [23], severity: high, above: 9", []),
        ("statistic: port_num", "statistic: port_num, above: 3", ["W103"]),
        ("statistic: port_num", "statistic: app_num", []),
        ("status: [danger]", "ports: [23], status: [danger]", ["W103"]),
    ],
)
def test_pairs_of_rules(first, second, expected):
    assert codes(rules(f"id: a, {first}", f"id: b, {second}")) == expected


@pytest.mark.parametrize(("named", "expected"), [("[a]", []), ("[b]", ["W103"]), ("[a, b]", ["W103"])])
def test_a_rule_still_adds_what_an_exemption_takes_from_the_one_that_covers_it(named, expected):
    exempt = f"exemptions: [{{id: e, rules: {named}, reason: r, owner: o, expires: 2027-09-01}}]\n"
    assert codes(rules("id: a, ports: [20-30]", "id: b, ports: [23]") + exempt) == expected


def test_the_covered_rule_is_named_with_the_one_that_covers_it():
    (message,) = told(rules("id: a, ports: [20-30]", "id: b, ports: [23]"))
    assert str(message) == "p.yaml:4:5: rule 'b' adds nothing: 'a' finds all of it [W103]"


@pytest.mark.parametrize(
    ("expires", "expected"),
    [("2026-11-21", ["W201"]), ("2026-11-22", ["W202"]), ("2026-12-06", ["W202"]), ("2026-12-07", [])],
)
def test_exemptions_near_their_end(expires, expected):
    assert codes(exempted(f"rules: [a], expires: {expires}")) == expected


def test_without_today_no_date_is_judged():
    assert codes(exempted("rules: [a], expires: 2020-01-01"), today=None) == []


def test_an_exemption_wider_than_its_rules():
    (message,) = told(exempted("rules: [a], ports: [20-23], expires: 2027-01-01"))
    assert (message.code, message.message.split(": ")[-1]) == ("W203", "20-22")
    assert codes(exempted("ports: [23], expires: 2027-01-01")) == []


def test_an_exemption_for_a_category_that_its_rules_do_not_look_at():
    (message,) = told(exempted("rules: [a], categories: [container], expires: 2027-01-01"))
    assert (message.code, message.message.split(": ")[-1]) == ("W203", "container")
    assert codes(exempted("rules: [a], categories: [host, container], expires: 2027-01-01")) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Row(23, "tcp6", 1, "danger"), []),
        (Row(23, "udp", 1, "danger"), ["W204"]),
        (Row(24, "tcp", 1, "danger"), ["W204"]),
        (Row(23, "sctp", 1, "danger"), []),
        (Row(23, "tcp", 0, "danger"), ["W204"]),
    ],
)
def test_an_exemption_that_matches_nothing_in_the_snapshot(row, expected):
    text = exempted("rules: [a], expires: 2027-01-01", "id: a, ports: [23], protocols: [tcp]")
    assert codes(text, snapshot=snapshot(category([row]))) == expected


def test_an_incomplete_snapshot_proves_nothing_about_an_exemption():
    text = exempted("rules: [a], expires: 2027-01-01")
    assert codes(text, snapshot=snapshot(category([], complete=False))) == []
    assert codes(text, snapshot=snapshot(category([], every_row=False))) == []
    assert codes(text, snapshot=snapshot(category([], name="container"))) == []


def test_an_exemption_for_another_enterprise_project_is_not_called_unused():
    text = exempted("rules: [a], enterprise_projects: [x], expires: 2027-01-01")
    assert codes(text, snapshot=snapshot(category([]))) == []


def test_an_exemption_of_a_counter_is_used_when_the_counter_is_too_high():
    text = exempted("rules: [a], expires: 2027-01-01", "id: a, statistic: port_num, above: 1")
    assert codes(text, snapshot=snapshot(category([], statistics={"port_num": 2}))) == []
    assert codes(text, snapshot=snapshot(category([], statistics={"port_num": 1}))) == ["W204"]


@pytest.mark.parametrize(
    ("body", "rule", "expected"),
    [
        ("rules: [a], ports: [23], protocols: [tcp]", "id: a, ports: [23]", []),
        ("rules: [a], ports: [23], protocols: [tcp], approved_by: p", "id: a, ports: [23]", []),
        ("rules: [a], ports: [23], protocols: [tcp], approved_by: O", "id: a, ports: [23]", ["W205"]),
        ("rules: [a], protocols: [tcp]", "id: a, ports: [23]", ["W206"]),
        ("rules: [a], protocols: [tcp], up_to: 3", "id: a, ports: [23]", ["W206"]),
        ("rules: [a], ports: [23]", "id: a, ports: [23]", ["W207"]),
        ("rules: [a], ports: [23]", "id: a, ports: [23], protocols: [tcp]", []),
        ("rules: [a], ports: [23], protocols: [udp]", "id: a, ports: [23], protocols: [tcp]", ["W203"]),
        ("rules: [a]", "id: a, statistic: database_num", []),
        ("rules: [a]", "id: a, ports: [23]", ["W206", "W207"]),
    ],
)
def test_an_exemption_by_its_owner_of_a_whole_rule_or_of_both_protocols(body, rule, expected):
    assert codes(exempted(f"{body}, expires: 2027-01-01", rule), unbounded=True) == expected


LIMITS = "limits: {exemption_days: 30, require: [ticket, approved_by, ports]}\n"
WITHIN = "rules: [a], ports: [23], ticket: T-1, approved_by: p"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"{WITHIN}, expires: 2026-12-22", []),
        (f"{WITHIN}, expires: 2026-12-23", ["exemption 'e' lasts 31 more days, and 30 are the limit"]),
        ("rules: [a], ports: [23], ticket: T-1, expires: 2026-12-22", ["exemption 'e' has no approved_by"]),
        ("rules: [a], expires: 2026-12-22",
         ["exemption 'e' has no approved_by", "exemption 'e' has no ports", "exemption 'e' has no ticket"]),
        ("rules: [a], expires: 2026-11-21", []),
    ],
)  # fmt: skip
def test_an_exemption_beyond_the_limits_is_an_error_unless_it_is_over(body, expected):
    messages = told(exempted(body) + LIMITS)
    assert [message.message for message in messages if message.code == "E309"] == expected
    assert all(message.severity == "error" for message in messages if message.code == "E309")


def test_of_the_limits_of_several_files_the_strictest_hold():
    one = exempted("rules: [a], expires: 2026-12-22") + "limits: {exemption_days: 90, require: [ticket]}\n"
    other = "version: 1\nlimits: {exemption_days: 20}\n"
    policy = read_policy([("a.yaml", one), ("b.yaml", other)]).policy
    assert policy.limits == (20, ("ticket",))


SLIP = "version: 1\ndisallowed_ports:\n{above}  - 3309{beside}\n"


@pytest.mark.parametrize(
    ("above", "beside", "expected"),
    [
        ("", "  # lint: allow W106 because our proxy listens there", []),
        ("  # lint: allow W106 because our proxy listens there\n", "", []),
        ("  # lint: allow W106 because x\n  # more words\n", "", []),
        ("  # lint: allow W101, W106 because x\n", "", []),
        ("  # lint: allow W101 because x\n", "", ["W106"]),
        ("  # lint: allow W106\n", "", ["W301", "W106"]),
        ("", "  # lint: allow W106", ["W106", "W301"]),
        ("  # lint: allow W106 because\n", "", ["W301", "W106"]),
        ("  # lint: allow W999 because x\n", "", ["W301", "W106"]),
        ("  # lint: allow E301 because x\n", "", ["W301", "W106"]),
        ("  - 21  # lint: allow W106 because it is for the line itself\n", "", ["W106"]),
    ],
)
def test_a_warning_is_silenced_in_its_place_with_a_reason(above, beside, expected):
    assert codes(SLIP.format(above=above, beside=beside)) == expected


def test_an_error_is_never_silenced():
    assert "E301" in codes(
        "version: 1\n# lint: allow W101 because x\ndisallowed_ports: [9-1]  # lint: allow W102 because x\n"
    )


def test_every_warning_has_a_name_and_an_explanation():
    assert all(code.startswith("W") and name and words for code, (name, words) in WARNINGS.items())
    assert len({name for name, _ in WARNINGS.values()}) == len(WARNINGS)


@settings(max_examples=examples(60), deadline=None)
@given(policies(), st.sampled_from([None, "otc"]))
def test_no_policy_makes_the_linter_fail_and_its_places_exist(policy, cloud):
    text = canonical_yaml(policy)
    lines = text.split("\n")
    for message in lint(read_policy([("p.yaml", text)]), today=TODAY, cloud=cloud, snapshot=snapshot(category([]))):
        assert message.severity == "warning" or message.code == "E309"
        assert 1 <= message.location.line <= len(lines)


@settings(max_examples=examples(80), deadline=None)
@given(st.lists(spans, min_size=1, max_size=3), st.lists(spans, min_size=1, max_size=3), st.lists(rows, max_size=6))
def test_a_rule_that_adds_nothing_finds_nothing_that_the_other_does_not(first, second, seen):
    ranges = [", ".join(f"{low}-{high}" for low, high in one) for one in (first, second)]
    reading = read_policy([("p.yaml", rules(*(f"id: r{at}, ports: [{one}]" for at, one in enumerate(ranges))))])
    covered = [m.message.split("'")[1] for m in lint(reading) if m.code == "W103"]
    found = {rule.id: {row for row in seen if row.port in rule.ports} for rule in reading.policy.rules}
    assert all(found[less] <= found["r1" if less == "r0" else "r0"] for less in covered)
    nested = any(not a.ports - b.ports for a, b in permutations(reading.policy.rules, 2))
    assert bool(covered) == nested


def exemption(keys, rule="id: a, ports: [3389]"):
    text = f"exemptions:\n  - {{id: e, rules: [a], {keys}, reason: r, owner: o, expires: 2027-03-31}}\n"
    return rules(rule) + text


@pytest.mark.parametrize(
    ("text", "cloud", "expected"),
    [
        (rules("id: a, ports: [3389], hosts: [win-*]"), "otc", ["W110"]),
        (rules("id: a, ports: [3389], listening: beyond-loopback"), "otc", ["W110"]),
        (rules("id: a, ports: [3389], hosts: [win-*]"), "huaweicloud", []),
        (rules("id: a, allowed_ports: [443], hosts: [win-*]"), None, ["W111"]),
        (rules("id: a, ports: [3389], categories: [container], hosts: [10.2.0.0/16]"), None, ["W112"]),
        (exemption("hosts: [jump-1]"), None, ["W208"]),
        (exemption('hosts: [10.2.0.0/16, "!jump-1"], categories: [host]'), None, []),
        (exemption("hosts: [0f1e2d3c4b5a69788796a5b4c3d2e1f0]"), None, []),
        (exemption("hosts: [0f1e2d3c4b5a69788796a5b4c3d2e1f0]"), "otc", ["W209"]),
        (exemption("hosts: [10.2.0.0/16]"), None, ["W112"]),
    ],
)
def test_what_goes_by_server_is_warned_of(text, cloud, expected):
    assert codes(text, cloud=cloud) == expected


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ((PortListeners(3389, (Listener("1" * 32, "web-1", "10.3.0.1", protocol="tcp"),)),), ["W204"]),
        ((PortListeners(3389, (Listener("1" * 32, "web-1", "10.2.0.1", protocol="tcp"),)),), []),
        ((), []),  # not known
    ],
)
def test_an_exemption_by_server_that_matches_none_in_the_snapshot(listeners, expected):
    world = snapshot(category([Row(3389, "tcp", 1)], listeners=listeners))
    assert codes(exemption("hosts: [10.2.0.0/16], categories: [host]"), snapshot=world) == expected


def test_rules_for_other_servers_may_differ_in_severity():
    both = (
        "id: a, ports: [3389], hosts: [win-*], severity: low",
        "id: b, ports: [3389], hosts: [web-*], severity: high",
    )
    assert codes(rules(*both)) == []


@pytest.mark.parametrize(
    ("hosts", "listens", "expected"),
    [("[10.2.0.0/16]", "10.3.0.1", ["W113"]), ("[10.2.0.0/16]", "10.2.0.1", []), ("[win-*]", "10.3.0.1", [])],
)
def test_a_network_in_which_no_server_of_the_snapshot_is(hosts, listens, expected):
    behind = PortListeners(3389, (Listener("1" * 32, "web-1", listens, protocol="tcp"),))
    world = snapshot(category([Row(3389, "tcp", 1)], listeners=(behind,)))
    assert codes(rules(f"id: a, ports: [3389], hosts: {hosts}"), snapshot=world) == expected
    unknown = snapshot(category([Row(3389, "tcp", 1)], listeners=(behind._replace(trouble="page 2 is missing"),)))
    assert codes(rules(f"id: a, ports: [3389], hosts: {hosts}"), snapshot=unknown) == []


@pytest.mark.parametrize(
    ("named", "expected"), [("10.0.0.0/8", ["W203"]), ("10.2.0.0/16", []), ("10.2.0.0/17", []), ("10.9.0.0/16", [])]
)
def test_an_exemption_for_more_servers_than_its_rule(named, expected):
    rule = "id: a, ports: [3389], hosts: [10.2.0.0/16]"
    assert codes(exemption(f"hosts: [{named}], categories: [host]", rule)) == expected
