"""Discord webhooks: embeds (description 4096, footer 2048, 6000 characters over all), or 2000 of content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.sinks.answers import DELIVERED, because, by_status, fields_of, not_understood, seconds
from handler.sinks.packing import pack
from handler.sinks.post import json_message
from handler.sinks.sink import PLAIN, Judgement, Message, Outcome
from handler.sinks.text.dialects import DISCORD, PLAIN_TEXT
from handler.sinks.text.layout import plain_text, room_at, write
from handler.sinks.text.wording import tell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.sink import Notice, Sink
    from handler.sinks.text.layout import Written
    from handler.sinks.text.wording import Story

CHAT = True
TOTAL, DESCRIPTION, CONTENT = 5800, 4096, 1950
_COLOURS = {"bad": 0xC0392B, "unknown": 0xE67E22, "good": 0x27AE60}
_WAIT = {"wait": "true"}  # without it, a message that is not saved brings no error
_NOBODY: dict[str, Any] = {"allowed_mentions": {"parse": []}}
_INVALID_FORM, _SUPPRESS_EMBEDS = 50035, 4


def render(notice: Notice, sink: Sink, now: datetime, shrink: int) -> tuple[Message, ...]:  # noqa: ARG001
    """One message of embeds; the minimal one is content alone. Nobody is mentioned."""
    if shrink >= PLAIN:
        text = plain_text(notice, sink, CONTENT, escape=DISCORD.escape)
        return (json_message({"content": text, "flags": _SUPPRESS_EMBEDS, **_NOBODY}, _WAIT),)
    story = tell(notice, sink, shrink)
    written = write(story, DISCORD, room_at(TOTAL, shrink))
    embeds = [{**embed, "color": _COLOURS[story.tone]} for embed in _embeds(story, written)]
    return (json_message({"embeds": embeds, **_NOBODY}, _WAIT),)


def _embeds(story: Story, written: Written) -> list[dict[str, Any]]:
    lines = [line for section in written.sections for line in ("", section.heading, *section.lines)]
    texts = pack([written.summary, *lines], DESCRIPTION)
    embeds: list[dict[str, Any]] = [{"description": text.strip("\n")} for text in texts if text.strip()]
    embeds = embeds or [{}]
    embeds[0] = {"title": written.title, **embeds[0]}
    embeds[-1] |= {"footer": {"text": "\n".join(map(PLAIN_TEXT.escape, story.footer))}}  # no Markdown there
    return embeds


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Judgement:
    """Success is 204, or 200 with the message that was saved."""
    said = fields_of(body) or {}
    words = f"{said.get('code', '')} {said.get('message', '')}".strip()
    if status == 429:
        wait = seconds(said.get("retry_after"))
        refused = by_status(status, headers, words)
        return refused if refused and wait is None else Judgement(Outcome.RETRY_NOW, because(status, words), wait)
    if status == 400 and said.get("code") == _INVALID_FORM and b"MAX_LENGTH" in body:
        return Judgement(Outcome.TOO_LARGE, because(status, words))
    saved = status == 204 or "id" in said
    return by_status(status, headers, words) or (DELIVERED if saved else not_understood(status))
