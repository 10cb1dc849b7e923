"""Google Chat webhooks: a card (v2) of text paragraphs in Chat's small HTML; 32,000 bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.sinks.answers import DELIVERED, because, by_status, fields_of, not_understood, says_too_long
from handler.sinks.post import json_message
from handler.sinks.sink import PLAIN, Judgement, Message, Outcome
from handler.sinks.text.dialects import HTML, PLAIN_TEXT
from handler.sinks.text.fitting import size_bytes, smallest_that_fits
from handler.sinks.text.layout import MARKS, plain_text, room_at, write
from handler.sinks.text.wording import Story, tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.sinks.sink import Notice, Sink
    from handler.sinks.text.layout import Written

CHAT = True
LIMIT = 31_000


def render(notice: Notice, sink: Sink, now: datetime, shrink: int) -> tuple[Message, ...]:  # noqa: ARG001
    """One card; the minimal message is text."""

    def message(room: int) -> Message:
        if shrink >= PLAIN:
            return json_message({"text": plain_text(notice, sink, room, size_bytes)})
        story = tell(notice, sink, shrink)
        written = write(story, HTML, room_at(room, shrink), size_bytes)
        card = {"header": _header(story), "sections": list(_sections(written))}
        fallback = PLAIN_TEXT.escape(f"{story.title}. {story.summary}")
        return json_message({"fallbackText": fallback, "cardsV2": [{"cardId": "report", "card": card}]})

    return (smallest_that_fits(message, LIMIT),)


def _header(story: Story) -> dict[str, str]:
    return {"title": f"{MARKS[story.tone]} {PLAIN_TEXT.escape(story.title)}", "subtitle": story.summary}


def _sections(written: Written) -> Iterable[dict[str, Any]]:
    for section in written.sections:
        yield _paragraph("\n".join((section.heading, *section.lines)))
    yield _paragraph("\n".join(written.footer))


def _paragraph(text: str) -> dict[str, Any]:
    return {"widgets": [{"textParagraph": {"text": text}}]}


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Judgement:
    """Success is 200 with the message that was made."""
    said = fields_of(body) or {}
    error = said.get("error")
    words = str(error.get("message", "")) if isinstance(error, dict) else ""
    if status == 400 and says_too_long(words):
        return Judgement(Outcome.TOO_LARGE, because(status, words))
    return by_status(status, headers, words) or (DELIVERED if said.get("name") else not_understood(status))
