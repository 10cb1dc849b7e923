"""A list is kept between two calls that ask for the same of the same fleet, and never beyond that."""

from __future__ import annotations

import json

import pytest

from handler.simulator.answers import BadParameterError, Call
from handler.simulator.fleet import Fleet, Line
from handler.simulator.kept_list import KeptList
from handler.simulator.options import Options
from handler.simulator.simulator import Simulator
from handler.transport.request import Request
from tests.hss_bench import varied

OPTIONS = Options(cloud="huaweicloud", throttle=0)
FLEET = Fleet.of(*varied(30), Line(22, "UDP", 1, "danger"))


def ask(kept, fleet=FLEET, options=OPTIONS, api="port_statistics", nth=1, **query):
    return kept.matching(Call(api, "p", query), fleet, options, nth)


def test_pages_are_cut_from_one_list():
    kept = KeptList()
    first, second = ask(kept, offset="0", limit="10"), ask(kept, offset="10", limit="20")
    assert second.rows is first.rows
    assert [(page.offset, page.limit, page.total) for page in (first, second)] == [(0, 10, 31), (10, 20, 31)]


@pytest.mark.parametrize(
    ("other", "rows"),
    [
        ({"fleet": FLEET.without(22)}, 30),
        ({"options": Options(cloud="otc")}, 31),
        ({"port": "22"}, 1),
        ({"category": "container"}, 0),
    ],
)
def test_what_is_asked_otherwise_is_listed_anew(other, rows):
    kept = KeptList()
    before = ask(kept)
    assert (ask(kept, **other).rows is before.rows, len(ask(kept, **other).rows)) == (False, rows)
    assert [*ask(kept).rows] == [*before.rows]


def test_another_api_lists_something_else():
    kept, query = KeptList(), {"port": "22", "category": "host"}
    (line,), (server,) = ask(kept, **query).rows, ask(kept, api="port_detail", **query).rows
    assert (line.port, server.line.port, server.listener.host_id != "") == (22, 22, True)


@pytest.mark.parametrize("chance", [{"ties": "any", "order": "port"}, {"order": "none"}])
def test_what_is_left_to_chance_is_another_at_each_call(chance):
    kept, fleet = KeptList(), Fleet.of(*(Line(22, "TCP", 1, str(number)) for number in range(30)))
    options = Options(cloud="huaweicloud", **chance)
    assert len({tuple(ask(kept, fleet, options, nth=nth).rows) for nth in range(5)}) == 5


def test_a_question_that_is_refused_leaves_nothing_behind():
    kept = KeptList()
    before = ask(kept)
    with pytest.raises(BadParameterError):
        ask(kept, port="x")
    with pytest.raises(BadParameterError):
        ask(kept, port="x")
    assert [*ask(kept).rows] == [*before.rows]


def test_a_port_that_closes_between_two_pages_is_gone_from_the_second():
    simulator = Simulator(FLEET, Options(throttle=0))
    url = f"https://hss.example/v5/{simulator.options.project_id}/asset/port/statistics?limit=200"

    def ports():
        answer = simulator(Request("GET", url, {"X-Auth-Token": simulator.options.tokens[0]}), 1.0)
        return {row["port"] for row in json.loads(answer.body)["data_list"]}

    assert 22 in ports()
    simulator.close_port(22)
    assert 22 not in ports()
