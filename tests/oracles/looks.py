"""Rough HTML of each chat message, for eyes: our own drawing of the payload, not a screenshot of the product."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

from handler.sinks.kinds import SINK_KINDS
from tests import notices
from tests.fakes import NOON

if TYPE_CHECKING:
    from handler.sinks.sink import Notification

KINDS = (
    "slack", "mattermost", "rocketchat", "discord", "googlechat", "feishu", "dingtalk", "wecom", "webex", "telegram",
)  # fmt: skip
_COLOURS = {"red": "#c0392b", "orange": "#e67e22", "green": "#27ae60"}
_PAGE = """<body style="margin:0;background:#fff"><div style="padding:14px;width:600px;font:14px/1.45 'Noto Sans',sans-serif;color:#222">
<div style="color:#666;margin-bottom:6px"><b style="color:#222">port-compliance</b> &nbsp;12:00</div>
<div style="border-left:4px solid {colour};padding-left:12px">{body}</div></div></body>"""


def page(kind: str, notice: Notification) -> str:
    """The page of one kind's message."""
    (message,) = SINK_KINDS[kind].module.render(notice, notices.sink(kind, secret=None), NOON, 0)
    colour, body = _READERS[kind](json.loads(message.body))
    return _PAGE.format(colour=colour, body=body)


def _lines(text: str) -> str:
    return re.sub(r"(?m)^ +", lambda blank: "&nbsp;" * 2 * len(blank[0]), text.replace("  \n", "\n")).replace(
        "\n", "<br>"
    )


def _plain(text: str) -> str:
    return _lines(html.escape(text))


def _markdown(text: str) -> str:
    kept = re.sub(
        r"\\([^a-zA-Z0-9\s])", lambda mark: f"&#{ord(mark[1])};", html.escape(text.replace("&amp;", "&"), quote=False)
    )
    bold = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", kept)
    linked = re.sub(r"\[(\w+)\]\((?:&lt;)?(.+?)(?:&gt;)?\)", r"<a href='\2'>\1</a>", bold)
    return _lines(re.sub(r"(?m)^- ", "• ", linked))


def _mrkdwn(text: str) -> str:
    linked = re.sub(r"<(https?:[^|>]+)\|([^>]+)>", r"<a href='\1'>\2</a>", text)
    return _lines(re.sub(r"(?<!\w)\*(.+?)\*", r"<b>\1</b>", linked))


def _slack(body: dict[str, Any]) -> tuple[str, str]:
    parts = []
    for block in body["blocks"]:
        if block["type"] == "header":
            parts.append(f"<b style='font-size:18px'>{_plain(block['text']['text'])}</b>")
        elif block["type"] == "section":
            parts.append(_mrkdwn(block["text"]["text"]))
        else:
            parts += [f"<small style='color:#666'>{_mrkdwn(element['text'])}</small>" for element in block["elements"]]
    return "#fff", "<br>".join(f"<div style='margin:4px 0'>{part}</div>" for part in parts).replace(
        "</div><br>", "</div>"
    )


def _attachment(body: dict[str, Any]) -> tuple[str, str]:
    (attachment,) = body["attachments"]
    return attachment["color"], f"{_markdown(body['text'])}<br>{_markdown(attachment['text'])}"


def _discord(body: dict[str, Any]) -> tuple[str, str]:
    parts = []
    for embed in body["embeds"]:
        parts += [f"<b>{_markdown(embed.get('title', ''))}</b>", _markdown(embed["description"])]
        parts.append(f"<small style='color:#666'>{_plain(embed.get('footer', {}).get('text', ''))}</small>")
    return f"#{body['embeds'][0]['color']:06x}", "<br>".join(parts)


def _googlechat(body: dict[str, Any]) -> tuple[str, str]:
    card = body["cardsV2"][0]["card"]
    texts = [_lines(widget["textParagraph"]["text"]) for section in card["sections"] for widget in section["widgets"]]
    head = f"<b>{_plain(card['header']['title'])}</b><br><small>{_plain(card['header']['subtitle'])}</small>"
    return "#fff", "<hr style='border:0;border-top:1px solid #ddd'>".join([head, *texts])


def _feishu(body: dict[str, Any]) -> tuple[str, str]:
    card = body["card"]
    parts = [f"<b>{_plain(card['header']['title']['content'])}</b>"]
    for element in card["elements"]:
        if element["tag"] == "hr":
            continue
        texts = element.get("elements") or [element["text"]]
        read = {"lark_md": _markdown, "plain_text": _plain}
        parts += [read[text["tag"]](text["content"]) for text in texts]
    return _COLOURS[card["header"]["template"]], "<br>".join(parts)


_READERS = {
    "slack": _slack,
    "mattermost": _attachment,
    "discord": _discord,
    "googlechat": _googlechat,
    "feishu": _feishu,
    "rocketchat": _attachment,
    "dingtalk": lambda body: ("#fff", _markdown(body["markdown"]["text"])),
    "wecom": lambda body: ("#fff", _markdown(body["markdown_v2"]["content"])),
    "webex": lambda body: ("#fff", _markdown(body["markdown"])),
    "telegram": lambda body: ("#fff", _lines(body["text"])),
}
