"""A kind of sink that says in JSON what it was given, and a webhook that takes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from handler.errors import TransportError
from handler.notify.batches import FINDING_ITEMS
from handler.policy.rules import Policy, Rule
from handler.ports import PortSet
from handler.sinks.answers import DeliveryOutcome, SinkAnswer
from handler.sinks.kinds import SinkKind
from handler.sinks.message import SinkMessage
from handler.sinks.sink import Notification, Sink
from handler.transport.request import Request, Response

POLICY = Policy("p", "sha256:0", (Rule("telnet", "ports", ports=PortSet(((1, 9),))),))
SAID = ("new", "grown", "reopened", "reminded", "resolved", "newly_forbidden", "raised", "lowered")


class FakeKind:
    """A kind that says in JSON what it was given, and of each target what is its own."""

    def __init__(self, judge: Callable[[int], DeliveryOutcome] | None = None) -> None:
        self._judge = judge

    def render(self, notice: Notification, sink: Sink, now: object, shrink: int) -> tuple[SinkMessage, ...]:
        parts = {"parts": [_said(part) for part in notice.of_targets]}
        return (SinkMessage(json.dumps(_said(notice) | {"shrink": shrink} | parts).encode()),)

    def judge(self, status: int, headers: object, body: bytes) -> SinkAnswer:
        if self._judge is not None:
            return SinkAnswer(self._judge(status), f"HTTP {status}")
        outcome = (
            DeliveryOutcome.DELIVERED
            if status == 200
            else DeliveryOutcome.RETRY_NOW
            if status >= 429
            else DeliveryOutcome.PERMANENT
        )
        return SinkAnswer(outcome, f"HTTP {status}")


def _said(notice: Notification) -> dict[str, Any]:
    said: dict[str, Any] = {what: [one.fingerprint for one in getattr(notice, what)] for what in SAID}
    said |= {"id": notice.delivery_id, "notes": list(notice.notes), "not_seen": list(notice.not_seen)}
    said |= {"seen_again": list(notice.seen_again), "heartbeat": notice.heartbeat}
    said |= {"exemptions": [one.exemption_id for one in notice.exemptions]}
    said |= {"ongoing": [one.fingerprint for one in notice.ongoing], "target": notice.report.target.name}
    told = (one for what in FINDING_ITEMS for one in getattr(notice, what))
    return said | {"severities": {one.fingerprint: int(one.severity) for one in told}}


FAKE = SinkKind("fake", load=lambda _: FakeKind())
EACH_CHANGE = FAKE._replace(chat=False)  # people hear once of what flaps; here every change is counted


@dataclass
class Receiver:
    """A webhook: what it took, message by message."""

    tick: Callable[[], int] = lambda: 0
    mode: str = "up"  # down (no connection), error (503), lost (took it, no answer), gateway (502, not taken)
    messages: list[dict] = field(default_factory=list)

    def take(self, request: Request) -> Response:
        if self.mode == "down":
            raise TransportError("refused", sent=False)
        if self.mode in ("error", "gateway"):
            return Response(503 if self.mode == "error" else 502)
        self.messages.append(json.loads(request.body or b"") | {"at": self.tick()})
        if self.mode == "lost":
            raise TransportError("no answer in time", sent=True)
        return Response(200)
