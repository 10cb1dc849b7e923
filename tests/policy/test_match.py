"""The matcher: each key at its edges, and that whoever asks it says what a plain reading of the rules says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.decide.evaluate import evaluate
from handler.models import CATEGORIES, Row
from handler.models.listeners import Listener, PortListeners
from handler.policy.match import (
    ExemptionsInForce,
    concerns,
    exemption_matcher,
    judged_counter,
    judged_places,
    judged_rows,
    rule_matcher,
    unmet_terms,
    within,
)
from handler.policy.match_keys import UNSAID, Subject
from handler.policy.rules import NO_LIMITS, Exemption, Policy, Rule
from handler.ports import ALL_PORTS, NAMED_PORTS, PortSet
from handler.review.claims import PolicyOnDay
from handler.review.explain import Question, explain
from tests.examples import examples
from tests.fakes import TARGET, category, snapshot
from tests.strategies import policies

DAY = date(2026, 12, 1)
TELNET = Rule("telnet", "ports", ports=PortSet.of_ports([23, 2323]))
ONLY_WEB = Rule("only-web", "allowed_ports", ports=ALL_PORTS - PortSet.of_ports([80, 443]))
FLAGGED = Rule("flagged", "status", ports=NAMED_PORTS, status=("danger",))
DATABASES = Rule("databases", "statistic", statistic="database_num", above=20)


def row(port=23, protocol="tcp", num=1, status=None, place="host"):
    return Subject(place, port, protocol, num, status)


def exemption(**other):
    known = {"id": "e", "reason": "r", "owner": "o", "expires": DAY}
    return Exemption(**(known | other))


# ---- what a rule judges


@pytest.mark.parametrize(
    ("rule", "subject", "judged"),
    [
        (TELNET, row(23), True),
        (TELNET, row(2323), True),
        (TELNET, row(22), False),
        (TELNET, row(24), False),
        (TELNET, row(place="container"), False),
        (TELNET._replace(categories=CATEGORIES), row(place="container"), True),
        (ONLY_WEB, row(0), True),
        (ONLY_WEB, row(65535), True),
        (ONLY_WEB, row(80), False),
        (FLAGGED, row(0), False),
        (FLAGGED, row(1), True),
        (FLAGGED, row(65535), True),
        (TELNET, Subject("host", None, None, 30), False),
        (ONLY_WEB, Subject("host", None, None, 30), False),
        (DATABASES, Subject("host", None, None, 30), True),
        (DATABASES, Subject("container", None, None, 30), False),
        (DATABASES, row(23), False),
    ],
)
def test_a_rule_judges_rows_on_its_ports_or_its_counter(rule, subject, judged):
    assert rule_matcher(rule).speaks_of(subject) is judged


@pytest.mark.parametrize("protocols", [("tcp",), ("udp",), ("tcp", "udp")])
@pytest.mark.parametrize("protocol", ["tcp", "tcp6", "udp", "udp6"])
def test_a_protocol_covers_its_form_for_ipv6(protocols, protocol):
    rule = TELNET._replace(protocols=protocols)
    assert rule_matcher(rule).speaks_of(row(protocol=protocol)) is (protocol[:3] in protocols)


@pytest.mark.parametrize("protocols", [("tcp",), ("udp",), ("tcp", "udp")])
@pytest.mark.parametrize("protocol", ["sctp", "raw", "tc", "6tcp", ""])
def test_a_type_that_is_neither_tcp_nor_udp_is_judged_whatever_the_protocols(protocols, protocol):
    assert rule_matcher(TELNET._replace(protocols=protocols)).speaks_of(row(protocol=protocol))


# ---- what a rule finds


@pytest.mark.parametrize(
    ("above", "num", "answer"),
    [
        (0, 0, "no"),
        (0, 1, "yes"),
        (2, 2, "no"),
        (2, 3, "yes"),
        (0, None, "undecidable"),
        (9, None, "undecidable"),
        (0, UNSAID, "yes"),
        (1, UNSAID, "depends"),
    ],
)
def test_above_is_the_highest_num_that_is_tolerated(above, num, answer):
    assert rule_matcher(TELNET._replace(above=above)).applies(row(num=num)) == answer


@pytest.mark.parametrize(
    ("named", "status", "answer"),
    [
        ((), None, "yes"),
        ((), UNSAID, "yes"),
        (("danger",), "danger", "yes"),
        (("danger",), "normal", "no"),
        (("danger",), "odd", "undecidable"),
        (("danger", "unknown"), "unknown", "yes"),
        (("danger",), None, "undecidable"),
        (("danger",), UNSAID, "depends"),
    ],
)
def test_a_status_is_needed_only_by_a_rule_that_names_one(named, status, answer):
    assert rule_matcher(TELNET._replace(status=named)).applies(row(status=status)) == answer


def test_a_row_without_a_status_leaves_the_rule_undecided_however_low_its_num():
    assert rule_matcher(TELNET._replace(status=("danger",), above=5)).applies(row(num=1)) == "undecidable"


@pytest.mark.parametrize(("num", "answer"), [(5, "no"), (6, "undecidable"), (UNSAID, "undecidable")])
def test_a_status_that_no_document_lists_leaves_a_rule_undecided_where_it_would_find_the_num(num, answer):
    rule = TELNET._replace(status=("danger",), above=5)
    assert rule_matcher(rule).applies(row(num=num, status="odd")) == answer


def test_another_status_is_a_no_even_where_the_num_is_unsaid():
    rule = TELNET._replace(status=("danger",), above=5)
    assert rule_matcher(rule).applies(row(num=UNSAID, status="normal")) == "no"
    assert rule_matcher(rule).applies(row(num=UNSAID, status="danger")) == "depends"
    assert rule_matcher(rule).applies(row(num=5, status=UNSAID)) == "no"


def test_each_key_is_answered_by_its_name():
    rule = TELNET._replace(status=("danger",), protocols=("udp",), above=1)
    assert rule_matcher(rule).answers(row(num=1)) == {
        "ports": "yes",
        "categories": "yes",
        "protocols": "no",
        "status": "undecidable",
        "above": "no",
    }


def test_each_row_comes_with_each_rule_that_judges_it_in_the_order_of_rows_and_rules():
    rules = (TELNET, FLAGGED, ONLY_WEB._replace(categories=("container",)), TELNET._replace(id="u", protocols=("udp",)))
    rows = (Row(23, "tcp", 1), Row(0, "tcp", 1), Row(2323, "udp6", 0, "danger"))
    pairs = [(rule.id, subject.port) for rule, subject, _ in judged_rows(rules, "host", rows)]
    assert pairs == [("telnet", 23), ("flagged", 23), ("telnet", 2323), ("flagged", 2323), ("u", 2323)]
    pairs = [(rule.id, subject.port) for rule, subject, _ in judged_rows(rules, "container", rows)]
    assert pairs == [("only-web", 23), ("only-web", 0), ("only-web", 2323)]


def test_a_place_is_judged_whatever_its_num_and_status():
    rules = (TELNET._replace(protocols=("udp",), above=9, status=("danger",)), DATABASES)
    rows = (
        Row(23, "udp", 1, "normal"),
        Row(23, "tcp", 99, "danger"),
        Row(2323, "sctp", 0),
        Row(24, "udp", 99, "danger"),
    )
    assert judged_places(rules, "host", rows) == {(23, "udp"), (2323, "sctp")}
    assert judged_places(rules, "container", rows) == set()


@pytest.mark.parametrize(
    ("counters", "answer"),
    [
        ({"database_num": 20}, "no"),
        ({"database_num": 21}, "yes"),
        ({"app_num": 99}, "undecidable"),
        ({}, "undecidable"),
    ],
)
def test_a_counter_that_was_not_told_is_undecidable(counters, answer):
    subject, found = judged_counter(DATABASES, "host", counters)
    assert (subject.port, subject.num, found) == (None, counters.get("database_num"), answer)
    assert judged_counter(DATABASES, "container", counters) is None
    assert judged_counter(TELNET, "host", counters) is None


# ---- what an exemption covers


@pytest.mark.parametrize(
    ("rules", "concerned"), [((), True), (("telnet",), True), (("other", "telnet"), True), (("other",), False)]
)
def test_an_exemption_without_rules_is_for_all(rules, concerned):
    assert concerns(exemption(rules=rules), TELNET) is concerned


@pytest.mark.parametrize(
    ("change", "subject", "spoken"),
    [
        ({}, row(23), True),
        ({}, Subject("host", None, None, 30), True),
        ({"ports": PortSet.of([(20, 30)])}, row(20), True),
        ({"ports": PortSet.of([(20, 30)])}, row(30), True),
        ({"ports": PortSet.of([(20, 30)])}, row(19), False),
        ({"ports": PortSet.of([(20, 30)])}, row(31), False),
        ({"ports": NAMED_PORTS}, row(0), False),
        ({"ports": ALL_PORTS}, Subject("host", None, None, 30), False),
        ({"categories": ("container",)}, row(23), False),
        ({"categories": ("container",)}, row(23, place="container"), True),
        ({"ports": PortSet.of_ports([23])}, row(23, "sctp"), True),
    ],
)
def test_an_exemption_speaks_of_its_ports_and_categories(change, subject, spoken):
    assert exemption_matcher(exemption(**change)).speaks_of(subject) is spoken


@pytest.mark.parametrize(
    ("up_to", "num", "answer"),
    [
        (None, 99, "yes"),
        (None, UNSAID, "yes"),
        (3, 3, "yes"),
        (3, 4, "no"),
        (0, 1, "no"),
        (0, UNSAID, "depends"),
        (3, None, "no"),
    ],
)
def test_up_to_is_the_highest_num_that_is_tolerated(up_to, num, answer):
    assert exemption_matcher(exemption(up_to=up_to)).applies(row(num=num)) == answer


@pytest.mark.parametrize(
    ("change", "day", "project", "unmet"),
    [
        ({}, DAY, "all_granted_eps", ()),
        ({}, DAY + timedelta(days=1), "all_granted_eps", ("expires",)),
        ({}, DAY - timedelta(days=400), "7", ()),
        ({"enterprise_projects": ("0", "7")}, DAY, "7", ()),
        ({"enterprise_projects": ("0", "7")}, DAY, "8", ("enterprise_projects",)),
        ({"enterprise_projects": ("0",)}, DAY, "all_granted_eps", ("enterprise_projects",)),
        ({"enterprise_projects": ("all_granted_eps",)}, DAY, "all_granted_eps", ("enterprise_projects",)),
        ({"enterprise_projects": ("0",)}, DAY + timedelta(days=1), "1", ("expires", "enterprise_projects")),
    ],
)
def test_an_exemption_holds_until_its_last_day_and_only_where_just_its_project_is_asked(change, day, project, unmet):
    assert unmet_terms(exemption(**change), day, project, NO_LIMITS) == unmet


def in_force_of(*exemptions):
    return ExemptionsInForce(Policy("p", "sha256:0", (), exemptions), DAY, "7")


def test_the_first_exemption_that_covers_is_named():
    ended = exemption(id="ended", expires=DAY - timedelta(days=1))
    few, some, other = exemption(id="few", up_to=2), exemption(id="some", up_to=5), exemption(id="x", rules=("y",))
    in_force = in_force_of(ended, other, few, some, exemption(id="all"))
    assert [one.id for one, _ in in_force.of(TELNET)] == ["few", "some", "all"]
    assert in_force.covering(TELNET, row(num=2)).id == "few"
    assert in_force.covering(TELNET, row(num=3)).id == "some"
    assert in_force.covering(TELNET, row(num=6)).id == "all"
    assert [(one.id, answer) for one, answer in in_force.tolerating(TELNET, row(num=UNSAID))] == [
        ("few", "depends"),
        ("some", "depends"),
        ("all", "yes"),
    ]


def test_a_stretch_ends_where_an_exemption_begins_or_ends():
    rule = Rule("r", "ports", ports=PortSet.of([(1, 9), (20, 20)]))
    spans = {"start": (1, 2), "middle": (4, 5), "edge": (9, 25)}
    cutting = [exemption(id=name, ports=PortSet.of([span])) for name, span in spans.items()]
    idle = [exemption(id="other", rules=("x",), ports=PortSet.of_ports([7])), exemption(id="all")]
    cut = in_force_of(*cutting, *idle)
    assert list(cut.stretches(rule)) == [(1, 2), (3, 3), (4, 5), (6, 8), (9, 9), (20, 20)]


# ---- one rule within another


@pytest.mark.parametrize(
    ("change", "inside", "outside"),
    [
        ({"ports": PortSet.of_ports([23])}, True, False),
        ({"ports": PortSet()}, True, False),
        ({"protocols": ("udp",)}, True, False),
        ({"categories": CATEGORIES}, False, True),
        ({"status": ("danger",)}, True, False),
        ({"above": 1}, True, False),
        ({"effective_from": DAY}, True, False),
        ({"statistic": "app_num"}, False, False),
        ({"title": "another"}, True, True),
    ],
)
def test_a_rule_is_within_one_that_finds_whatever_it_finds(change, inside, outside):
    changed = TELNET._replace(**change)
    assert (within(changed, TELNET), within(TELNET, changed)) == (inside, outside)


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_rule_is_within_one_that_begins_no_later(days):
    wide, narrow = (TELNET._replace(effective_from=DAY + timedelta(days=add)) for add in (0, days))
    assert within(narrow, wide) is (days >= 0)


@pytest.mark.parametrize(
    ("narrow", "wide", "inside"),
    [
        (("danger",), ("danger", "normal"), True),
        (("danger", "normal"), ("danger",), False),
        (("danger",), ("normal",), False),
        ((), ("danger", "normal", "unknown"), False),  # a row may carry another word, or none
    ],
)
def test_a_status_is_within_more_of_them(narrow, wide, inside):
    assert within(TELNET._replace(status=narrow), TELNET._replace(status=wide)) is inside


def test_only_the_keys_asked_for_are_compared():
    assert within(TELNET._replace(above=1), TELNET._replace(above=2), ("status",))
    assert not within(TELNET._replace(above=1), TELNET._replace(above=2), ("status", "above"))


# ---- a plain reading of design section 5, and whether everybody agrees with it


def plainly_judges(rule, port, protocol, place):
    """Whether the rule is about that row: its category, its port, its protocol."""
    if place not in rule.categories or rule.statistic is not None:
        return False
    listed = set(rule.listed)
    named = {"ports": port in listed, "allowed_ports": port not in listed, "status": 1 <= port <= 65535}
    if not named[rule.kind]:
        return False
    tcp, udp = protocol in ("tcp", "tcp6"), protocol in ("udp", "udp6")
    return not (tcp or udp) or (tcp and "tcp" in rule.protocols) or (udp and "udp" in rule.protocols)


def plainly_within(limits, one, day):
    """Whether an exemption has all that is required, and does not last too long from that day."""
    said = {"ports": one.ports is not None, "ticket": one.ticket != "", "approved_by": one.approved_by != ""}
    short = limits.exemption_days is None or one.expires <= day + timedelta(days=limits.exemption_days)
    return short and all(said[key] for key in limits.require)


def plain_result(policy, rule, seen, place, day, project):
    """What becomes of a row under one rule: nothing, undecided, announced, exempted (by which) or finding."""
    if not plainly_judges(rule, seen.port, seen.protocol, place):
        return "nothing"
    early = rule.effective_from is not None and day < rule.effective_from
    if rule.status and (seen.status is None or (seen.status == "odd" and seen.num > rule.above)):
        return "nothing" if early else "undecided"
    if (rule.status and seen.status not in rule.status) or seen.num <= rule.above:
        return "nothing"
    if early:
        return "announced"
    for one in policy.exemptions:
        for_rule = one.rules == () or rule.id in one.rules
        for_row = place in one.categories and (one.ports is None or seen.port in set(one.ports))
        for_project = one.enterprise_projects == () or (
            project != "all_granted_eps" and project in one.enterprise_projects
        )
        few = one.up_to is None or seen.num <= one.up_to
        for_protocol = set(one.protocols) == {"tcp", "udp"} or seen.protocol.rstrip("6") in one.protocols
        terms = (for_rule, for_row, for_project, for_protocol, few, plainly_within(policy.limits, one, day))
        if all(terms) and day <= one.expires:
            return f"exempted by {one.id}"
    return "finding"


PROTOCOL = st.sampled_from(["tcp", "tcp6", "udp", "udp6", "sctp"])
STATUS = st.sampled_from(["danger", "normal", "unknown", "odd", None])
PLACE = st.sampled_from(CATEGORIES)
ABOUT = st.integers(-1, 1)


@st.composite
def situations(draw):
    """A policy, and a row, day and project that are near what it says."""
    policy = draw(policies())
    edges = {0, 1, 65535}
    for ports in [rule.listed for rule in policy.rules] + [one.ports for one in policy.exemptions if one.ports]:
        edges |= {near for low, high in ports.ranges for near in (low - 1, low, high, high + 1) if 0 <= near <= 65535}
    days = [rule.effective_from for rule in policy.rules if rule.effective_from]
    days += [one.expires for one in policy.exemptions] or [DAY]
    projects = [project for one in policy.exemptions for project in one.enterprise_projects]
    nums = {0, 1} | {rule.above for rule in policy.rules} | {one.up_to for one in policy.exemptions if one.up_to}
    seen = Row(
        port=draw(st.sampled_from(sorted(edges))),
        protocol=draw(PROTOCOL),
        num=draw(st.sampled_from(sorted(nums | {num + 1 for num in nums}))),
        status=draw(STATUS),
    )
    day = draw(st.sampled_from(days)) + timedelta(days=draw(ABOUT))
    project = draw(st.sampled_from(["all_granted_eps", "elsewhere", *projects]))
    return policy, seen, draw(PLACE), day, project


def expected(policy, seen, place, day, project):
    results = {rule.id: plain_result(policy, rule, seen, place, day, project) for rule in policy.rules}
    return {name: result for name, result in results.items() if result != "nothing"}


@settings(max_examples=examples(100), deadline=None)
@given(situations())
def test_evaluation_is_the_plain_reading(situation):
    policy, seen, place, day, project = situation
    target = TARGET._replace(enterprise_project_id=project)
    rows = category([seen], place, statistics=None, total_num=1000)
    done = evaluate(policy._replace(expect_rows={}), snapshot(rows, target=target), day)
    got = {finding.rule_id: "finding" for finding in done.findings}
    got |= {one.finding.rule_id: f"exempted by {one.exemption_id}" for one in done.exempted}
    got |= {one.finding.rule_id: "announced" for one in done.announced}
    needs = [str(problem).split() for problem in done.problems]
    got |= {words[1]: "undecided" for words in needs if words[3] == "status,"}
    assert got == expected(*situation)


@settings(max_examples=examples(100), deadline=None)
@given(situations())
def test_an_explanation_is_the_plain_reading(situation):
    policy, seen, place, day, project = situation
    status = "none" if seen.status is None else seen.status
    said = explain(policy, Question(seen.port, seen.protocol, place, seen.num, status, project), day)
    outcomes = {one.id: one.outcome for one in said.statements if one.kind == "rule" and one.outcome != "nothing"}
    plainly = expected(*situation)
    assert outcomes == {name: result.partition(" ")[0] for name, result in plainly.items()}
    reasons = {one.id: one.reasons[0] for one in said.statements if one.kind == "rule"}
    for name, result in plainly.items():
        if result.startswith("exempted"):
            assert reasons[name].startswith(f"{result.removeprefix('exempted ')} until ")


@settings(max_examples=examples(100), deadline=None)
@given(situations())
def test_an_explanation_without_num_and_status_leaves_open_exactly_what_they_decide(situation):
    policy, seen, place, day, project = situation
    said = explain(policy, Question(seen.port, seen.protocol, place, enterprise_project=project), day)
    outcomes = {one.id: one.outcome for one in said.statements if one.kind == "rule"}
    for rule in policy.rules:
        limits = {rule.above, *(one.up_to for one in policy.exemptions if one.up_to is not None)}
        rows = [
            seen._replace(num=num, status=status)
            for num in sorted({n for limit in limits for n in (limit, limit + 1)} - {0})
            for status in ("danger", "normal", "unknown", "odd")
        ]
        results = {plain_result(policy, rule, one, place, day, project).partition(" ")[0] for one in rows}
        if "undecided" in results:  # a word that no document lists: an explanation speaks of the others
            results = (results - {"undecided"}) | {"nothing"}
        outcome = outcomes.get(rule.id, "nothing")
        idle = any(one.up_to == 0 for one in policy.exemptions)  # named as a condition, though every row has a num
        if len(results) == 1 and not (idle and outcome == "conditional"):
            assert outcome == results.pop()
        elif "announced" in results:
            assert outcome == "announced"
        else:
            assert outcome == ("exempted" if results == {"nothing", "exempted"} else "conditional")


@settings(max_examples=examples(100), deadline=None)
@given(situations())
def test_the_ranges_of_a_policy_are_the_plain_reading(situation):
    policy, seen, place, day, _ = situation
    found = PolicyOnDay(policy, day)
    for protocol in ("tcp", "udp"):
        for rule in policy.rules:
            claims = found.claims(rule.id, place, protocol)
            assert claims == sorted(claims)
            here = [left for low, high, left in claims if low <= seen.port <= high]
            one = seen._replace(protocol=protocol, status=seen.status or "danger")
            by_range = any(one.num > left.above and (not left.status or one.status in left.status) for left in here)
            assert by_range == (plain_result(policy, rule, one, place, day, "all_granted_eps") == "finding")
            assert len(here) <= 1


@settings(max_examples=examples(100), deadline=None)
@given(policies(), st.integers(0, 9), st.sampled_from(CATEGORIES))
def test_a_counter_is_judged_alike_by_evaluation_and_by_ranges(policy, count, place):
    day = min((one.expires for one in policy.exemptions), default=DAY)
    counters = {rule.statistic: count for rule in policy.rules if rule.statistic}
    done = evaluate(policy._replace(expect_rows={}), snapshot(category([], place, statistics=counters)), day)
    found = {finding.rule_id for finding in done.findings}
    claims = {
        rule.id: PolicyOnDay(policy, day).claims(rule.id, place, "tcp") for rule in policy.rules if rule.statistic
    }
    assert found == {name for name, ranges in claims.items() if any(count > left.above for _, _, left in ranges)}


@given(policies())
@settings(max_examples=examples(50), deadline=None)
def test_a_rule_that_is_within_another_finds_nothing_that_the_other_does_not(policy):
    day = date(2041, 1, 1)
    for narrow in policy.rules:
        for wide in policy.rules:
            if narrow.statistic is None and within(narrow, wide):
                ports = {low for low, _ in narrow.ports.ranges} | {high for _, high in narrow.ports.ranges}
                rows = [
                    Row(p, t, narrow.above + 1, s)
                    for p in ports
                    for t in ("tcp", "udp")
                    for s in narrow.status or ("odd",)
                ]
                both = Policy("p", "", (narrow._replace(id="n"), wide._replace(id="w")))
                seen = snapshot(*(category(rows, place) for place in CATEGORIES))
                findings = {
                    (f.rule_id, f.category, f.port, f.protocol, f.status) for f in evaluate(both, seen, day).findings
                }
                assert {one[1:] for one in findings if one[0] == "n"} <= {one[1:] for one in findings if one[0] == "w"}


@pytest.mark.parametrize(
    ("protocols", "subject", "covered"),
    [
        (("tcp",), row(protocol="tcp6"), True),
        (("tcp",), row(protocol="udp"), False),
        (("udp",), row(protocol="udp6"), True),
        (("tcp",), row(protocol="sctp"), False),
        (("tcp", "udp"), row(protocol="sctp"), True),
        (("tcp",), Subject("host", None, None, 3, None), False),
        (("tcp", "udp"), Subject("host", None, None, 3, None), True),
    ],
)
def test_an_exemption_that_names_protocols_covers_these_and_nothing_else(protocols, subject, covered):
    assert exemption_matcher(exemption(rules=("telnet",), protocols=protocols)).speaks_of(subject) is covered


# ---- each key's own answer, word by word

JUMP = Listener("id-1", "jump-1", "10.2.0.7", protocol="tcp", address="0.0.0.0")
WEB = JUMP._replace(host_id="id-2", host_name="web-1")
LOOPED = JUMP._replace(address="127.0.0.1")


def behind(*listeners, num=None, trouble=""):
    """Row 23/tcp with who listens behind it."""
    return row(num=len(listeners) if num is None else num)._replace(listeners=PortListeners(23, listeners, trouble))


COUNTER = Subject("host", None, None, 3, None)


@pytest.mark.parametrize(
    ("keys", "subject", "answers"),
    [
        ({}, row(), {"categories": "yes"}),
        ({"categories": ("container",)}, row(), {"categories": "no"}),
        ({"ports": PortSet.of_ports([23])}, row(), {"ports": "yes"}),
        ({"ports": PortSet.of_ports([22])}, row(), {"ports": "no"}),
        ({"ports": PortSet.of_ports([23])}, COUNTER, {"ports": "no"}),
        ({"protocols": ("udp",)}, row(), {"protocols": "no"}),
        ({"protocols": ("udp",)}, row(protocol="udp6"), {"protocols": "yes"}),
        ({"protocols": ("udp",)}, row(protocol="sctp"), {"protocols": "no"}),
        ({"protocols": ("udp",)}, COUNTER, {"protocols": "no"}),
        ({"up_to": 3}, row(num=3), {"up_to": "yes"}),
        ({"up_to": 3}, row(num=4), {"up_to": "no"}),
        ({"up_to": 3}, row(num=None), {"up_to": "no"}),
        ({"up_to": 3}, row(num=UNSAID), {"up_to": "depends"}),
        ({"hosts": ("jump-*",)}, row(), {"hosts": "depends"}),
        ({"hosts": ("jump-*",)}, COUNTER, {"hosts": "no"}),
        ({"hosts": ("jump-*",)}, behind(JUMP), {"hosts": "yes"}),
        ({"hosts": ("jump-*",)}, behind(JUMP, WEB), {"hosts": "no"}),
        ({"hosts": ("jump-*",)}, behind(WEB), {"hosts": "no"}),
        ({"hosts": ("jump-*",)}, behind(trouble="page 2 is missing", num=1), {"hosts": "undecidable"}),
        ({"hosts": ("jump-*",), "up_to": 1}, row(num=9), {"hosts": "depends", "up_to": "depends"}),
        ({"hosts": ("jump-*",), "up_to": 1}, behind(JUMP), {"hosts": "yes", "up_to": "yes"}),
        ({"hosts": ("*",), "up_to": 1}, behind(JUMP, WEB), {"hosts": "no", "up_to": "yes"}),
    ],
)
def test_each_key_of_an_exemption_gives_its_own_answer(keys, subject, answers):
    given_ = exemption_matcher(exemption(rules=("telnet",), **keys)).answers(subject)
    assert {"categories": "yes", **answers} == given_


@pytest.mark.parametrize(
    ("rule", "subject", "answers"),
    [
        (TELNET, row(), {"ports": "yes", "categories": "yes", "above": "yes"}),
        (TELNET, row(22, place="container"), {"ports": "no", "categories": "no"}),
        (TELNET, COUNTER, {"ports": "no"}),
        (DATABASES, COUNTER, {"ports": "yes", "above": "no"}),
        (DATABASES, row(num=21), {"ports": "no", "above": "yes"}),
        (DATABASES, COUNTER._replace(num=None), {"above": "undecidable"}),
        (TELNET._replace(protocols=("udp",)), row(), {"protocols": "no"}),
        (TELNET._replace(protocols=("udp",)), row(protocol="udp6"), {"protocols": "yes"}),
        (TELNET._replace(protocols=("udp",)), row(protocol="sctp"), {"protocols": "yes"}),
        (FLAGGED, row(), {"status": "undecidable"}),
        (FLAGGED, row(status=UNSAID), {"status": "depends"}),
        (FLAGGED, row(status="danger"), {"status": "yes"}),
        (FLAGGED, row(status="normal"), {"status": "no"}),
        (TELNET, row(num=0), {"above": "no"}),
        (TELNET, row(num=UNSAID), {"above": "yes"}),
        (TELNET._replace(above=2), row(num=UNSAID), {"above": "depends"}),
        (TELNET._replace(above=2), row(num=2), {"above": "no"}),
        (TELNET._replace(hosts=("jump-*",)), row(), {"hosts": "depends", "above": "yes"}),
        (TELNET._replace(hosts=("jump-*",), above=1), row(num=2), {"hosts": "depends", "above": "depends"}),
        (TELNET._replace(hosts=("jump-*",)), behind(JUMP), {"hosts": "yes", "above": "yes"}),
        (TELNET._replace(hosts=("jump-*",)), behind(WEB), {"hosts": "no", "above": "no"}),
        (TELNET._replace(hosts=("jump-*",), above=1), behind(JUMP, WEB), {"hosts": "yes", "above": "no"}),
        (
            TELNET._replace(hosts=("jump-*",)),
            behind(trouble="page 2 is missing", num=1),
            {"hosts": "undecidable", "above": "undecidable"},
        ),
        (TELNET._replace(listening="beyond-loopback"), row(), {"listening": "depends"}),
        (TELNET._replace(listening="beyond-loopback"), behind(JUMP), {"listening": "yes"}),
        (TELNET._replace(listening="beyond-loopback"), behind(LOOPED), {"listening": "no", "above": "no"}),
    ],
)
def test_each_key_of_a_rule_gives_its_own_answer(rule, subject, answers):
    given_ = rule_matcher(rule).answers(subject)
    assert {key: given_[key] for key in answers} == answers


def test_tests_of_keys_that_are_heeded_already_are_left_out():
    assert set(rule_matcher(TELNET, but=("ports", "categories")).answers(row())) == {"above"}


def test_exemptions_that_do_not_tolerate_a_row_are_not_among_those_that_may():
    in_force = in_force_of(exemption(id="few", up_to=2), exemption(id="many", up_to=9))
    subject = Subject("host", 23, "tcp", 3, None, PortListeners(23))
    assert [(one.id, answer) for one, answer in in_force.tolerating(TELNET, subject)] == [("many", "yes")]


@pytest.mark.parametrize(
    ("narrow", "wide", "inside"),
    [
        ([(20, 30)], [(10, 1023)], True),
        ([(10, 1023)], [(10, 1023)], True),
        ([(9, 30)], [(10, 1023)], False),
        ([(20, 1024)], [(10, 1023)], False),
        ([(25, 25)], [(20, 20), (30, 30)], False),  # between two of its ranges
        ([], [(20, 20)], True),
        ([(20, 20)], [], False),
    ],
)
def test_ports_are_within_others_where_none_is_left_over(narrow, wide, inside):
    narrow, wide = (TELNET._replace(ports=PortSet.of(ranges)) for ranges in (narrow, wide))
    assert within(narrow, wide, ("ports",)) is inside


def test_the_same_status_is_within_itself():
    flagged = TELNET._replace(status=("danger", "unknown"))
    assert within(flagged, flagged, ("status",))
