"""Teams Workflows: one Adaptive Card 1.4 of rich text blocks, which know no Markdown; at most 20 kB.

The trigger answers 202 before the card is posted, so a delivery is only ever accepted. A post of more than 28 KB fails
after that answer, which is why the limit is kept with a margin.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler.foreign_text import cut
from handler.report.json_bytes import json_bytes
from handler.sinks.answers import DeliveryOutcome, SinkAnswer, because, by_status, fields_of
from handler.sinks.message import PLAIN, SinkMessage, json_message
from handler.sinks.text.dialects import PLAIN_TEXT
from handler.sinks.text.fitting import Entry, TextBlock, and_more, fit_blocks, size_bytes
from handler.sinks.text.layout import ICONS, plain_text, room_at
from handler.sinks.text.wording import content_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink
    from handler.sinks.text.lines import MessageLine
    from handler.sinks.text.wording import Content, Section

_LIMIT = 20_000
_ENVELOPE = 900  # bytes of the card around its lines
_PREVIEW = 150  # code points
_LEAST = 3000  # bytes; the styles take most of a small card
_COLOURS = {"bad": "Attention", "unknown": "Warning", "good": "Good"}
_SEVERE = frozenset({"critical", "high"})


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """One card; the minimal one is lines of text."""
    if shrink >= PLAIN:
        lines = plain_text(notification, sink, _LIMIT // 4, size_bytes, escape=str).split("\n")
        return (json_message(_message([_line([_run(line)]) for line in lines if line], lines[0])),)
    content = content_of(notification, sink, shrink)
    preview = cut(PLAIN_TEXT.escape(f"{content.title}. {content.summary}"), _PREVIEW)
    room = max(_LEAST, room_at(_LIMIT, shrink)) - size_bytes(preview)
    return (json_message(_message(list(_body(content, room)), preview)),)


def _message(body: list[dict[str, Any]], preview: str) -> dict[str, Any]:
    """A message with one card; a push notification shows its `summary`."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "msteams": {"width": "full"},
    }
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card}
    return {"type": "message", "summary": preview, "attachments": [attachment]}


def _body(content: Content, room: int) -> Iterable[dict[str, Any]]:
    title = f"{ICONS[content.tone]} {content.title}"
    head = [_line([_run(title, size="Large", weight="Bolder", color=_COLOURS[content.tone])])]
    head += [_line([_run(content.summary)])] if content.summary else []
    foot = [_line([_run(line, size="Small", isSubtle=True)], spacing="None") for line in content.footer]
    left = room - _ENVELOPE - size_bytes(_fragment(head)) - size_bytes(_fragment(foot))
    yield from head
    for section in fit_blocks([_block(section) for section in content.sections], left, size_bytes, _more):
        for lines in (section.heading, *section.lines):
            yield from json.loads(lines)
    yield from foot


def _block(section: Section) -> TextBlock:
    heading = _line([_run(section.heading, weight="Bolder")], spacing="Medium", separator=True)
    entries = tuple(
        Entry(_fragment([_head(item), *_details(item)]), _fragment([_head(item)]), item.stands_for)
        for item in section.items
    )
    return TextBlock(_fragment([heading]), entries, section.omitted, not section.findings, section.last)


def _more(count: int) -> str:
    return _fragment([_line([_run(and_more(count), isSubtle=True)])])


def _head(item: MessageLine) -> dict[str, Any]:
    lead = {"weight": "Bolder"} | ({"color": "Attention"} if str(item.severity) in _SEVERE else {})
    return _line([*([_run(f"{item.lead} ", **lead)] if item.lead else []), _run(item.text)], spacing="Small")


def _details(item: MessageLine) -> Iterable[dict[str, Any]]:
    for detail in item.details:
        yield _line([_run(detail, isSubtle=True)], spacing="None")
    for label, url in item.links:
        shown = f"{label}: {url}"  # the address too, for clients that do not open a run's action
        yield _line([_run(shown, selectAction={"type": "Action.OpenUrl", "url": url})], spacing="None")


def _line(runs: list[dict[str, Any]], **style: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": runs, **style}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}


def _fragment(elements: list[dict[str, Any]]) -> str:
    return json_bytes(elements).decode()


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Any 2xx only says that the flow was started: accepted, never delivered."""
    error = (fields_of(body) or {}).get("error")
    code = error.get("code", "") if isinstance(error, dict) else ""
    refused = by_status(status, headers, code)
    return refused or SinkAnswer(
        DeliveryOutcome.ACCEPTED, because(status, "accepted by the flow, which does not say more")
    )
