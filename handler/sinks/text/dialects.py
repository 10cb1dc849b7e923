"""How each target's text is written: escaping at the leaf, bold, links.

Every `escape` takes a line of `foreign_text.one_line` and makes it show as it is: no mention, link, entity or style.
Escaped text is never cut afterwards.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_MARKDOWN = re.compile(r"[\\`*\[\]<>#|~$!]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|(?<=\])\(|^[-+=]|(?<=^\d)[.)]")
_MENTION = re.compile(r"(?<![0-9A-Za-z])@|@(?=channel|here|all|everyone)", re.IGNORECASE)
_STYLE_AT_EDGE = re.compile(r"(?<![0-9A-Za-z])[*_~`]|[*_~`](?![0-9A-Za-z])|[`*~]")
_SCHEME = re.compile(r"(?<=[A-Za-z])://")
_ZERO_WIDTH_SPACE = "\u200b"


class Dialect(NamedTuple):
    """One way of writing. `bold` and `link` take text that is escaped already, `link` a safe address."""

    escape: Callable[[str], str]
    bold: Callable[[str], str]
    link: Callable[[str, str], str]
    bullet: str = "• "
    newline: str = "\n"
    indent: str = "   "
    paragraph: str = "\n\n"


def _same(text: str) -> str:
    return text


def _spelt_out(label: str, url: str) -> str:
    return f"{label}: {url}"


def without_mentions(text: str) -> str:
    """Text whose `@name` and `://` are broken by a zero-width space: some targets act on them without any markup."""
    broken = _MENTION.sub(f"@{_ZERO_WIDTH_SPACE}", text) if "@" in text else text
    return _SCHEME.sub(f":{_ZERO_WIDTH_SPACE}//", broken) if "://" in broken else broken


def escape_plain(text: str) -> str:
    """Text without markup, for targets that look for `<at ...>`, `<users/all>` or `<!channel>` even there."""
    return without_mentions(text).replace("<", f"<{_ZERO_WIDTH_SPACE}")


def escape_slack(text: str) -> str:
    """Slack mrkdwn: its three entities, and a zero-width space before a style mark that stands at a word's edge."""
    entities = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return without_mentions(_STYLE_AT_EDGE.sub(lambda mark: _ZERO_WIDTH_SPACE + mark[0], entities))


def escape_markdown(text: str) -> str:
    """CommonMark and its chat cousins: backslashes, and broken mentions and bare addresses."""
    return _MARKDOWN.sub(r"\\\g<0>", without_mentions(text)).replace("&", "&amp;")


def escape_markdown_no_entities(text: str) -> str:
    """Markdown of targets that show `&amp;` as it is (Discord, DingTalk, WeCom)."""
    return _MARKDOWN.sub(r"\\\g<0>", without_mentions(text))


def escape_html(text: str) -> str:
    """The HTML subset of Google Chat and Telegram."""
    entities = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return without_mentions(entities)


def _html_link(label: str, url: str) -> str:
    return f'<a href="{url.replace("&", "&amp;")}">{label}</a>'


def _markdown_link(label: str, url: str) -> str:
    return f"[{label}]({url})"


PLAIN_TEXT = Dialect(escape=escape_plain, bold=_same, link=_spelt_out)
VERBATIM = Dialect(escape=_same, bold=_same, link=_spelt_out)  # for elements that parse nothing
SLACK = Dialect(
    escape=escape_slack,
    bold="*{}*".format,
    link=lambda label, url: f"<{url.replace('&', '&amp;')}|{label}>",
)
MARKDOWN = Dialect(escape=escape_markdown, bold="**{}**".format, link=_markdown_link, bullet="- ", indent="  ")
HARD_BREAKS = MARKDOWN._replace(newline="  \n")  # where a single line feed is a space
ROCKETCHAT = MARKDOWN._replace(escape=escape_markdown_no_entities)
CHINESE_MARKDOWN = HARD_BREAKS._replace(escape=escape_markdown_no_entities)
DISCORD = Dialect(
    escape=escape_markdown_no_entities,
    bold="**{}**".format,
    link=lambda label, url: f"[{label}](<{url}>)",
    indent="  ",
    bullet="- ",
)
HTML = Dialect(escape=escape_html, bold="<b>{}</b>".format, link=_html_link)
