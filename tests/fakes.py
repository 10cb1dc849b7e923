"""Stand-ins for the edges: a clock that never waits, a transport that is a function, a store in memory."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from handler.errors import StoreConflictError
from handler.logs import LOGGER
from handler.models import CategorySnapshot, Finding, Report, Row, Severity, Snapshot, Target
from handler.state.document import decode, decode_made
from handler.state.interface import Document
from handler.state.memory import LastRun
from handler.transport.request import Request, Response

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
TARGET = Target(
    name="prod", cloud="otc", region="eu-de", host="hss.eu-de.otc.t-systems.com", project_id="0123456789abcdef"
)


@dataclass
class FakeClock:
    """Time that passes only when somebody sleeps (or `tick`s); `slept` lists every wait."""

    moment: datetime = NOON
    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.tick(max(0.0, seconds))

    def tick(self, seconds: float) -> None:
        self.seconds += seconds
        self.moment += timedelta(seconds=seconds)


@dataclass
class MovingClock(FakeClock):
    """A clock that shows another moment at each look, as a real one does; seconds pass as with the other."""

    step: float = 1.5

    def now(self) -> datetime:
        self.moment += timedelta(seconds=self.step)
        return self.moment


Answer = Response | Exception | Callable[[Request], Response]


@dataclass
class FakeTransport:
    """Answers from a function or from a list in order; `requests` lists what was sent."""

    answers: Callable[[Request], Response] | Sequence[Answer]
    requests: list[Request] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    def __call__(self, request: Request, timeout: float) -> Response:
        self.requests.append(request)
        self.timeouts.append(timeout)
        if callable(self.answers):
            return self.answers(request)
        answer = self.answers[len(self.requests) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer


def copied(document: Document | None) -> Document | None:
    """A document of its own; ten times as fast as `deepcopy`, in thousands of simulated runs."""
    return pickle.loads(pickle.dumps(document))


@dataclass
class MemoryStore:
    """A store with real compare-and-set, of states or of what `read` reads."""

    document: Document | None = None
    count: int = 0
    read: Callable[[Document], Any] = decode

    def load(self) -> tuple[Any, str | None]:
        if self.document is None:
            return None, None
        return self.read(copied(self.document)), str(self.count)

    def save(self, document: Document, version: str | None) -> str:
        if version != (str(self.count) if self.document is not None else None):
            raise StoreConflictError("another run was faster")
        self.document, self.count = self.own(document), self.count + 1
        return str(self.count)

    def own(self, document: Document) -> Document | None:
        """What is kept of a document, whatever its giver does with it afterwards."""
        return copied(document)


@dataclass
class OnceReadStore(MemoryStore):
    """A store that reads each document once: what is remembered is frozen, and simulations load it thousands of times.

    The documents are its own: `encode` makes each anew, and a test changes one by putting a new one in its place.
    """

    _known: tuple[Document, LastRun] | None = None
    _saved: Document | None = None  # as `encode` made it: its checksum has just been made of the same content

    def load(self) -> tuple[LastRun | None, str | None]:
        if self.document is None:
            return None, None
        read = decode_made if self.document is self._saved else decode
        return self.read_once(self.document, read), str(self.count)

    def read_once(self, document: Document, read: Callable[[Document], LastRun] = decode_made) -> LastRun:
        if self._known is None or self._known[0] is not document:
            self._known = document, read(document)
        return self._known[1]

    def own(self, document: Document) -> Document:
        self._saved = document
        return document


def json_response(body: object, status: int = 200, **headers: str) -> Response:
    return Response(status, {"content-type": "application/json", **headers}, json.dumps(body).encode())


def category(rows: Sequence[Row] = (), name: str = "host", **other) -> CategorySnapshot:
    """A complete listing of these rows."""
    known = {
        "total_num": len(rows),
        "statistics": {"port_num": len(rows)},
        "plan": "pages",
        "every_row": True,
        "complete": True,
        "api_calls": 2,
    }
    return CategorySnapshot(category=name, rows=tuple(rows), **(known | other))


def snapshot(*categories: CategorySnapshot, target: Target = TARGET) -> Snapshot:
    return Snapshot(target=target, taken_at="2026-11-22T12:00:00Z", categories=categories)


def finding(rule_id: str = "telnet", port: int | None = 23, **other) -> Finding:
    known = {
        "fingerprint": f"{rule_id}-{port}-{other.get('protocol', 'tcp')}-{other.get('category', 'host')}",
        "title": "Telnet is open",
        "severity": Severity.CRITICAL,
        "category": "host",
        "protocol": "tcp",
        "num": 3,
        "status": "danger",
        "message": f"{port}/tcp is open (num 3)",
        "rationale": "Passwords in clear text.",
        "remediation": "Disable telnetd, use SSH.",
        "references": ("https://www.rfc-editor.org/rfc/rfc854",),
        "tags": ("remote-access",),
        "first_seen": "2026-11-20T08:07:00Z",
    }
    return Finding(rule_id=rule_id, port=port, **(known | other))


def report(*findings: Finding, **other) -> Report:
    known = {
        "run_id": "run-1",
        "started_at": "2026-11-22T12:00:00Z",
        "finished_at": "2026-11-22T12:00:05Z",
        "verdict": "violations" if findings else "compliant",
        "policy_name": "baseline",
        "policy_digest": "sha256:" + "ab" * 32,
        "policy_files": ("policies/baseline.yaml",),
        "target": TARGET,
        "coverage": (category([Row(23, "tcp", 3, "danger"), Row(443, "tcp", 9, "normal")]),),
        "taken_at": "2026-11-22T12:00:00Z",
    }
    return Report(findings=findings, **(known | other))


@contextmanager
def log_records(level: str) -> Iterator[list[logging.LogRecord]]:
    """What is logged from that level on, whoever set the log up before."""
    records: list[logging.LogRecord] = []
    handler, before = logging.Handler(), LOGGER.level
    handler.emit = records.append  # type: ignore[method-assign]
    LOGGER.addHandler(handler)
    LOGGER.setLevel(level)
    try:
        yield records
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(before)
