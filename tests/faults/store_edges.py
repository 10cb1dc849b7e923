"""The edges of remembering: a file, an object in OBS, a key in Redis; read and written."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from handler.transport.request import Request, Response
from tests.faults import disk, invariants
from tests.faults.answers import DEEP, Fault, faults_of
from tests.faults.cells import LASTS, Cell
from tests.faults.redis_server import RedisServer
from tests.faults.scene import ONE_PAGE, SECRETS, Scene, Striking, scene

Around = Callable[[Scene, int], AbstractContextManager[object]]  # what surrounds the nth run of the fault


def cells() -> Iterator[Cell]:
    yield from _file_cells()
    yield from _obs_cells()
    yield from _redis_cells()


def _story(world: Scene, around: Around, lasts: str, *, forgets: bool = False) -> Iterator[str]:
    """Told once and remembered; then the world changes and the store fails; then it works again.

    What a store `forgets` nobody can tell the end of: then a digest of what is open is owed, and no more.
    """
    world.run()
    world.change()
    for number in range(LASTS[lasts]):
        with around(world, number):
            ran = world.run()
        yield from invariants.of_run(ran)
        yield from invariants.of_marks(world)
        if ran.report is not None and ran.report["verdict"] != "violations":
            yield "a store that fails changed the verdict"
    for _ in range(3):
        yield from invariants.of_run(world.run())
    known = len(world.receivers["soc"].taken)
    yield from invariants.of_run(world.run())
    if len(world.receivers["soc"].taken) != known:
        yield "something was told again long after recovery"
    yield from invariants.of_telling(world, repeats=True, forgets=forgets)
    yield from world.leaks()


def _said(world: Scene) -> Iterator[str]:
    """A run that could not read or write its state says so in what it prints or reports."""
    reports = [text for what, text in world.outputs if what == "report"]
    if not any("state" in text or "remembered" in text or "recorded" in text for text in reports):
        yield "no report says that the state failed"


# a file


def _file_cells() -> Iterator[Cell]:
    for lasts in LASTS:
        for name, number in disk.ERRNOS.items():
            for reads in (True, False):
                if reads and name in ("read-only disk", "disk full"):
                    continue
                edge = "state file, read" if reads else "state file, written"
                yield Cell(edge, name, lasts, partial(_failing_disk, number, lasts, reads=reads))
        yield Cell("state file, written", "no space within a file", lasts, partial(_file, _full, lasts))
        for name, damage in DAMAGES.items():
            yield Cell("state file, read", name, lasts, partial(_file, partial(_damaged, damage), lasts, True))
        for name in ("lock held by another run", "lock left by a crash"):
            yield Cell("state file, written", name, lasts, partial(_file, _busy if "held" in name else _left, lasts))


def _file(around: Around, lasts: str, forgets: bool = False) -> list[str]:
    with scene(rows=ONE_PAGE) as world:
        return invariants.once_each(_story(world, around, lasts, forgets=forgets))


def _failing_disk(number: int, lasts: str, *, reads: bool) -> list[str]:
    def around(world: Scene, _: int) -> AbstractContextManager[None]:
        times = 1 if lasts == "once" else None
        return disk.watching(world.folder / "state.json", disk.failing(number, reads=reads, times=times))

    with scene(rows=ONE_PAGE) as world:
        broken = [*_story(world, around, lasts)]
        return invariants.once_each([*broken, *(_said(world) if lasts != "once" else ())])


@contextlib.contextmanager
def _full(world: Scene, _: int) -> Iterator[None]:
    with disk.full():
        yield
    assert not (world.folder / "state.json.busy").exists(), "a lock of our own is left behind"


DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "emptied": lambda _: b"",
    "cut in half": lambda old: old[: len(old) // 2],
    "not JSON": lambda _: b"\x00\xff\xfe no json",
    "JSON bomb": lambda _: DEEP,
    "newer schema": lambda old: old.replace(b'"schema":1', b'"schema":2'),
    "checksum wrong": lambda old: old.replace(b"sha256:", b"sha256:0", 1),
    "edited": lambda old: old.replace(b"open", b"OPEN", 1),
    "null": lambda _: b"null",
    "right checksum, wrong content": lambda _: _sealed({"findings": 7}),
    "lost": lambda _: None,
}


def _sealed(content: object) -> bytes:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps({"schema": 1, "checksum": f"sha256:{digest}", "last_run": content}).encode()


def _damaged(damage: Callable[[bytes], bytes | None], world: Scene, _: int) -> AbstractContextManager[None]:
    path = world.folder / "state.json"
    content = damage(path.read_bytes())
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    return contextlib.nullcontext()


@contextlib.contextmanager
def _busy(world: Scene, _: int) -> Iterator[None]:
    """Another machine keeps the lock: its owner changes again and again."""
    held = world.folder / "state.json.busy"
    turns = iter(range(10**6))

    def seen(event: str, writes: bool) -> None:
        del event
        if writes:
            Path(f"{world.folder}/other").write_bytes(b"%d" % next(turns))
            Path(f"{world.folder}/other").replace(held)

    with disk.watching(held, seen):
        yield
    held.unlink(missing_ok=True)


def _left(world: Scene, _: int) -> AbstractContextManager[None]:
    (world.folder / "state.json.busy").write_bytes(b"a process that is no more")
    return contextlib.nullcontext()


# an object in OBS


@dataclass
class Bucket:
    """Objects by path; `conditions`: whether it honours If-Match and If-None-Match, as OBS may not."""

    conditions: bool
    objects: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, request: Request) -> Response:
        path, old = urlsplit(request.url).path, self.objects.get(urlsplit(request.url).path)
        if request.method == "GET":
            return Response(404) if old is None else Response(200, {"etag": _etag(old)}, old)
        headers = {name.lower(): value for name, value in request.headers.items()}
        missing = headers.get("if-none-match") == "*" and old is not None
        other = "if-match" in headers and (old is None or headers["if-match"] != _etag(old))
        if self.conditions and (missing or other):
            return Response(412)
        self.objects[path] = request.body or b""
        return Response(200, {"etag": _etag(self.objects[path])})


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _obs_cells() -> Iterator[Cell]:
    wheres: dict[str, Callable[[Request], bool]] = {
        "read": lambda one: one.method == "GET" and one.url.endswith("last.json"),
        "written": lambda one: one.method == "PUT" and one.url.endswith("last.json"),
        "probed": lambda one: one.url.endswith(".probe"),
    }
    for kind in ("with conditions", "without conditions"):
        for name, where in wheres.items():
            for fault in faults_of("store"):
                for lasts in LASTS:
                    edge = f"OBS {kind}, {name}"
                    yield Cell(edge, fault.name, lasts, partial(_obs, edge, where, fault, lasts))


# answers to a read that say that there is no state, or a damaged one: what was in it is forgotten
LIKE_NOTHING = (
    "404",
    "empty 200",
    "truncated JSON",
    "HTML 200",
    "JSON bomb 200",
    "huge number 200",
    "wrong charset",
    "null instead of JSON",
)


def _obs(kind: str, where: Callable[[Request], bool], fault: Fault, lasts: str) -> list[str]:
    @contextlib.contextmanager
    def ending(world: Scene, _: int) -> Iterator[None]:
        times = 1 if lasts == "once" else None
        world.striking = Striking(fault, lambda one: "state.obs" in one.url and where(one), times)
        yield
        world.striking = None

    with scene(keys=True, rows=ONE_PAGE) as world:
        bucket = Bucket("without" not in kind)
        world.store, world.state_bytes = bucket, lambda: bucket.objects.get("/a/last.json", b"")
        world.settings["STATE_URL"] = "obs://state/a/last.json"
        forgets = "read" in kind and fault.name in LIKE_NOTHING
        return invariants.once_each(_story(world, ending, lasts, forgets=forgets))


# a key in Redis

REPLIES: dict[str, Callable[[bytes, bytes], bytes | None]] = {
    "hangs up": lambda _, __: None,
    "cut reply": lambda _, answer: answer[: len(answer) // 2],
    "garbage": lambda _, __: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "read-only replica": lambda name, answer: (
        answer if name == b"GET" else b"-READONLY You can't write against a replica\r\n"
    ),
    "out of memory": lambda name, answer: answer if name == b"GET" else b"-OOM command not allowed\r\n",
    "loading": lambda _, __: b"-LOADING Redis is loading the dataset in memory\r\n",
    "no permission": lambda _, __: b"-NOPERM this user has no permissions\r\n",
    "wrong type": lambda name, answer: b"-WRONGTYPE Operation against a key\r\n" if name == b"GET" else answer,
    "a number": lambda name, answer: b":7\r\n" if name == b"GET" else answer,
    "a list": lambda name, answer: b"*2\r\n$1\r\na\r\n$1\r\nb\r\n" if name == b"GET" else answer,
    "value lost": lambda name, answer: b"$-1\r\n" if name == b"GET" else answer,
    "value cut": lambda name, answer: b"$5\r\n{bro\r\n\r\n" if name == b"GET" else answer,
    "another run wrote": lambda name, answer: b"*-1\r\n" if name == b"EXEC" else answer,
    "slow reply": lambda _, answer: answer,
}


def _redis_cells() -> Iterator[Cell]:
    for name in REPLIES:
        for lasts in LASTS:
            yield Cell("Redis", name, lasts, partial(_redis, name, lasts))


def _redis(name: str, lasts: str) -> list[str]:
    with RedisServer(SECRETS["redis"]) as server, scene(rows=ONE_PAGE) as world:
        key = b"port-compliance:last-run"
        world.state_bytes = lambda: server.data.get(key, b"")
        query = "socket_timeout=0.3&socket_connect_timeout=0.3"
        world.settings["STATE_URL"] = f"redis://:{SECRETS['redis']}@127.0.0.1:{server.port}/0?{query}"
        return invariants.once_each(
            _story(world, partial(_breaking, server, name, lasts), lasts, forgets=name.startswith("value"))
        )


@contextlib.contextmanager
def _breaking(server: RedisServer, name: str, lasts: str, _: Scene, __: int) -> Iterator[None]:
    server.struck, server.pause = 0, (0.5 if name == "slow reply" else 0.0)

    def broken(command: bytes, answer: bytes) -> bytes | None:
        return REPLIES[name](command, answer) if lasts != "once" or server.struck == 1 else answer

    server.broken = broken
    yield
    server.broken, server.pause = None, 0.0
