from __future__ import annotations

import pytest

from handler.hss.emptiness import doubt_of_empty_list
from handler.models import COUNTERS


def test_an_empty_list_that_the_counters_confirm_is_believed():
    assert doubt_of_empty_list({"port_num": 0}) is None


@pytest.mark.parametrize("counted", [1, 5, 2147483647])
def test_ports_that_are_counted_contradict_an_empty_list(counted):
    doubt = doubt_of_empty_list({"port_num": counted})
    assert str(doubt) == f"$.total_num: asset statistics count {counted} ports, but the list of ports is empty"


@pytest.mark.parametrize("statistics", [None, {}, {"account_num": 0, "process_num": 7}])
def test_without_port_num_nothing_confirms_an_empty_list(statistics):
    assert str(doubt_of_empty_list(statistics)).startswith("$.port_num: the list is empty")


@pytest.mark.parametrize("name", [name for name in COUNTERS if name != "port_num"])
def test_no_other_counter_is_compared(name):
    assert doubt_of_empty_list({"port_num": 0, name: 900}) is None
    assert doubt_of_empty_list({"port_num": 1, name: 0}) is not None


def test_a_doubt_advises_what_to_look_at():
    for statistics in ({}, {"port_num": 3}):
        assert "HSS agent" in doubt_of_empty_list(statistics).hint
