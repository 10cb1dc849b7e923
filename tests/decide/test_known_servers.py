"""Which servers behind a finding were there before."""

from __future__ import annotations

import hashlib

import pytest

from handler.decide.known_servers import SERVERS_KEPT, new_since, newest_first, with_servers
from handler.models.listeners import Host, server_of
from handler.state.memory import Receipt, Remembered
from tests.fakes import finding

AT = "2026-11-22T12:00:00Z"


def hosts(*names):
    return tuple(Host(f"id-{name}", f"name-{name}", "10.0.0.1", "0.0.0.0") for name in names)


def record(*names, **told) -> Remembered:
    made = Remembered(
        finding(), AT, AT, AT, told={sink: Receipt("open", 1, 3, AT, servers=n) for sink, n in told.items()}
    )
    return with_servers(made, hosts(*names))[0] if names else made


def test_the_first_servers_are_no_news_and_whoever_was_told_of_the_finding_knows_them():
    known, another = with_servers(record(soc=None, ops=None), hosts("a", "b"))
    assert (another, known.server_count) == (False, 2)
    assert {sink: one.servers for sink, one in known.told.items()} == {"soc": 2, "ops": 2}


def test_another_server_is_news_that_nobody_knows_yet():
    first = record("a", soc=None)
    known, another = with_servers(first, hosts("a", "b"))
    assert (another, known.server_count, known.told["soc"].servers) == (True, 2, 1)
    assert new_since(known, known.told["soc"])
    assert not new_since(first, first.told["soc"])


@pytest.mark.parametrize("again", [(), ("a",), ("b", "a")])
def test_servers_that_were_there_before_or_left_are_no_news(again):
    known = record("a", "b")
    assert with_servers(known, hosts(*again)) == (known, False)


@pytest.mark.parametrize("there", [None, hosts(*range(SERVERS_KEPT + 1))])
def test_servers_that_were_not_asked_for_or_are_too_many_change_nothing(there):
    known = record("a")
    assert with_servers(known, there) == (known, False)


def test_as_many_as_are_kept_are_compared():
    many = hosts(*range(SERVERS_KEPT))
    known, _ = with_servers(record(), many)
    assert (known.server_count, len(known.servers)) == (SERVERS_KEPT, SERVERS_KEPT)
    after, another = with_servers(known, (*many[1:], *hosts("new")))
    assert (another, after.server_count, len(after.servers)) == (True, SERVERS_KEPT + 1, SERVERS_KEPT)
    assert with_servers(after, many[1:]) == (after, False)
    assert with_servers(after, many[:1])[1]  # the one that left was forgotten first


def test_a_sink_that_was_never_told_of_servers_has_none_to_miss():
    assert not new_since(record("a", "b"), Receipt("open", 1, 3, AT))


def test_the_servers_that_came_last_stand_first():
    known = record("a", "b")
    known, _ = with_servers(known, hosts("c", "a", "b"))
    shown = newest_first(finding(hosts=hosts("a", "b", "c", "a")), known)
    names = [host.host_name for host in shown.hosts]
    assert (names[0], set(names[1:])) == ("name-c", {"name-a", "name-b"})


@pytest.mark.parametrize("there", [None, ()])
def test_a_finding_without_servers_stays_as_it_is(there):
    one = finding(hosts=there)
    assert newest_first(one, record("a")) == one
    several = finding(hosts=hosts("b", "a"))
    assert newest_first(several, record()) == several


def test_few_servers_are_kept_after_they_left():
    left = with_servers(record("a", "b"), hosts("c"))[0]
    assert (len(left.servers), left.server_count) == (3, 3)


def test_a_server_that_is_not_remembered_stands_behind_those_that_are_newer_than_the_oldest():
    shown = newest_first(finding(hosts=hosts("x", "a", "b")), record("b", "a"))
    assert [host.host_name for host in shown.hosts] == ["name-b", "name-x", "name-a"]


@pytest.mark.parametrize("host", [Host("id-7", "web", "10.0.0.1"), Host("", "\ud800", "10.0.0.1")])
def test_a_state_knows_a_server_by_twelve_digits_of_what_tells_it_from_others(host):
    (known,) = with_servers(record(), (host,))[0].servers
    assert known == hashlib.sha256("\n".join(server_of(host)).encode("utf-8", "surrogatepass")).hexdigest()[:12]
