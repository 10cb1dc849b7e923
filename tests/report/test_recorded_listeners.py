"""Who listens, in a snapshot file: in the API's words, and under other names."""

from __future__ import annotations

import pytest

from handler.models.listeners import Listener, PortListeners
from handler.report.recorded_listeners import Pseudonyms, recorded_listeners, write_listeners

WEB = Listener("id-web", "web", "10.2.0.7", "c-7", "nginx", "tcp6", "10.2.0.7", "/usr/sbin/nginx", 1234)


def hidden(*listeners):
    return Pseudonyms().hidden(PortListeners(80, listeners, "page 2 is missing")).listeners


def test_a_listener_is_written_in_the_words_of_the_api():
    (written,) = write_listeners([PortListeners(80, (WEB,), "page 2 is missing")])["listeners"]
    assert written == {
        "port": 80,
        "listeners": [
            {
                "host_id": "id-web",
                "host_name": "web",
                "host_ip": "10.2.0.7",
                "container_id": "c-7",
                "container_name": "nginx",
                "type": "TCP6",
                "laddr": "10.2.0.7",
                "path": "/usr/sbin/nginx",
                "pid": 1234,
            }
        ],
        "trouble": "page 2 is missing",
    }
    assert recorded_listeners({"listeners": [written]}) == (PortListeners(80, (WEB,), "page 2 is missing"),)


def test_where_nobody_was_asked_for_there_is_no_key():
    assert write_listeners([]) == {}
    assert recorded_listeners({}) == ()


def test_each_kind_of_name_is_counted_by_itself_and_paths_are_left_out():
    first, second = hidden(WEB, WEB._replace(host_id="id-b", container_id="c-8", pid=99, host_ip="10.2.0.8"))
    assert first == Listener(
        "id-1", "server-1", "198.18.0.1", "container-id-1", "container-1", "tcp6", "198.18.0.1", "", 1
    )
    assert second == first._replace(host_id="id-2", container_id="container-id-2", pid=2, host_ip="198.18.0.2")


def test_what_is_not_told_stays_untold():
    assert hidden(Listener(protocol="udp")) == (Listener(protocol="udp"),)


@pytest.mark.parametrize("address", ["", "0.0.0.0", "::", "*", "127.0.0.1", "127.8.9.10", "::1"])
def test_an_address_that_names_nobody_stays(address):
    assert hidden(Listener("id", address=address))[0].address == address


def test_the_port_and_what_is_not_known_of_it_stay():
    assert Pseudonyms().hidden(PortListeners(80, (), "page 2 is missing")) == PortListeners(80, (), "page 2 is missing")
