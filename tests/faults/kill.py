"""kill -9 at every step: a child process of its own runs the function and ends itself at the Nth step, with no clean-up."""

from __future__ import annotations

import json
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from functools import partial

from handler.transport.request import Request, Response
from tests.faults import invariants
from tests.faults.cells import LASTS, Cell
from tests.faults.disk import watching
from tests.faults.scene import Receiver, Scene, scene


def cells() -> Iterator[Cell]:
    with scene() as world:
        world.run()
        world.change()
        steps = _in_child(world, None)
    for step in range(steps):
        for lasts in LASTS:
            yield Cell("process killed", f"at step {step + 1} of {steps}", lasts, partial(_play, step, lasts))


def _play(step: int, lasts: str) -> list[str]:
    with scene() as world:
        return invariants.once_each(_story(world, step, lasts))


def _story(world: Scene, step: int, lasts: str) -> Iterator[str]:
    world.run()
    world.change()
    for _ in range(LASTS[lasts]):
        _in_child(world, step)
        world.clock.tick(3600)
        yield from invariants.of_marks(world)
    for _ in range(3):
        world.clock.tick(7200)
        yield from invariants.of_run(world.run())
    known = len(world.receivers["soc"].taken)
    yield from invariants.of_run(world.run())
    if len(world.receivers["soc"].taken) != known:
        yield "something was told again long after recovery"
    yield from invariants.of_telling(world)  # what came twice came under its own id
    yield from world.leaks()


def _in_child(world: Scene, step: int | None) -> int:
    """One run in a forked process that is killed at that step; gives how many steps there were."""
    log = world.folder / "taken"
    log.write_bytes(b"")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn of threads, of which none holds a lock here
        child = os.fork()
    if child == 0:
        _doomed(world, step)
    os.waitpid(child, 0)
    counted = 0
    for line in log.read_text().splitlines():
        said = json.loads(line)
        counted = said.get("steps", counted)
        if "name" in said:
            receiver = world.receivers[said["name"]]
            receiver.taken.append(said["body"].encode())
            receiver.ids.append(said["id"])
    return counted


def _doomed(world: Scene, step: int | None) -> None:
    """What the child does; what its sinks take is written down before they answer."""
    descriptor = os.open(world.folder / "taken", os.O_WRONLY | os.O_APPEND)
    count = [0]

    def note(**said: object) -> None:
        os.write(descriptor, json.dumps(said).encode() + b"\n")

    def boundary(*_: object) -> None:
        if count[0] == step:
            os.kill(os.getpid(), signal.SIGKILL)
        count[0] += 1

    for name, receiver in world.receivers.items():
        _recorded(name, receiver, note)
    far = world._through

    def through(request: Request, timeout: float, end: Callable[[Request], Response]) -> Response:
        boundary()
        try:
            return far(request, timeout, end)
        finally:
            boundary()

    world._through = through  # type: ignore[method-assign]
    code = 1
    try:
        with watching(world.folder, lambda _, writes: boundary() if writes else None):
            world.run()
        note(steps=count[0])
        code = 0
    finally:
        os._exit(code)


def _recorded(name: str, receiver: Receiver, note: Callable[..., None]) -> None:
    take = receiver.take

    def taking(request: Request) -> Response:
        answer = take(request)
        note(name=name, body=receiver.taken[-1].decode(), id=receiver.ids[-1])
        return answer

    receiver.take = taking  # type: ignore[method-assign]
