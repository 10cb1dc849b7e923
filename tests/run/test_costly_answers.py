"""Answers that cost much to judge: within the time, told, and below the function's memory, whatever they hold."""

import json
import os
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
    """As many as fit, each other than the last; `%x` stands for what tells them apart."""
    longest = len(pattern.replace("%x", f"{number:x}")) + 1
    fit = min(number, (ROOM - len(around)) // longest)
    return around.replace("{}", ",".join([pattern.replace("%x", f"{one:x}") for one in range(fit)]))


COSTLY = {
    "lists": lambda: _list_of("[]"),
    "objects": lambda: _list_of("{}"),
    "numbers": lambda: _list_of("1"),
    "rows": lambda: _list_of('{"port":23,"type":"TCP","num":1}'),
    "half surrogates": lambda: _list_of('{"\\ud800":1}'),
    "unknown keys": lambda: _many('"%x":0', 400_000, '{"total_num":0,"port_num":0,"data_list":[],{}}'),
    "keys of a row": lambda: _many(
        '"%x":0', 400_000, '{"total_num":1,"port_num":1,"data_list":[{"port":23,"type":"TCP","num":1,{}}]}'
    ),
    "ten thousand rows, each of another type": lambda: _many(
        '{"port":23,"type":"%x-' + "y" * 300 + '","num":1,"status":"%x"}',
        9_999,
        '{"total_num":1,"port_num":1,"data_list":[{}]}',
    ),
    "one long text": lambda: (
        '{"total_num":1,"port_num":1,"data_list":[{"port":23,"num":1,"type":"%s"}]}' % ("x" * ROOM)
    ),
}

HONEST = {"unknown keys": "compliant", "keys of a row": "violations", "one long text": "violations"}


@pytest.fixture(scope="module")
def told():
    """What became of each: in a process of its own, because memory is measured at its highest; all come from one that
    has imported what they need.
    """
    done = subprocess.run(
        [sys.executable, __file__], capture_output=True, text=True, timeout=600, check=False, cwd=_root()
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {name: said for name, *said in map(json.loads, done.stdout.splitlines())}, done.stderr


@pytest.mark.parametrize("name", COSTLY)
def test_four_mebibytes_of_anything_are_told_in_time_and_in_little_memory(name, told):
    answers, log = told
    assert name in answers, log[-2000:]
    (said,) = answers[name]
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


def _main() -> None:
    from handler.transport.http import HttpTransport

    HttpTransport().open()
    _run('{"total_num":0,"port_num":0,"data_list":[]}')  # all that a run imports
    for name, made in COSTLY.items():
        if os.fork() == 0:
            print(json.dumps([name, _run(made())]), flush=True)
            os._exit(0)
        os.wait()


def _run(answer: str) -> dict[str, object]:
    import time

    from handler.transport.request import Response
    from tests.fakes import FakeTransport

    world, body = World(), answer.encode()
    world.warm.api = FakeTransport(lambda _: Response(200, {}, body))
    wiring = Wiring(world.context(WEBHOOK_URL="https://hooks.example.org/x"))
    began = time.process_time()
    (report,) = check_targets(prepare(wiring, RunRequest()), wiring, 60).reports
    return {
        "verdict": report.verdict,
        "delivered": [one.status for one in report.deliveries],
        "memory": peak_mib(),
        "seconds": time.process_time() - began,
    }


if __name__ == "__main__":
    sys.path.insert(0, str(_root()))
    _main()
