"""Slack incoming webhooks: Block Kit in escaped mrkdwn.

Limits (docs.slack.dev, and slackapi/bolt-js#2509 for the total): 50 blocks, a header of 150 characters, a section of
3000, a context of 10 elements, about 13,000 characters over all blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.foreign_text import cut
from handler.sinks.answers import DELIVERED, DeliveryOutcome, SinkAnswer, because, by_status, not_understood, text_of
from handler.sinks.message import PLAIN, SinkMessage, json_message
from handler.sinks.text.dialects import PLAIN_TEXT, SLACK
from handler.sinks.text.fitting import pack
from handler.sinks.text.layout import ICONS, Written, plain_text, room_at, write
from handler.sinks.text.wording import Content, content_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink

_TOTAL, _SECTION, _HEADER = 11_500, 3000, 150
_TOO_LARGE = frozenset({"msg_blocks_too_long", "msg_too_long", "too_many_blocks"})
_BUSY = frozenset({"rollup_error", "rate_limited", "ratelimited"})


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """One message of header, sections and a context; the `text` beside it is what a push notification shows."""
    if shrink >= PLAIN:
        text = plain_text(notification, sink, _SECTION, escape=SLACK.escape)
        return (json_message({"text": text, "mrkdwn": False}),)
    content = content_of(notification, sink, shrink)
    written = write(content, SLACK, room_at(_TOTAL, shrink), longest=_SECTION - 300)
    fallback = SLACK.escape(f"{content.title}. {content.summary}")
    return (json_message({"text": fallback, "blocks": list(_blocks(content, written))}),)


def _blocks(content: Content, written: Written) -> Iterable[dict[str, Any]]:
    title = cut(f"{ICONS[content.tone]} {PLAIN_TEXT.escape(content.title)}", _HEADER)
    yield {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    if written.summary:
        yield _section(written.summary)
    for section in written.sections:
        for text in pack((section.heading, *section.lines), _SECTION):
            yield _section(text)
    yield {"type": "context", "elements": [_mrkdwn(line) for line in written.footer]}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is 200 with the body `ok`; a refusal is a status with one word."""
    said = text_of(body)
    if said in _TOO_LARGE:
        return SinkAnswer(DeliveryOutcome.TOO_LARGE, because(status, said))
    if said in _BUSY and 200 <= status < 300:
        return SinkAnswer(DeliveryOutcome.RETRY_NOW, because(status, said))
    failure = by_status(status, headers, said)
    return failure or (DELIVERED if said == "ok" else not_understood(status))
