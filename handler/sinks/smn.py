"""Simple Message Notification of Huawei Cloud and OTC: a message to a topic, signed with the run's own credentials.

Source: the page of PublishMessage of both clouds, 2025: a subject of at most 512 bytes, a message of at most 256 KB, of
which an SMS subscriber gets the beginning only. So the first line says all, and the rest is plain text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit, urlunsplit

from handler.foreign_text import cut
from handler.models import Secret
from handler.sinks.answers import DeliveryOutcome, SinkAnswer, because, by_status, fields_of, not_understood, too_long
from handler.sinks.message import SinkMessage, json_message
from handler.sinks.text.dialects import PLAIN_TEXT
from handler.sinks.text.fitting import size_bytes
from handler.sinks.text.layout import one_text, room_at, write
from handler.sinks.text.wording import content_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink
    from handler.sinks.text.wording import Content

_LIMIT: Final = 240_000  # bytes of a message, with room for what JSON escapes
_FIRST: Final = 200  # characters of the first line: an SMS that is not of ASCII alone has 201
_SUBJECT: Final = 500  # bytes
_PAUSE: Final = 60.0  # the gateway counts by the minute
_ADVICE: Final = {
    401: "its credentials are those of the function",
    403: "the function's agency needs smn:topic:publish",
    404: "topic_urn names no topic there",
}
_OUTCOMES: Final = {
    "SMN.0016": DeliveryOutcome.RETRY_NOW,  # database
    "SMN.0018": DeliveryOutcome.RETRY_NOW,  # internal error
    "SMN.0019": DeliveryOutcome.RETRY_NOW,  # producer
    "SMN.0065": DeliveryOutcome.RETRY_NEXT_RUN,  # too many mails
}


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """One message; the minimal one has no details."""
    content = content_of(notification, sink, shrink)
    first = _first_line(content)
    room = room_at(_LIMIT, shrink)
    written = write(content, PLAIN_TEXT, room - size_bytes(first), size_bytes, plain=True)
    text = one_text(written._replace(title=first, summary=""), PLAIN_TEXT)
    told = json_message({"subject": _within(_SUBJECT, first), "message": text})
    return (told._replace(url=Secret(_address(sink))),)


def _address(sink: Sink) -> str:
    """Where the topic is published to; the project is the one in its name."""
    project = (*sink.topic_urn.split(":"), "", "", "", "")[3]
    topic = quote(sink.topic_urn, safe=":")
    parts = urlsplit(sink.url.reveal())
    path = f"{parts.path.rstrip('/')}/v2/{quote(project, safe='')}/notifications/topics/{topic}/publish"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _first_line(content: Content) -> str:
    """Target, verdict, what matters most, and the numbers."""
    items = [item for section in content.sections for item in section.items]
    most = " ".join(part for part in (items[0].lead, items[0].text) if part) if items else ""
    parts = (content.title, most.rstrip(".:"), content.summary)
    return cut(PLAIN_TEXT.escape(". ".join(part for part in parts if part)), _FIRST)


def _within(limit: int, text: str) -> str:
    """The text, shortened until it has no more bytes than that."""
    while size_bytes(text) > limit:
        text = cut(text, len(text) - 1)
    return text


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """200 with the message's id only says that it is stored: accepted. A refusal has a code, of SMN or the gateway."""
    said = fields_of(body) or {}
    code, words = _first(said, "code", "error_code"), _first(said, "message", "error_msg")
    told = f"{code} {words}".strip()
    refused = by_status(status, headers, f"{told} ({_ADVICE[status]})" if status in _ADVICE else told)
    if refused is None:
        return _stored(said, status)
    if code in _OUTCOMES:
        return refused._replace(outcome=_OUTCOMES[code])
    if status == 429 and refused.retry_after is None:
        return refused._replace(retry_after=_PAUSE)
    return (too_long(status, told) if status < 500 else None) or refused


def _first(said: Mapping[str, object], *names: str) -> str:
    return next((str(said[name]) for name in names if said.get(name)), "")


def _stored(said: Mapping[str, object], status: int) -> SinkAnswer:
    if not said.get("message_id"):
        return not_understood(status)
    return SinkAnswer(DeliveryOutcome.ACCEPTED, because(status, "stored for the topic's subscribers"))
