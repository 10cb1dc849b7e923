"""CloudEvents 1.0 in structured mode: the report as `data`, in several events where one would pass 64 KiB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from handler.foreign_text import one_line
from handler.report.json_bytes import json_bytes
from handler.report.parts import parts
from handler.sinks.answers import by_status_alone
from handler.sinks.message import SinkMessage
from handler.sinks.text.cutting import due_report

if TYPE_CHECKING:
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink

_LIMIT = 64 * 1024
_AROUND = 20  # bytes of the key `data`, and of the number of a further event
TYPE = "port-compliance.report.v1"
_HEADERS = {"Content-Type": "application/cloudevents+json; charset=utf-8"}


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:
    """One event whose id is the delivery id; several where one would be too large, the others numbered after it."""
    envelope = _envelope(notification, now)
    room = _LIMIT - len(json_bytes(envelope)) - _AROUND
    shared = _documents(notification, sink, shrink, room)
    return tuple(_message(envelope, data, number) for number, data in enumerate(shared, 1))


def _documents(notification: Notification, sink: Sink, shrink: int, room: int) -> tuple[dict[str, Any], ...]:
    """What is due, as one document if it fits; of several targets else each target's own."""
    whole = due_report(notification, sink, shrink)
    if not notification.parts:
        return parts(whole, room)
    if len(json_bytes(whole)) <= room:
        return (whole,)
    reports = (due_report(part, sink, shrink) for part in notification.parts)
    return tuple(document for report in reports for document in parts(report, room))


def _message(envelope: dict[str, Any], data: dict[str, Any], number: int) -> SinkMessage:
    own = {} if number == 1 else {"id": f"{envelope['id']}-{number}"}
    return SinkMessage(json_bytes({**envelope, **own, "data": data}), _HEADERS)


def _envelope(notification: Notification, now: datetime) -> dict[str, Any]:
    target = notification.report.target
    return {
        "specversion": "1.0",
        "id": notification.delivery_id,
        "source": f"urn:port-compliance/{_part(target.host)}/{_part(target.project_id)}",
        "type": TYPE,
        "subject": _part(target.name),
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "datacontenttype": "application/json",
    }


def _part(text: str) -> str:
    """A piece of a URI, never empty."""
    return quote(one_line(text, 200), safe="") or "-"


judge = by_status_alone  # any 2xx is success (HTTP webhook specification)
