"""What tells one server from another is one answer: where they are counted, in a message and over runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.models.listeners import Listener, counted_as, server_of
from handler.policy.servers import count_servers, hosts_of

words = st.sampled_from(["", "a", "b"])
servers = st.builds(Listener, host_id=words, host_name=words, host_ip=words)


@given(st.lists(servers, max_size=6))
def test_there_are_as_many_servers_as_are_counted_named_and_told_apart(rows):
    hosts = hosts_of("host", rows)
    assert len(hosts) == count_servers("host", rows) == len({server_of(host) for host in hosts})
    assert {server_of(host) for host in hosts} == {server_of(row) for row in rows}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"host_id": "1", "host_name": "a"}, {"host_id": "1", "host_name": "b"}, True),
        ({"host_id": "1", "host_name": "a"}, {"host_name": "a"}, False),  # too many rather than too few
        ({"host_name": "a", "host_ip": "10.0.0.1"}, {"host_name": "a", "host_ip": "10.0.0.1", "pid": 7}, True),
        ({"host_name": "a", "host_ip": "10.0.0.1"}, {"host_name": "a", "host_ip": "10.0.0.2"}, False),
        ({"host_id": "1", "container_name": "x"}, {"host_id": "1", "container_name": "y"}, False),
        ({"host_id": "1", "container_name": "x"}, {"host_id": "2", "container_name": "x"}, False),
    ],
)
def test_a_server_is_its_id_or_its_name_and_address(one, other, same):
    one, other = Listener(**one), Listener(**other)
    assert (server_of(one) == server_of(other)) is same
    assert (count_servers("host", [one, other]) == 1) is same


def test_containers_of_one_name_on_one_server_count_apart_and_are_the_same_in_a_later_run():
    first, second = (Listener(host_id="n", container_id=number, container_name="web") for number in "12")
    assert count_servers("container", [first, second]) == 2
    assert server_of(first) == server_of(second)


def test_a_container_without_an_id_counts_by_its_name():
    without = Listener(host_id="n", container_name="web")
    assert counted_as("container", without) == server_of(without)
