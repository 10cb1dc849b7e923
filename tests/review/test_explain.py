"""Explanations agree with what the policy does, and say why."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.decide.evaluate import evaluate
from handler.models import Row
from handler.review.explain import Question, explain, questions
from handler.review.explain_formats import explain_json, explain_text
from tests.examples import examples
from tests.fakes import category, snapshot
from tests.small_policies import EXEMPTED, policy_of

DAY = date(2026, 12, 1)
RICH = policy_of("""\
version: 1
rules:
  - {id: telnet, ports: [23, 2323], protocols: [tcp], above: 2}
  - {id: flagged, status: [danger], categories: [host, container]}
  - {id: only-web, allowed_ports: [22, 443], categories: [container], protocols: [tcp]}
  - {id: soon, ports: [20-25], effective_from: 2026-12-02}
exemptions:
  - {id: lifts, rules: [telnet], ports: [2323], up_to: 5, reason: r, owner: o, expires: 2026-12-05}
  - {id: boxes, ports: [23], categories: [container], enterprise_projects: ["0"], reason: r, owner: o, expires: 2026-12-01}
""")


def outcome(policy, port, protocol="tcp", place="host", **more):
    return explain(policy, Question(port, protocol, place, **more), more.pop("today", DAY))


def reasons(policy, port, name, **more):
    return next(each for each in outcome(policy, port, **more).statements if each.id == name)


@given(
    port=st.sampled_from([0, 22, 23, 25, 443, 2323]),
    protocol=st.sampled_from(["tcp", "tcp6", "udp", "sctp"]),
    place=st.sampled_from(["host", "container"]),
    num=st.integers(0, 7),
    status=st.sampled_from(["none", "danger", "normal"]),
    day=st.dates(date(2026, 11, 30), date(2026, 12, 7)),
)
@settings(max_examples=examples(300), deadline=None)
def test_it_says_what_evaluation_does(port, protocol, place, num, status, day):
    row = Row(port, protocol, num, None if status == "none" else status)
    done = evaluate(RICH, snapshot(category([row], place)), day)
    said = explain(RICH, Question(port, protocol, place, num, status), day)
    by_outcome = {
        name: {s.id for s in said.statements if s.kind == "rule" and s.outcome == name}
        for name in ("finding", "exempted", "announced", "undecided", "conditional")
    }
    assert by_outcome["finding"] == {finding.rule_id for finding in done.findings}
    assert by_outcome["exempted"] == {item.finding.rule_id for item in done.exempted}
    assert by_outcome["announced"] == {item.finding.rule_id for item in done.announced}
    assert bool(by_outcome["undecided"]) == bool(done.problems)
    assert not by_outcome["conditional"]


@pytest.mark.parametrize(
    ("port", "question", "name", "reason"),
    [
        (23, {"num": 2}, "telnet", "num 2 is not above 2"),
        (23, {}, "telnet", "when num is above 2"),
        (23, {"protocol": "udp"}, "telnet", "speaks of tcp only"),
        (23, {"place": "container"}, "telnet", "speaks of category host only"),
        (23, {"status": "normal"}, "flagged", "status normal is not danger"),
        (23, {"status": "none"}, "flagged", "needs status danger, and the row carries none"),
        (23, {"status": "risky"}, "flagged", "needs status danger, and no document lists what risky means"),
        (22, {"place": "container"}, "only-web", "allows 22"),
        (22, {}, "soon", "in force from 2026-12-02, tomorrow"),
        (2323, {"num": 5}, "telnet", "by lifts until 2026-12-05 (o)"),
        (2323, {"num": 6}, "lifts", "num 6 is above 5"),
        (2323, {}, "telnet", "when num is above 5 (exemption lifts)"),
        (2323, {}, "lifts", "while num is at most 5"),
        (23, {"place": "container"}, "boxes", "holds only for a run that asks for enterprise project 0"),
    ],
)
def test_each_reason_is_named(port, question, name, reason):
    assert reason in reasons(RICH, port, name, **question).reasons


def test_an_announced_rule_says_in_how_many_days_it_begins():
    asked = explain(RICH, Question(22, "tcp", "host", 3), date(2026, 11, 22))
    assert [one.reasons for one in asked.statements if one.id == "soon"] == [("in force from 2026-12-02, in 10 days",)]


def test_an_ended_exemption_says_when():
    said = explain(RICH, Question(2323, "tcp", "host", 3), date(2026, 12, 6))
    assert [s.reasons for s in said.statements if s.id == "lifts"] == [("ended on 2026-12-05",)]


def test_an_exemption_for_one_enterprise_project_applies_there():
    said = outcome(RICH, 23, place="container", enterprise_project="0")
    assert [s.outcome for s in said.statements if s.id == "boxes"] == ["applies"]


def test_an_exemption_whose_rules_do_not_find_the_row_exempts_nothing():
    said = outcome(RICH, 2323, place="container", num=3)
    assert [s.outcome for s in said.statements if s.id == "lifts"] == ["nothing"]
    assert [s.outcome for s in outcome(RICH, 2323, num=3).statements if s.id == "lifts"] == ["applies"]


def test_without_a_category_every_one_that_the_policy_speaks_of_is_asked():
    asked = questions(RICH, Question(23, "tcp", ""), None)
    assert [question.category for question in asked] == ["host", "container"]


def test_the_worst_outcome_leads():
    assert outcome(RICH, 23, num=3).outcome == "finding"
    assert outcome(RICH, 9999, num=3, status="normal").outcome == "nothing"


def test_text_names_file_and_line_and_hides_what_steers_a_terminal():
    said = explain(policy_of(EXEMPTED, "p.yaml"), Question(2323, "tcp", "host", 3, "\x1b[2J"), DAY)
    text = explain_text([said])
    assert "rule telnet, critical: exempted (p.yaml:3:5)" in text
    assert "exemption lifts: applies (p.yaml:9:5)" in text
    assert "\x1b" not in text


def test_a_type_that_is_neither_tcp_nor_udp_is_pointed_out():
    assert "neither TCP nor UDP" in explain_text([outcome(RICH, 23, "tpc")])
    assert "neither TCP nor UDP" not in explain_text([outcome(RICH, 23, "tcp6")])


def test_silence_is_said():
    assert "no rule or exemption speaks of it" in explain_text([outcome(policy_of(EXEMPTED), 80)])


def test_json_holds_the_same():
    assert '"outcome": "exempted"' in explain_json([outcome(policy_of(EXEMPTED), 2323, num=3)])


def test_a_finding_is_explained_with_its_owner_and_its_runbook():
    rule = RICH.rules[0]._replace(owner="windows-team@example.org", runbook="https://example.org/telnet")
    asked = [explain(RICH._replace(rules=(rule,)), Question(23, protocol, "host"), DAY) for protocol in ("tcp", "udp")]
    found, nothing = (explain_text([one]) for one in asked)
    assert "    owner windows-team@example.org\n    runbook https://example.org/telnet\n" in found
    assert "windows-team" not in nothing
    said = json.loads(explain_json(asked))[0]["statements"][0]
    assert (said["owner"], said["runbook"]) == ("windows-team@example.org", "https://example.org/telnet")


BY_SERVER = policy_of("""\
version: 1
rules:
  - {id: desktops, ports: [3389], hosts: ["win-*", "!win-7"], listening: beyond-loopback}
exemptions:
  - {id: jump, rules: [desktops], hosts: [10.2.0.7], up_to: 2, reason: r, owner: o, expires: 2027-03-31}
""")


def test_what_goes_by_server_depends_on_who_listens():
    assert outcome(BY_SERVER, 3389).outcome == "conditional"
    assert reasons(BY_SERVER, 3389, "desktops").reasons == (
        "on the servers win-* but for win-7; num is how many of them listen",
        "when a server listens beyond-loopback; num is how many do",
        "but for the servers 10.2.0.7 (exemption jump)",
    )
    said = reasons(BY_SERVER, 3389, "jump")
    assert said.outcome == "conditional"
    assert said.reasons[1:] == ("while num is at most 2", "for the servers 10.2.0.7 only; others stand")


def test_a_num_that_is_tolerated_needs_no_servers():
    assert outcome(BY_SERVER, 3389, num=0).outcome == "nothing"


def test_an_exemption_is_explained_with_its_ticket_and_who_approved_it():
    policy = policy_of(EXEMPTED + "    ticket: EXC-1\n    approved_by: ciso@example.org\n")
    said = explain_text([explain(policy, Question(2323, "tcp", "host", num=3), DAY)])
    assert "    ticket EXC-1, approved by ciso@example.org\n" in said
