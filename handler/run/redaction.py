"""The one door through which text leaves a run: what was sent as a credential does not come back out, however spelt.

A gateway, a proxy or a receiver may repeat a token in a refusal, as a row's type, or as a key: escaped for JSON, a URL
or HTML, in other case, in base64, or cut off. Text is judged here after it was decoded, and before it reaches a report,
a message, a log, an error or the state.
"""

from __future__ import annotations

import base64
import re
import sys
from contextlib import contextmanager
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import unquote

from handler.errors import PortComplianceError
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from handler.models import CategorySnapshot, Finding, Report, Snapshot
    from handler.models.delivery import Delivery
    from handler.notify.dispatch import Dispatched

SHORTEST: Final = 8  # characters; what is shorter may be any word, and an honest answer would be changed for it
PIECE: Final = 16  # so many characters of a secret in a row are as bad as all of it
HIDDEN: Final = "***"
_GRAM: Final = PIECE // 2  # of each piece that long, one such part stands at a multiple of its own length
_LONGEST_IN_BASE64: Final = 512  # a password and a key; a token of kilobytes is not sent that way
_ROUNDS: Final = 3  # an escaped text that was escaped again, and again
_ESCAPES: Final = re.compile(
    r"(?:\\u[0-9a-fA-F]{4})+|\\[\"\\/]|(?:%[0-9a-fA-F]{2})+|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);"
)
_SIGNED: Final = r"(?:Access|Credential|Signature)=([\w+/=-]{8,})|^OBS [^:]+:(\S+)$"
_ENTITIES: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_PROTOCOL, _STATUS = itemgetter(1), itemgetter(3)  # of a row
Value = TypeVar("Value")


class _View(NamedTuple):
    """A text as it reads once its escapes are undone, in small letters, and where each character came from."""

    text: str
    starts: list[int] | range
    ends: list[int] | range


class Redactor:
    """Knows what one run sent as credentials, and takes it out of text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._learnt: set[str] = set()
        self._known: dict[str, None] = {}
        self._grams: frozenset[str] | None = None
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """Take these out too, from now on; one of fewer than eight characters is not taken out."""
        for secret in set(secrets) - self._learnt:
            self._learnt.add(secret)
            for spelling in _spellings(secret.strip()):
                if spelling not in self._known:
                    self._known[spelling] = None
                    self._grams = None

    def learn_headers(self, headers: Mapping[str, str]) -> None:
        """The credentials among the headers of a request: tokens, the access key and the signature."""
        for name, value in headers.items():
            lower = name.lower()
            if lower == "authorization":
                self.learn(*(part for found in re.findall(_SIGNED, value) for part in found if part))
            elif lower.endswith("-token"):
                self.learn(value)

    def text(self, text: str) -> str:
        """The text with `***` for each secret in it, whole or a piece of sixteen characters."""
        if len(text) < SHORTEST or not self._known:
            return text
        spans: list[tuple[int, int]] = []
        for view in _views(text):
            spans += [(view.starts[first], view.ends[last - 1]) for first, last in self._found(view.text)]
        return _without(text, spans)

    def value(self, value: Value) -> Value:
        """The same value with each text in it, keys too, as `text` gives it."""
        return self._value(value)  # type: ignore[no-any-return]

    def snapshot(self, snapshot: Snapshot) -> Snapshot:
        """What the API said, without our secrets."""
        return snapshot._replace(categories=tuple(map(self._category, snapshot.categories)))

    def report(self, report: Report) -> Report:
        """A report before anybody is told, whose snapshot has been through here: what joined it since is searched."""
        return report._replace(
            findings=tuple(map(self._finding, report.findings)),
            coverage=tuple(one._replace(problems=self.value(one.problems)) for one in report.coverage),
            problems=self.value(report.problems),
            warnings=self.value(report.warnings),
        )

    def told(self, told: Dispatched) -> Dispatched:
        """What came of telling: what a receiver answered may repeat what it was sent."""
        return told._replace(
            deliveries=self.deliveries(told.deliveries),
            problems=self.value(told.problems),
            warnings=self.value(told.warnings),
        )

    def deliveries(self, deliveries: Iterable[Delivery]) -> tuple[Delivery, ...]:
        """The same, for the words of each."""
        return tuple(one._replace(reason=self.text(one.reason)) for one in deliveries)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """While this lasts, an error of ours leaves without our secrets."""
        try:
            yield
        except PortComplianceError as error:
            error.message = self.text(error.message)
            error.args = (error.message,)
            error.hint = self.text(error.hint)
            raise

    def _category(self, category: CategorySnapshot) -> CategorySnapshot:
        said = {*map(_PROTOCOL, category.rows), *map(_STATUS, category.rows)} - {None}
        changed = {text: hidden for text in said if (hidden := self.text(text)) != text}
        rows = category.rows
        if changed:
            rows = tuple(
                row._replace(
                    protocol=changed.get(row.protocol, row.protocol),
                    status=None if row.status is None else changed.get(row.status, row.status),
                )
                for row in rows
            )
        return category._replace(
            rows=rows,
            problems=self.value(category.problems),
            warnings=self.value(category.warnings),
            raw_rows=self.value(category.raw_rows),
            raw_statistics=self.value(category.raw_statistics),
            listeners=self.value(category.listeners),
        )

    def _finding(self, finding: Finding) -> Finding:
        return finding._replace(hosts=self.value(finding.hosts)) if finding.hosts else finding

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self._value(key): self._value(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._value(one) for one in value]
        if isinstance(value, tuple):
            inner = [self._value(one) for one in value]
            return type(value)(*inner) if hasattr(value, "_fields") else tuple(inner)
        return value

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where a secret stands in a text of small letters: first character, and the one behind the last."""
        grams, at = self._all_grams(), 0
        for secret in self._known:
            if len(secret) < PIECE:
                yield from ((found.start(), found.end()) for found in re.finditer(re.escape(secret), text))
        if grams.isdisjoint(_parts(text)):
            return  # as nearly always
        while at + _GRAM <= len(text):
            span = self._piece_around(text, at) if text[at : at + _GRAM] in grams else None
            if span is None:
                at += _GRAM
            else:
                yield span
                at = max(at + _GRAM, span[1])

    def _piece_around(self, text: str, at: int) -> tuple[int, int] | None:
        """The longest piece of a secret that holds the characters at that place, if it is long enough."""
        gram, longest = text[at : at + _GRAM], (0, 0)
        for secret in self._known:
            place = secret.find(gram)
            while place >= 0:
                span = _widened(text, at, secret, place)
                longest = max(longest, span, key=lambda one: one[1] - one[0])
                place = -1 if span[1] - span[0] == len(secret) else secret.find(gram, place + 1)
        return longest if longest[1] - longest[0] >= PIECE else None

    def _all_grams(self) -> frozenset[str]:
        if self._grams is None:
            long = (secret for secret in self._known if len(secret) >= PIECE)
            self._grams = frozenset(one[at : at + _GRAM] for one in long for at in range(len(one) - _GRAM + 1))
        return self._grams


def _parts(text: str) -> Iterator[str]:
    """The text in parts of as many characters as are looked for; it is not held a second time."""
    return map(text.__getitem__, map(slice, range(0, len(text), _GRAM), range(_GRAM, len(text) + _GRAM, _GRAM)))


def _widened(text: str, at: int, secret: str, place: int) -> tuple[int, int]:
    """How far text and secret agree around these places, where they agree on one part."""
    before = 0
    while before < min(at, place) and text[at - before - 1] == secret[place - before - 1]:
        before += 1
    after = _GRAM
    while at + after < len(text) and place + after < len(secret) and text[at + after] == secret[place + after]:
        after += 1
    return at - before, at + after


def _spellings(secret: str) -> Iterator[str]:
    """A secret in small letters, and in base64 wherever it stands in what was encoded; none if it is too short."""
    if len(secret) < SHORTEST:
        return
    yield secret.lower()
    if " " in secret:
        yield secret.replace(" ", "+").lower()
    if len(secret) <= _LONGEST_IN_BASE64:
        content = secret.encode("utf-8", "replace")
        for offset, foreign in enumerate((0, 2, 3)):
            end = (offset + len(content)) * 8 // 6
            encoded = base64.b64encode(bytes(offset) + content).decode()[foreign:end].lower()
            yield encoded
            yield encoded.replace("+", "-").replace("/", "_")


def _views(text: str) -> Iterator[_View]:
    """The text as it is, and with its escapes undone as often as there are any."""
    view = _View(_small(text), range(len(text)), range(1, len(text) + 1))
    yield view
    spelt, starts, ends = text, view.starts, view.ends
    for _ in range(_ROUNDS):
        if not _may_hold_escapes(spelt) or _ESCAPES.search(spelt) is None:
            return
        spelt, starts, ends = _undone(spelt, starts, ends)
        yield _View(_small(spelt), starts, ends)


def _may_hold_escapes(text: str) -> bool:
    """Whether a character that begins an escape stands in it: seen far sooner than whether one does."""
    return "%" in text or "\\" in text or "&" in text


def _undone(text: str, starts: list[int] | range, ends: list[int] | range) -> tuple[str, list[int], list[int]]:
    """One round of escapes undone; a run of them is one place, because it may be cut between its characters."""
    parts: list[str] = []
    begin: list[int] = []
    end: list[int] = []
    at = 0
    for found in _ESCAPES.finditer(text):
        meant = _meaning(found[0])
        parts += (text[at : found.start()], meant)
        begin += [*starts[at : found.start()], *[starts[found.start()]] * len(meant)]
        end += [*ends[at : found.start()], *[ends[found.end() - 1]] * len(meant)]
        at = found.end()
    return "".join((*parts, text[at:])), [*begin, *starts[at:]], [*end, *ends[at:]]


def _meaning(escape: str) -> str:
    if escape.startswith("\\u"):
        units = bytes.fromhex(escape.replace("\\u", ""))
        return units.decode("utf-16-be", "replace")
    if escape[0] == "\\":
        return escape[1]
    if escape[0] == "%":
        return unquote(escape)
    name = escape[1:-1]
    if name[0] != "#":
        return _ENTITIES[name]
    number = int(f"0{name[1:]}", 16) if name[1] in "xX" else int(name[1:])
    return chr(number) if number <= sys.maxunicode else escape


def _small(text: str) -> str:
    """The text in small letters, with as many characters as it has."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    kept: list[str] = []
    at = 0
    for first, last in sorted(spans):
        if last <= at:
            continue
        if first >= at:
            kept += (text[at:first], HIDDEN)
        at = last
    return "".join((*kept, text[at:])) if kept else text
