"""Where in a page we are: its section, the status code, the caption that waits for its table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from handler.derive.page import Gap, clean

CAPTION = re.compile(r"Table\s*(\d{1,4})(?!\d)[\s.:]*(.*)", re.IGNORECASE)
STATUS = re.compile(r"Status codes?\s*:\s*(\d{3})\b.*", re.IGNORECASE)
REVISION = re.compile(r"Updated on (\d{4}-\d{2}-\d{2})\b.*", re.IGNORECASE)
REQUEST = re.compile(r"(GET|POST|PUT|DELETE|PATCH|HEAD)\s+(?:https?://\S+?(?=/))?(/\S+)")
_CODES = re.compile(r"(status|error|return) codes?", re.IGNORECASE)
_SECTIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("uri", re.compile(r"URI( parameters?| format)?", re.IGNORECASE)),
    ("request", re.compile(r"Request( (message|parameters?|headers?|body))?( parameters?)?", re.IGNORECASE)),
    ("response", re.compile(r"Response( (message|parameters?|headers?|body))?( parameters?)?", re.IGNORECASE)),
    (
        "other",
        re.compile(
            r"(Example( (Requests?|Responses?))?|Examples|Status Codes?|Error Codes?|SDK Sample Code"
            r"|Returned Values?|Return Values?|Calling Method|Debugging|Authorization Information|Function)",
            re.IGNORECASE,
        ),
    ),
)


def section_of(text: str) -> str | None:
    """The section that a heading opens, None if it is none that we know; `request` in lower case is a parameter."""
    plain = text.rstrip(":")
    return next((name for name, pattern in _SECTIONS if plain[:1].isupper() and pattern.fullmatch(plain)), None)


@dataclass
class Outline:
    """Reads a page from top to bottom; `see` takes every line or paragraph outside of tables."""

    title: str = ""
    revision: str = "undated"
    method: str = ""
    path: str = ""
    section: str = "other"
    status: str | None = None
    number: int | None = None
    last: int = 0
    caption: str = ""
    line: int = 0
    gaps: list[Gap] = field(default_factory=list)

    def see(self, text: str, line: int) -> None:
        """Take note of a line; lines that say nothing about the outline are passed over."""
        plain = clean(text)
        if found := REVISION.fullmatch(plain):
            self.revision, self.title = found[1], ""  # what stands above is the way to the page, not its title
        elif found := STATUS.fullmatch(plain):
            self.status = found[1]
        elif found := CAPTION.fullmatch(plain):
            self.drop_caption()
            self.number, self.caption = self._numbered(plain, found[1], found[2].strip())
            self.line = line
        elif section := section_of(plain):
            self.section, self.status = section, None
        else:
            self._see_text(plain)

    def _numbered(self, plain: str, digits: str, caption: str) -> tuple[int, str]:
        """Number and words of a caption; in `Table 42FA status` the number is the one that is next."""
        is_glued = plain.partition(digits)[2][:1].isalpha()
        cut = next((n for n in range(1, len(digits)) if is_glued and int(digits[:n]) == self.last + 1), len(digits))
        self.last = int(digits[:cut])
        return self.last, digits[cut:] + caption

    def _see_text(self, plain: str) -> None:
        found = REQUEST.match(plain)
        if found and not self.method:
            self.method, self.path = found[1], found[2]
        elif plain and not self.title:
            self.title = plain.split(" - Help Center", maxsplit=1)[0][:200]

    def drop_caption(self) -> None:
        """Forget a caption whose table is none of parameters; a gap, unless it lists codes, or is a sentence."""
        number, caption = self.take_caption()
        if number is not None and not _CODES.search(caption) and not caption.endswith((".", ":")):
            message = f"table {number} {caption[:64]!r} has no columns that are known; it was not read"
            self.gaps.append(Gap(self.line, message))

    def take_caption(self) -> tuple[int | None, str]:
        """The caption that stands above the table that begins now; used once."""
        taken = self.number, self.caption
        self.number, self.caption = None, ""
        return taken
