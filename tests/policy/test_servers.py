"""Which servers are left for a rule, or covered by an exemption."""

from __future__ import annotations

from datetime import date

import pytest

from handler.models.listeners import Host, Listener, PortListeners
from handler.policy.rules import Exemption, Rule
from handler.policy.servers import (
    UNNAMED,
    Left,
    count_servers,
    covered_by_exemption,
    hosts_of,
    known_of_row,
    left_for_rule,
)


def server(name, address="0.0.0.0", protocol="tcp", **other):
    return Listener(host_id=f"id-{name}", host_name=name, protocol=protocol, address=address, **other)


def known(*listeners, category="host", protocol="tcp", num=None):
    rows = PortListeners(3389, listeners)
    return known_of_row(rows, category, protocol, len(listeners) if num is None else num)


def left(rule, *listeners, category="host"):
    return left_for_rule(rule, category, known(*listeners, category=category))


REACHED = Rule("reached", "ports", listening="beyond-loopback")
WINDOWS = Rule("windows", "ports", hosts=("win-*",))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "[::1]"])
def test_loopback_alone_does_not_count_where_the_rule_says_so(address):
    assert left(REACHED, server("db-1", address)) == Left()
    assert left(WINDOWS, server("win-1", address)).listeners == (server("win-1", address),)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.1", "", "localhost", "127.0.0.1:53", "127.0.0", "what"])
def test_an_address_that_is_absent_or_cannot_be_read_is_beyond_loopback(address):
    assert left(REACHED, server("db-1", address)).listeners == (server("db-1", address),)


def test_a_server_counts_if_one_of_its_addresses_does():
    there = left(REACHED, server("db-1", "127.0.0.1"), server("db-1", "10.0.0.1"), server("db-2", "::1"))
    assert (count_servers("host", there.listeners), [one.address for one in there.listeners]) == (1, ["10.0.0.1"])


def test_equal_listeners_count_once_and_a_server_with_two_processes_is_one_server():
    twice = known(server("a"), server("a"), server("a", pid=7), num=2)
    assert len(twice.listeners) == 2
    assert count_servers("host", twice.listeners) == 1


@pytest.mark.parametrize("num", [3, 4])
def test_a_list_with_fewer_lines_than_hss_counts_is_not_known(num):
    found = known(server("a"), server("a", "::1"), server("b"), num=num)
    assert bool(found.trouble) is (num > 3)
    assert found.trouble in ("", "HSS counts 4 on port 3389, and names 3 listeners")


def test_a_row_has_the_listeners_of_its_own_type_and_of_its_family_where_the_api_tells_no_other():
    both = (server("a"), server("b", protocol="tcp6"), server("c", protocol="udp"), server("d", protocol=""))
    assert [one.host_name for one in known(*both, protocol="tcp6", num=1).listeners] == ["b", "d"]
    assert [one.host_name for one in known(server("a"), server("c", protocol="udp"), protocol="tcp6", num=1).listeners]
    assert known(server("c", protocol="udp"), protocol="tcp6", num=1).trouble


def test_what_keeps_the_list_from_being_whole_is_passed_on():
    rows = PortListeners(3389, (server("win-1"),), trouble="page 2 is missing")
    assert left_for_rule(WINDOWS, "host", known_of_row(rows, "host", "tcp", 1)) == Left(trouble="page 2 is missing")


@pytest.mark.parametrize(
    ("category", "line"),
    [("host", Listener(protocol="tcp", container_id="c")), ("container", Listener(host_id="h", protocol="tcp"))],
)
def test_a_line_that_names_no_one_leaves_the_list_unknown(category, line):
    assert "names no" in known(line, category=category).trouble


def test_a_nameless_server_leaves_a_rule_by_name_undecided_unless_it_is_out_anyway():
    nameless = Listener(host_id="1", protocol="tcp", address="0.0.0.0")
    assert left(WINDOWS, server("win-1"), nameless) == Left(trouble=UNNAMED)
    inside = nameless._replace(address="127.0.0.1")
    assert left(WINDOWS._replace(listening="beyond-loopback"), server("win-1"), inside).trouble == ""


@pytest.mark.parametrize(("up_to", "covered"), [(None, 2), (3, 2), (2, 2), (1, 0), (0, 0)])
def test_an_exemption_covers_at_most_so_many_of_its_own_servers_and_beyond_that_none(up_to, covered):
    exemption = Exemption("e", "r", "o", date(2027, 1, 1), hosts=("win-*",), up_to=up_to)
    rows = known(server("win-1"), server("win-2"), server("web-1"))
    assert count_servers("host", covered_by_exemption(exemption, "host", rows).listeners) == covered


def test_containers_are_told_apart_by_their_own_ids():
    pods = [Listener("h", "node", container_id=one, container_name="web", protocol="tcp") for one in ("c1", "c2")]
    assert count_servers("container", known(*pods, category="container").listeners) == 2
    assert count_servers("host", known(*pods).listeners) == 1


def test_a_host_has_all_addresses_of_its_listeners():
    rows = (server("a", "127.0.0.1", path="/sbin/x", pid=7), server("a", "::1"), server("b", "::1"), server("b", "::"))
    assert hosts_of("host", rows) == (
        Host("id-a", "a", "", "127.0.0.1, ::1", "/sbin/x", 7, "", loopback_only=True),
        Host("id-b", "b", "", "::1, ::", "", None, "", loopback_only=False),
    )
