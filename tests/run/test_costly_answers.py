"""Answers that cost much to judge: within the time, told, and below the function's memory, whatever they hold."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from handler.clock import Deadline
from handler.hss.decode import LARGEST_ANSWER
from handler.run.targets import RunRequest, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from tests.fakes import FakeClock
from tests.memory import peak_mib
from tests.world import World

MOST_MEMORY = 160  # MiB; the function has 256
ROOM = LARGEST_ANSWER - 100


def _list_of(item: str) -> str:
    return '{"total_num":1,"port_num":1,"data_list":[' + ((item + ",") * (ROOM // (len(item) + 1)))[:-1] + "]}"


def _many(pattern: str, number: int, around: str = "{}") -> str:
    """As many as fit, each other than the last."""
    joined = io.StringIO()
    for one in range(number):
        if joined.tell() > ROOM - len(around) - 400:
            break
        joined.write(("," if one else "") + pattern.format(one))
    return around.replace("{}", joined.getvalue())


COSTLY = {
    "lists": lambda: _list_of("[]"),
    "objects": lambda: _list_of("{}"),
    "numbers": lambda: _list_of("1"),
    "rows": lambda: _list_of('{"port":23,"type":"TCP","num":1}'),
    "half surrogates": lambda: _list_of('{"\\ud800":1}'),
    "unknown keys": lambda: _many('"{:x}":0', 400_000, '{"total_num":0,"port_num":0,"data_list":[],{}}'),
    "keys of a row": lambda: _many(
        '"{:x}":0', 400_000, '{"total_num":1,"port_num":1,"data_list":[{"port":23,"type":"TCP","num":1,{}}]}'
    ),
    "ten thousand rows, each of another type": lambda: _many(
        '{{"port":23,"type":"{0:x}-' + "y" * 300 + '","num":1,"status":"{0:x}"}}',
        9_999,
        '{"total_num":1,"port_num":1,"data_list":[{}]}',
    ),
    "one long text": lambda: (
        '{"total_num":1,"port_num":1,"data_list":[{"port":23,"num":1,"type":"%s"}]}' % ("x" * ROOM)
    ),
}

HONEST = {"unknown keys": "compliant", "keys of a row": "violations", "one long text": "violations"}


@pytest.mark.parametrize("name", COSTLY)
def test_four_mebibytes_of_anything_are_told_in_time_and_in_little_memory(name):
    """In a process of its own, because memory is measured at its highest."""
    done = subprocess.run(
        [sys.executable, __file__, name], capture_output=True, text=True, timeout=600, check=False, cwd=_root()
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert said["delivered"] == ["delivered"]
    assert said["verdict"] == HONEST.get(name, "inconclusive")
    assert said["memory"] < MOST_MEMORY
    assert said["seconds"] < 30


def test_telling_keeps_its_share_however_late_the_gathering_ended():
    world, clock = World(), FakeClock()
    asked = world.warm.api

    def slow(request, timeout):
        answer = asked(request, timeout)
        world.clock.tick(40)
        return answer

    world.warm.api = slow
    wiring = Wiring(world.context(WEBHOOK_URL="https://hooks.example.org/x"))
    (report,) = check_targets(prepare(wiring, RunRequest()), wiring, 60).reports
    assert [one.status for one in report.deliveries] == ["delivered"]
    assert Deadline.after(5, clock).no_sooner_than(3).left() == 5
    assert Deadline.after(5, clock).no_sooner_than(30).left() == 30


def _root() -> Path:
    return Path(__file__).resolve().parents[2]


def _main(name: str) -> None:
    import time

    from handler.transport.http import HttpTransport
    from handler.transport.request import Response
    from tests.fakes import FakeTransport

    HttpTransport().open()
    world = World()
    body = COSTLY[name]().encode()
    world.warm.api = FakeTransport(lambda _: Response(200, {}, body))
    wiring = Wiring(world.context(WEBHOOK_URL="https://hooks.example.org/x"))
    began = time.process_time()
    (report,) = check_targets(prepare(wiring, RunRequest()), wiring, 60).reports
    said = {
        "verdict": report.verdict,
        "delivered": [one.status for one in report.deliveries],
        "memory": peak_mib(),
        "seconds": time.process_time() - began,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    sys.path.insert(0, str(_root()))
    _main(sys.argv[1])
