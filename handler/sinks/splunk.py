"""Splunk's HTTP Event Collector: one JSON object for each event, one after another, each on a line of its own.

The token goes into the sink's `headers` (`Authorization: Splunk ...`). Success is the code 0 (facts of the collector).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from handler.clock import parse_iso
from handler.foreign_text import one_line
from handler.report.json_bytes import json_bytes
from handler.report.json_v1 import TARGET, finding_dict
from handler.sinks.answers import DELIVERED, DeliveryOutcome, SinkAnswer, because, by_status, fields_of, not_understood
from handler.sinks.message import JSON, SinkMessage
from handler.sinks.text.cutting import is_cut, listed_findings, most_listed, short_texts, without_hosts
from handler.sinks.text.moves import STILL_OPEN, open_moves
from handler.sinks.text.wording import tolerance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink

_BUSY: Final = 9


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """One POST: an event for the run, then one for each finding that moved or ended."""
    told = ((_around(part), _events(part, sink, shrink)) for part in notification.of_targets)
    lines = [json_bytes(_event(around, about, event)) for (around, about), events in told for event in events]
    return (SinkMessage(b"\n".join(lines), {"Content-Type": JSON}),)


def _around(notification: Notification) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is the same of all events of a target: around them, and in them."""
    report = notification.report
    around = {
        "time": parse_iso(report.started_at).timestamp(),
        "host": one_line(report.target.host, 200) or "port-compliance",
        "source": "port-compliance",
        "sourcetype": "port-compliance:event",
    }
    about = {"run_id": report.run_id, "delivery_id": notification.delivery_id, "target": TARGET.write(report.target)}
    return around, about


def _event(around: Mapping[str, Any], about: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    return {**around, "event": {**event, **about}}


def _events(notification: Notification, sink: Sink, shrink: int) -> Iterable[Mapping[str, Any]]:
    report = notification.report
    most = most_listed(sink, shrink)
    run = {
        "kind": "run",
        "verdict": report.verdict,
        "not_seen": list(notification.not_seen[:most]),
        "seen_again": list(notification.seen_again[:most]),
        "exemptions": [one._asdict() for one in notification.exemptions[:most]],
        "announcements": list(notification.announcements[:most]),
        "notes": [*tolerance(notification), *notification.notes][:most],
    }
    yield short_texts(run) if is_cut(shrink) else run
    words = _words(notification)
    for finding in listed_findings(notification, sink, shrink):
        yield _finding(sink, shrink, {**finding_dict(finding), "change": words.get(finding.fingerprint, "ongoing")})
    for finding in (*notification.resolved, *notification.missed)[:most]:
        ended = {"change": "ended", "because": notification.ended_because(finding)}
        yield _finding(sink, shrink, {**finding_dict(finding), **ended})


def _words(notification: Notification) -> dict[str, str]:
    """How each finding of the message moved."""
    moves = ((word, findings) for word, findings in open_moves(notification).items() if word != STILL_OPEN)
    return {finding.fingerprint: word for word, findings in moves for finding in findings}


def _finding(sink: Sink, shrink: int, plain: dict[str, Any]) -> dict[str, Any]:
    shown = {"kind": "finding", **(plain if sink.hosts else without_hosts(plain))}
    if not is_cut(shrink):
        return shown
    short: dict[str, Any] = short_texts({**shown, "rationale": "", "remediation": "", "references": [], "hosts": []})
    return short


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is the code 0; 9 is a server that is busy."""
    said = fields_of(body) or {}
    code, words = said.get("code"), said.get("text", "")
    if code == _BUSY:
        return SinkAnswer(DeliveryOutcome.RETRY_NOW, because(status, words))
    refused = by_status(status, headers, words)
    if refused is not None or code is None:
        return refused or not_understood(status)
    return DELIVERED if code == 0 else SinkAnswer(DeliveryOutcome.PERMANENT, because(status, words))
