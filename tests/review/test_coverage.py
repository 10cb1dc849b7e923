"""Published danger lists beside a policy."""

from __future__ import annotations

import json

from handler.policy.compiled import bundled_policies
from handler.policy.danger_lists import DangerList, danger_lists
from handler.ports import PortSet
from handler.review.coverage import compare_with_lists
from handler.review.coverage_formats import coverage_json, coverage_text
from tests.small_policies import TELNET, policy_of


def danger(name, tcp=(), udp=()):
    return DangerList(name, f"List {name}", "https://example.org", "2026-11-22", "n", PortSet.of(tcp), PortSet.of(udp))


def test_what_the_policy_omits_is_named_with_protocol_service_and_lists():
    found = compare_with_lists(
        policy_of(TELNET), [danger("a", [(23, 23), (135, 139)], [(53, 53)]), danger("b", [(139, 140)])]
    )
    assert [(e.what, e.lists) for e in found.omitted] == [
        ("135-138/tcp", ("a",)),
        ("139/tcp", ("a", "b")),
        ("140/tcp", ("b",)),
        ("53/udp", ("a",)),
    ]
    assert found.omitted[1].services == ("netbios-ssn",)
    assert found.omitted[3].services == ("domain",)


def test_what_only_the_policy_has_is_named():
    found = compare_with_lists(policy_of(TELNET), [danger("a", [(23, 23)])])
    assert [each.what for each in found.only_here] == ["2323/tcp"]


def test_the_share_of_each_list_is_counted_by_port_and_protocol():
    found = compare_with_lists(policy_of(TELNET), [danger("a", [(23, 23), (80, 80)], [(23, 23)])])
    assert [(share.covered, share.total) for share in found.shares] == [(1, 3)]


def test_a_rule_that_needs_a_status_does_not_cover_a_port():
    policy = policy_of("version: 1\nrules: [{id: a, ports: [23], status: [danger]}, {id: b, ports: [24]}]\n")
    assert [each.what for each in compare_with_lists(policy, [danger("a", [(23, 24)])]).omitted] == ["23/tcp"]


def test_the_bundled_lists_are_compared_and_named():
    found = compare_with_lists(policy_of(TELNET), danger_lists(bundled_policies() / "lists"))
    assert {"huawei-high-risk", "security-hub-ec2-19", "cis"} <= {share.name for share in found.shares}
    text = coverage_text(found)
    assert "3389/tcp" in text
    assert "ms-wbt-server" in text
    document = json.loads(coverage_json(found))
    assert {"ports", "protocol", "services", "lists"} == set(document["omitted"][0])


def test_many_services_in_a_range_are_cut():
    assert "tcpmux, " in coverage_text(compare_with_lists(policy_of("version: 1\ndisallowed_ports: [1-1000]\n"), []))
    assert " ...\n" in coverage_text(compare_with_lists(policy_of("version: 1\ndisallowed_ports: [1-1000]\n"), []))
