"""The report itself, with Standard Webhooks headers (specification 1.0.0)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

from handler.report.json_bytes import json_bytes
from handler.sinks.answers import by_status_alone
from handler.sinks.message import JSON, SinkMessage
from handler.sinks.text.cutting import due_report

if TYPE_CHECKING:
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:
    """One POST of the report with the findings that the sink is due."""
    body = json_bytes(due_report(notification, sink, shrink))
    headers = {"Content-Type": JSON, **webhook_headers(notification.delivery_id, now, body, _key(sink))}
    return (SinkMessage(body, headers),)


def webhook_headers(delivery_id: str, now: datetime, body: bytes, key: bytes | None) -> dict[str, str]:
    """`webhook-id` and `webhook-timestamp`, and `webhook-signature` where there is a key."""
    stamp = str(int(now.timestamp()))
    headers = {"webhook-id": delivery_id, "webhook-timestamp": stamp}
    if key is not None:
        signed = hmac.new(key, f"{delivery_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
        headers["webhook-signature"] = "v1," + base64.b64encode(signed).decode()
    return headers


def _key(sink: Sink) -> bytes | None:
    return signing_key(sink.secret.reveal()) if sink.secret else None


def signing_key(secret: str) -> bytes:
    """The key in `whsec_` and base64; a secret in any other form is used as it is."""
    text = secret.removeprefix("whsec_")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()


judge = by_status_alone  # any 2xx is success
