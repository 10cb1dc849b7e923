"""IANA names, port entries and published danger lists."""

from __future__ import annotations

import pytest

from handler.errors import PolicyError
from handler.policy.compiled import bundled_policies
from handler.policy.danger_lists import danger_lists, read_danger_list
from handler.policy.port_entries import entry_mistake, entry_range
from handler.policy.services import NICKNAMES, names_of_ports, service_of, services, suggestion

LIST = "name: n\ntitle: t\nsource: https://example.org\nread_on: 2026-11-22\nnote: x\n"


def test_services_are_well_formed_and_their_names_are_unique():
    assert len(services()) > 150
    for service in services().values():
        assert 1 <= service.low <= service.high <= 65535
        assert set(service.protocols) <= {"tcp", "udp"}
        assert entry_mistake(service.name) == ""
    assert names_of_ports()[6005][0].name == "x11"


def test_a_port_has_the_name_of_its_protocol():
    assert service_of(514, "udp") == "syslog"
    assert service_of(514, "tcp") == "shell"
    assert service_of(23) == "telnet"
    assert service_of(60000) == ""


def test_every_nickname_leads_to_a_registered_name():
    assert set(NICKNAMES.values()) <= set(services())
    assert not set(NICKNAMES) & set(services())
    assert suggestion("RDP") == "; IANA calls it 'ms-wbt-server' (3389)"
    assert suggestion("qqqqqqqq") == ""


@pytest.mark.parametrize("entry", [0, 65536, True, None, [], 1.5, "", "23", "1-2-3", " 23", "23-", "-", "ä"])
def test_what_is_no_port_entry_has_a_message(entry):
    assert entry_mistake(entry)


@pytest.mark.parametrize(
    ("entry", "expected"), [(23, (23, 23)), ("1-65535", (1, 65535)), ("5-5", (5, 5)), ("x11", (6000, 6063))]
)
def test_entries_are_ranges(entry, expected):
    assert entry_range(entry) == expected


def test_danger_lists_are_facts_with_a_source_and_a_day():
    lists = {one.name: one for one in danger_lists(bundled_policies() / "lists")}
    assert {"huawei-high-risk", "huawei-config", "aws-config", "security-hub-ec2-19", "prowler", "cis"} <= set(lists)
    assert all(one.source.startswith("https://") and one.tcp and len(one.read_on) == 10 for one in lists.values())
    assert str(lists["huawei-config"].of("tcp")) == "20-21, 3306, 3389"
    assert 1433 in lists["huawei-high-risk"].of("udp")
    assert len(lists["security-hub-ec2-19"].tcp) == 24


@pytest.mark.parametrize(
    "text", ["name: n\n", LIST + "ports: [1]\n", LIST + "tcp: [0]\n", LIST + "udp: [9-1]\n", "- a\n", "{"]
)
def test_a_damaged_danger_list_is_refused(text):
    with pytest.raises(PolicyError, match=r"^l\.yaml:"):
        read_danger_list("l.yaml", text)
