"""Rules and exemptions by server, judged: what is found, what is exempted, and what cannot be told."""

from __future__ import annotations

from datetime import date

import pytest

from handler.decide.evaluate import NOT_ALL_KNOWN, evaluate
from handler.models import Row
from handler.models.listeners import Listener, PortListeners
from handler.policy.match import NOT_ASKED
from handler.policy.servers import NO_API, UNNAMED
from handler.report.verdict import verdict_of
from tests.fakes import TARGET, category, snapshot
from tests.small_policies import policy_of

TODAY = date(2026, 12, 1)
DESKTOPS = """\
version: 1
rules:
  - {id: desktops, ports: [3389]KEYS}
"""
JUMP = """\
exemptions:
  - {id: jump, rules: [desktops], hosts: [jump-1, jump-2]KEYS, reason: r, owner: o, expires: 2027-03-31}
"""


def rule(keys=""):
    return DESKTOPS.replace("KEYS", keys)


def exempting(keys="", above=""):
    return rule(above) + JUMP.replace("KEYS", keys)


def server(name, address="0.0.0.0", protocol="tcp"):
    return Listener(f"id-{name}", name, "10.2.0.7", protocol=protocol, address=address)


def judged(text, *listeners, rows=None, trouble="", target=TARGET, name="host"):
    rows = [Row(3389, "tcp", len(listeners))] if rows is None else rows
    behind = (PortListeners(3389, listeners, trouble),)
    return evaluate(policy_of(text), snapshot(category(rows, name, listeners=behind), target=target), TODAY)


def found(evaluation):
    return [(one.num, [host.host_name for host in one.hosts or ()]) for one in evaluation.findings]


def exempted(evaluation):
    return [
        (one.exemption_id, one.finding.num, [h.host_name for h in one.finding.hosts or ()])
        for one in evaluation.exempted
    ]


def test_a_finding_has_the_servers_that_are_left_and_their_number():
    done = judged(rule(', hosts: ["win-*", "!win-9"]'), server("win-1"), server("win-9"), server("web-1"))
    assert (found(done), verdict_of(done)) == ([(1, ["win-1"])], "violations")
    assert "num 1" in done.findings[0].message


def test_none_of_its_servers_is_no_finding():
    done = judged(rule(", hosts: [win-1]"), server("web-1"), server("web-2"))
    assert (found(done), verdict_of(done)) == ([], "compliant")


def test_a_database_on_loopback_is_no_finding_where_the_rule_says_so():
    inside = server("db-1", "127.0.0.1")
    assert verdict_of(judged(rule(", listening: beyond-loopback"), inside)) == "compliant"
    assert verdict_of(judged(rule(), inside)) == "violations"
    assert found(judged(rule(", listening: beyond-loopback"), inside, server("db-2", ""))) == [(1, ["db-2"])]


@pytest.mark.parametrize(("above", "verdict"), [(1, "violations"), (2, "compliant")])
def test_above_compares_with_the_servers_that_are_left(above, verdict):
    done = judged(rule(f', hosts: ["win-*"], above: {above}'), server("win-1"), server("win-2"), server("web-1"))
    assert verdict_of(done) == verdict


@pytest.mark.parametrize(
    ("listeners", "rows", "trouble", "why"),
    [
        ((server("win-1"),), [Row(3389, "tcp", 2)], "", "HSS counts 2 on port 3389, and names 1 listeners"),
        ((server("win-1"),), None, "page 2 is missing", "page 2 is missing"),
        ((Listener("id", protocol="tcp"),), None, "", UNNAMED),
    ],
)
def test_what_keeps_the_list_from_being_whole_is_inconclusive(listeners, rows, trouble, why):
    done = judged(rule(", hosts: [win-9]"), *listeners, rows=rows, trouble=trouble)
    assert verdict_of(done) == "inconclusive"
    assert [problem.message for problem in done.problems] == [
        f"rule desktops needs the servers behind its ports: {why}"
    ]


NAMELESS = Listener("id", protocol="tcp", address="0.0.0.0")


def sure_of(text, *listeners, rows=None, trouble="the list is not whole"):
    """What is found where not all listeners are known, which leaves the run inconclusive whatever is found."""
    rows = [Row(3389, "tcp", 9)] if rows is None else rows
    done = judged(text, *listeners, rows=rows, trouble=trouble)
    assert (verdict_of(done), done.exempted) == ("inconclusive", ())
    assert all(one.message.endswith(NOT_ALL_KNOWN) for one in done.findings)
    return found(done)


@pytest.mark.parametrize("trouble", ["the list is not whole", ""])
def test_a_server_that_surely_breaks_the_rule_is_found_whoever_else_listens(trouble):
    """`` is a list of fewer than HSS counts."""
    win = rule(', hosts: ["win-*"]')
    assert sure_of(win, server("win-1"), server("web-1"), trouble=trouble) == [(1, ["win-1"])]
    assert sure_of(win, server("web-1"), trouble=trouble) == []
    assert sure_of(win, server("win-1"), server("win-1"), server("win-2"), trouble=trouble) == [(2, ["win-1", "win-2"])]


def test_each_port_of_which_not_all_is_known_is_looked_at():
    behind = tuple(PortListeners(port, (server("win-1"),), "the list is not whole") for port in (22, 3389, 5985))
    rows = [Row(port, "tcp", 9) for port in (22, 3389, 5985)]
    text = rule(', hosts: ["win-*"]').replace("ports: [3389]", "ports: [22, 3389, 5985]")
    done = evaluate(policy_of(text), snapshot(category(rows, "host", listeners=behind), target=TARGET), TODAY)
    assert sorted(one.port for one in done.findings) == [22, 3389, 5985]


def test_one_line_that_does_not_say_what_the_rule_asks_for_takes_no_other_with_it():
    assert sure_of(rule(', hosts: ["win-*"]'), server("win-1"), NAMELESS, rows=[Row(3389, "tcp", 2)]) == [
        (1, ["win-1"])
    ]
    nobody = Listener(protocol="tcp", address="0.0.0.0")
    assert sure_of(rule(", listening: beyond-loopback"), server("db"), nobody) == [(1, ["db"])]
    assert sure_of(rule(", listening: beyond-loopback"), server("db", "127.0.0.1"), nobody) == []


@pytest.mark.parametrize(("above", "sure"), [(0, 2), (1, 2), (2, 0)])
def test_above_compares_with_the_servers_that_are_surely_left(above, sure):
    known = sure_of(rule(f', hosts: ["win-*"], above: {above}'), server("win-1"), server("win-2"), NAMELESS)
    assert [num for num, _ in known] == [sure] * (sure > 0)


@pytest.mark.parametrize(("protocol", "sure"), [("tcp", 1), ("", 0), ("tcp6", 0), ("udp", 0)])
def test_only_lines_of_the_row_s_own_type_are_surely_its_own(protocol, sure):
    assert len(sure_of(rule(", hosts: [win-1]"), server("win-1", protocol=protocol))) == sure


@pytest.mark.parametrize(("status", "sure"), [("danger", 1), (None, 0), ("odd", 0)])
def test_a_row_of_which_something_else_is_not_known_is_not_found(status, sure):
    rows = [Row(3389, "tcp", 9, status)]
    assert len(sure_of(rule(", hosts: [win-1], status: [danger]"), server("win-1"), rows=rows)) == sure


@pytest.mark.parametrize(
    ("keys", "servers", "left"),
    [
        ("", ["jump-1"], []),
        ("", ["jump-1", "win-1"], ["win-1"]),
        (", up_to: 1", ["jump-1", "win-1"], ["win-1"]),
        (", up_to: 1", ["jump-1", "jump-2"], ["jump-1", "jump-2"]),
        (", up_to: 2", ["jump-1", "jump-2"], []),
    ],
)
def test_what_an_exemption_may_cover_is_not_sure(keys, servers, left):
    text = exempting(keys, ', hosts: ["win-*", "jump-*"]')
    known = sure_of(text, *map(server, servers))
    assert known == ([(len(left), left)] if left else [])


def test_what_may_be_an_exempted_server_is_not_sure():
    assert sure_of(exempting("", ', hosts: ["id*"]'), NAMELESS._replace(host_id="id-1")) == []


@pytest.mark.parametrize(("up_to", "sure"), [("", 0), (", up_to: 1", 1), (", up_to: 2", 0), (", up_to: 3", 0)])
def test_an_exemption_of_the_whole_row_counts_those_that_are_surely_left(up_to, sure):
    text = exempting(up_to, ", hosts: [win-1, win-2]").replace("hosts: [jump-1, jump-2]", "ports: [3389]")
    assert len(sure_of(text, server("win-1"), server("win-2"))) == sure


def test_listeners_that_nobody_asked_for_are_not_known():
    policy = policy_of(rule(", hosts: [win-9]"))
    rows = category([Row(3389, "tcp", 1)])
    assert verdict_of(evaluate(policy, snapshot(rows), TODAY)) == "inconclusive"
    (problem,) = evaluate(policy, snapshot(rows, target=TARGET._replace(cloud="otc")), TODAY).problems
    assert NO_API in problem.message


def test_a_row_within_above_needs_no_listeners():
    done = evaluate(policy_of(rule(", hosts: [win-9], above: 2")), snapshot(category([Row(3389, "tcp", 2)])), TODAY)
    assert verdict_of(done) == "compliant"


def test_an_exemption_for_two_servers_does_not_cover_two_others():
    done = judged(exempting(), server("web-1"), server("web-2"))
    assert (found(done), exempted(done)) == ([(2, ["web-1", "web-2"])], [])


def test_an_exemption_takes_its_own_servers_and_the_others_stand():
    done = judged(exempting(), server("jump-1"), server("web-1"))
    assert (found(done), exempted(done)) == ([(1, ["web-1"])], [("jump", 1, ["jump-1"])])
    both = judged(exempting(), server("jump-1"), server("jump-2"))
    assert (found(both), exempted(both)) == ([], [("jump", 2, ["jump-1", "jump-2"])])
    assert verdict_of(both) == "compliant"


def test_beyond_up_to_it_covers_none_of_its_servers():
    done = judged(exempting(", up_to: 1"), server("jump-1"), server("jump-2"), server("web-1"))
    assert (found(done), exempted(done)) == ([(3, ["jump-1", "jump-2", "web-1"])], [])
    done = judged(exempting(", up_to: 1"), server("jump-1"), server("web-1"))
    assert (found(done), exempted(done)) == ([(1, ["web-1"])], [("jump", 1, ["jump-1"])])


def test_what_an_exemption_leaves_is_compared_with_above_and_with_every_other_up_to():
    within_above = judged(exempting(above=", above: 1"), server("jump-1"), server("web-1"))
    assert (found(within_above), exempted(within_above)) == ([], [("jump", 1, ["jump-1"])])
    other = "  - {id: one, rules: [desktops], up_to: 1, reason: r, owner: o, expires: 2027-03-31}\n"
    rest = judged(exempting() + other, server("jump-1"), server("web-1"))
    assert exempted(rest) == [("jump", 1, ["jump-1"]), ("one", 1, ["web-1"])]
    assert found(judged(exempting() + other, server("jump-1"), server("web-1"), server("web-2")))[0][0] == 2


@pytest.mark.parametrize("trouble", ["page 2 is missing", ""])
def test_an_exemption_that_cannot_be_judged_does_not_apply_and_the_finding_says_why(trouble):
    listener = server("jump-1") if trouble else Listener("id-x", protocol="tcp")
    done = judged(exempting(), listener, trouble=trouble)
    assert (verdict_of(done), exempted(done), found(done)) == ("violations", [], [(1, [])])
    assert f"exemption jump does not apply: {trouble or UNNAMED}" in done.findings[0].message


def test_on_otc_an_exemption_by_server_never_applies_and_the_finding_says_so():
    otc = TARGET._replace(cloud="otc")
    done = evaluate(policy_of(exempting()), snapshot(category([Row(3389, "tcp", 1)]), target=otc), TODAY)
    assert verdict_of(done) == "violations"
    assert NO_API in done.findings[0].message


def test_tcp_and_tcp6_rows_have_their_own_servers():
    rows = [Row(3389, "tcp", 2), Row(3389, "tcp6", 1)]
    listeners = (server("win-1"), server("web-1"), server("win-1", "::", "tcp6"))
    done = judged(rule(', hosts: ["win-*"]'), *listeners, rows=rows)
    assert [(one.protocol, one.num) for one in done.findings] == [("tcp", 1), ("tcp6", 1)]


def test_containers_are_judged_by_their_own_names():
    pods = [Listener("h", "node-1", container_id=f"c{at}", container_name=f"web-{at}", protocol="tcp") for at in (1, 2)]
    text = rule(", categories: [container], hosts: [web-1]")
    done = judged(text, *pods, name="container")
    assert [(one.num, [host.container_name for host in one.hosts]) for one in done.findings] == [(1, ["web-1"])]


def test_an_announced_rule_by_server_breaks_nothing_and_names_its_servers():
    text = rule(", hosts: [win-1], effective_from: 2027-01-01")
    done = judged(text, server("win-1"), server("web-1"))
    assert [(one.finding.num, one.finding.hosts[0].host_name) for one in done.announced] == [(1, "win-1")]
    unknown = judged(text, server("win-1"), trouble="page 2 is missing")
    assert (verdict_of(unknown), unknown.announced) == ("compliant", ())


def test_an_exemption_that_cannot_be_judged_does_not_keep_the_next_from_applying():
    nameless = Listener("id-7", "", "10.2.0.7", protocol="tcp", address="0.0.0.0")
    more = "  - {id: by-id, rules: [desktops], hosts: [id-7], reason: r, owner: o, expires: 2027-03-31}\n"
    done = judged(exempting() + more, nameless, server("web-1"))
    assert [one for one, _, _ in exempted(done)] == ["by-id"]
    assert found(done) == [(1, ["web-1"])]
    assert "exemption jump" in done.findings[0].message


def test_what_keeps_listeners_from_being_known_is_named_by_cloud():
    policy, rows = policy_of(rule(", hosts: [win-9]")), category([Row(3389, "tcp", 1)])
    said = {
        cloud: evaluate(policy, snapshot(rows, target=TARGET._replace(cloud=cloud)), TODAY).problems[0].message
        for cloud in ("otc", "huaweicloud")
    }
    assert {cloud: message.partition(": ")[2] for cloud, message in said.items()} == {
        "otc": NO_API,
        "huaweicloud": NOT_ASKED,
    }


def test_a_finding_joins_its_message_with_each_exemption_that_could_not_be_judged_and_a_warning_names_the_rows():
    rows = [Row(3389, "tcp", 1), Row(3389, "udp", 1)]
    done = judged(exempting(), rows=rows, trouble="page 2 is missing")
    why = "exemption jump does not apply: page 2 is missing"
    assert [one.message.partition("; ")[2] for one in done.findings] == [why, why]
    assert [warning for warning in done.warnings if warning.startswith("exemption jump")] == [
        f"{why} (3389/tcp, 3389/udp)"
    ]


def test_in_container_a_rule_by_server_counts_containers():
    text = "version: 1\nrules:\n  - {id: desktops, title: t, ports: [3389], categories: [container], above: 1, hosts: ['*']}\n"
    behind = tuple(server("node")._replace(container_id=name, container_name="app") for name in ("a", "b"))
    done = judged(text, *behind, name="container")
    assert [(one.category, one.num, len(one.hosts)) for one in done.findings] == [("container", 2, 2)]


def containers(keys=""):
    text = "version: 1\nrules:\n  - {id: desktops, title: t, ports: [3389], categories: [container]}\n"
    behind = tuple(server("node")._replace(container_id=name, container_name="app") for name in ("a", "b"))
    return judged(text + JUMP.replace("[jump-1, jump-2]", "['*']").replace("KEYS", keys), *behind, name="container")


@pytest.mark.parametrize(("keys", "stands"), [("", False), (", up_to: 2", False), (", up_to: 1", True)])
def test_in_container_an_exemption_by_server_tolerates_so_many_containers(keys, stands):
    assert bool(containers(keys).findings) is stands


def test_an_exemption_by_server_of_other_ports_takes_no_server():
    done = judged(exempting(", ports: [22]"), server("jump-1"), server("web-1"))
    assert (exempted(done), len(done.findings)) == ([], 1)


OTHERS = "  - {id: others, rules: [desktops], up_to: 1, reason: r, owner: o, expires: 2027-03-31}\n"


def test_what_exemptions_by_server_leave_another_may_cover_whole():
    done = judged(exempting() + OTHERS, server("jump-1"), server("web-1"))
    assert exempted(done) == [("jump", 1, ["jump-1"]), ("others", 1, ["web-1"])]
    assert (found(done), verdict_of(done)) == ([], "compliant")


def test_an_exemption_that_names_no_server_covers_a_row_as_it_is():
    text = rule() + "exemptions:\n" + OTHERS.replace("up_to: 1", "up_to: 9")
    done = judged(text, server("a"), server("b"), rows=[Row(3389, "tcp", 5)])
    assert exempted(done) == [("others", 5, [])]
    assert done.exempted[0].finding.hosts is None


def test_an_exemption_that_names_no_server_counts_what_hss_counts_and_no_servers():
    done = judged(
        rule() + "exemptions:\n" + OTHERS.replace("up_to: 1", "up_to: 2"), server("web-1"), rows=[Row(3389, "tcp", 5)]
    )
    assert (exempted(done), found(done)) == ([], [(5, [])])
