"""CloudEvents 1.0 in structured mode: the report as `data`, at most 64 KiB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from handler.foreign_text import one_line
from handler.sinks.answers import by_status_alone
from handler.sinks.message import PLAIN, SinkMessage, json_bytes
from handler.sinks.text.cutting import due_report

if TYPE_CHECKING:
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink

_LIMIT = 64 * 1024
TYPE = "port-compliance.report.v1"
_HEADERS = {"Content-Type": "application/cloudevents+json; charset=utf-8"}


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:
    """One event whose id is the delivery id; findings are left out (and counted) until it fits."""
    body = b""
    for step in range(shrink, PLAIN + 1):
        body = json_bytes(_event(notification, sink, now, step))
        if len(body) <= _LIMIT:
            break
    return (SinkMessage(body, _HEADERS),)


def _event(notification: Notification, sink: Sink, now: datetime, shrink: int) -> dict[str, Any]:
    target = notification.report.target
    return {
        "specversion": "1.0",
        "id": notification.delivery_id,
        "source": f"urn:port-compliance/{_part(target.host)}/{_part(target.project_id)}",
        "type": TYPE,
        "subject": _part(target.name),
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "datacontenttype": "application/json",
        "data": due_report(notification, sink, shrink),
    }


def _part(text: str) -> str:
    """A piece of a URI, never empty."""
    return quote(one_line(text, 200), safe="") or "-"


judge = by_status_alone  # any 2xx is success (HTTP webhook specification)
