"""YAML read so that every value knows its place and nothing surprising gets through.

YAML 1.1 (what PyYAML reads) and YAML 1.2 (what editors read) disagree on `yes`, `0777`, `22:22`, `1e3` and more.
Whatever they disagree on is refused, with what was read; only texts, whole decimal numbers and days pass.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from handler.named_tuple import NamedTuple
from handler.policy.codes import LoadProblem
from handler.policy.rules import Location

if TYPE_CHECKING:
    from collections.abc import Mapping

_ADVICE = "write a plain whole number, or quotes if a text is meant"
MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 40
MAX_VALUES = 300_000  # all 65535 ports one by one, four times over
MAX_REPEATS = 10_000  # values read again through aliases
_STEPS = {
    yaml.SequenceStartEvent: 1,
    yaml.MappingStartEvent: 1,
    yaml.SequenceEndEvent: -1,
    yaml.MappingEndEvent: -1,
}  # how much deeper the events after one of them are
_TAGGED = frozenset([yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.MappingStartEvent])
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NUMBER_IN_1_2 = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+")
_BASES = (
    (re.compile(r"[-+]?0[0-7_]+"), "octal"),
    (re.compile(r"[-+]?0[xX].*"), "hexadecimal"),
    (re.compile(r".*:.*"), "base 60"),
)

KeyPath = tuple["str | int", ...]


class PlainDate(str):
    """A day written without quotes, `2026-12-01`."""

    __slots__ = ()


class PositionedFile(NamedTuple):
    """A file as plain data, with the place of each value and key; `refused` are the paths of values with a problem."""

    name: str
    text: str = ""
    data: Any = None
    values: Mapping[KeyPath, Location] = {}
    keys: Mapping[KeyPath, Location] = {}
    refused: frozenset[KeyPath] = frozenset()
    problems: tuple[LoadProblem, ...] = ()

    def where(self, path: KeyPath) -> Location:
        """The place of that value, or of the nearest value around it that was written."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Location(self.name))


class _RefusedError(Exception):
    def __init__(self, problem: LoadProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_yaml(name: str, content: str | bytes, *, booleans: bool = False) -> PositionedFile:
    """The file's values with their places; never raises, whatever the bytes: `problems` says what is wrong.

    With `booleans`, a plain `true` or `false` is read as one (never `yes`, `on` and their like).
    """
    try:
        text = _text(name, content)
        unsafe = _guard(name, text)
        root = next(yaml.compose_all(text, Loader=_LOADER), None)
        builder = _Builder(name, unsafe, booleans=booleans)
        data = None if root is None else builder.value(root, ())
    except _RefusedError as error:
        return PositionedFile(name, problems=(error.problem,))
    except yaml.YAMLError as error:
        return PositionedFile(name, problems=(_not_yaml(name, text, error),))
    if root is None:
        return PositionedFile(name, text, problems=(LoadProblem("E201", Location(name), "the file is empty"),))
    return PositionedFile(
        name, text, data, builder.values, builder.keys, frozenset(builder.refused), tuple(builder.problems)
    )


def _text(name: str, content: str | bytes) -> str:
    try:
        encoded = content.encode() if isinstance(content, str) else content
        text = encoded.decode("utf-8-sig")
    except UnicodeError:
        raise _RefusedError(LoadProblem("E101", Location(name), "the file is not UTF-8 text")) from None
    if len(encoded) > MAX_BYTES:
        raise _RefusedError(LoadProblem("E101", Location(name), "the file is larger than 4 MiB"))
    return text


def _guard(name: str, text: str) -> tuple[LoadProblem, ...]:
    """Refuse what must not even be composed; events come one by one and need no deep stack.

    Returns the problems beside which the rest of the first document can still be judged.
    """
    depth = documents = values = 0
    unsafe = []
    event: Any
    for event in yaml.parse(text, Loader=_LOADER):
        kind = type(event)
        values += kind is yaml.ScalarEvent
        documents += kind is yaml.DocumentStartEvent
        depth += _STEPS.get(kind, 0)
        if kind in _TAGGED and event.tag is not None:
            unsafe.append(_unsafe(name, event.start_mark, f"the tag {event.tag[:60]!r} is not allowed in a policy"))
        if documents > 1:
            unsafe.append(_unsafe(name, event.start_mark, "a second document (---) in one file; use one file each"))
            break
        if values > MAX_VALUES:
            raise _RefusedError(_unsafe(name, event.start_mark, f"more than {MAX_VALUES} values in one file"))
        if depth > MAX_DEPTH:
            raise _RefusedError(_unsafe(name, event.start_mark, f"nested deeper than {MAX_DEPTH} levels"))
    return tuple(unsafe)


def _unsafe(name: str, mark: Any, message: str) -> LoadProblem:
    return LoadProblem("E103", _location(name, mark), message)


def _location(name: str, mark: Any) -> Location:
    return Location(name, mark.line + 1, mark.column + 1)


def _not_yaml(name: str, text: str, error: yaml.YAMLError) -> LoadProblem:
    mark = getattr(error, "problem_mark", None)
    lines = text.splitlines()
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    indentation = line[: len(line) - len(line.lstrip())]
    if mark is not None and "\t" in indentation:
        where = Location(name, mark.line + 1, indentation.index("\t") + 1)
        return LoadProblem("E102", where, "this is not YAML: a tab stands in the indentation; write blanks")
    why = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    return LoadProblem("E102", _location(name, mark) if mark else Location(name), f"this is not YAML: {why}")


class _Builder:
    """Turns nodes into plain data, and notes places and problems on the way."""

    def __init__(self, name: str, unsafe: tuple[LoadProblem, ...], *, booleans: bool) -> None:
        self.name = name
        self._tagged = {problem.location for problem in unsafe}
        self._booleans = booleans
        self.values: dict[KeyPath, Location] = {}
        self.keys: dict[KeyPath, Location] = {}
        self.refused: set[KeyPath] = set()
        self.problems: list[LoadProblem] = [*unsafe]
        self._seen: set[int] = set()
        self._repeats = 0

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        mark = node.start_mark
        if id(node) in self._seen:
            self._repeats += 1
        self._seen.add(id(node))
        if self._repeats > MAX_REPEATS or len(path) > MAX_DEPTH:
            raise _RefusedError(_unsafe(self.name, mark, "aliases unfold to too many values"))
        self.values[path] = Location(self.name, mark.line + 1, mark.column + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            where = _location(self.name, key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(LoadProblem("E105", where, "a key must be a word, not a list or a mapping"))
                continue
            key = key_node.value
            if key_node.tag.endswith(":merge"):
                self.problems.append(LoadProblem("E105", where, "merge keys (`<<`) are not read; write the keys out"))
                continue
            inside = (*path, key)
            if key in built:
                first = self.keys[inside].line
                self.problems.append(
                    LoadProblem("E104", where, f"key {key[:60]!r} stands twice, first on line {first}")
                )
                continue
            self.keys[inside] = where
            built[key] = self.value(value_node, inside)
        return built

    def _scalar(self, node: Any, path: KeyPath) -> Any:
        kind, text = node.tag.rpartition(":")[2], node.value
        if self.values[path] in self._tagged:
            self.refused.add(path)
            return None
        if kind == "int" and _DECIMAL.fullmatch(text):
            return int(text)
        if kind == "timestamp" and _DAY.fullmatch(text):
            return PlainDate(text)
        if kind == "bool" and self._booleans and text in ("true", "false"):
            return text == "true"
        surprise = _surprise(node, kind)
        if surprise is None:
            return text
        self.refused.add(path)
        self.problems.append(LoadProblem("E105", self.values[path], surprise))
        return None


def _is_text(node: Any) -> bool:
    """Whether no reader of YAML takes a text for a number."""
    return bool(node.style) or not NUMBER_IN_1_2.fullmatch(node.value)


def _surprise(node: Any, kind: str) -> str | None:
    """What an unquoted value is read as, where that is not what it looks like."""
    return None if kind == "str" and _is_text(node) else _what_is_read(node, kind)


def _what_is_read(node: Any, kind: str) -> str | None:
    text: str = node.value
    shown = repr(text if len(text) <= 40 else text[:40] + "...")
    if kind == "null":
        return "nothing is written here (read as null)" if not text else f"{shown} is read as nothing (null)"
    if kind == "bool":
        meant = str(yaml.SafeLoader.bool_values[text.lower()]).lower()
        return f"{shown} is read as the truth value {meant}; write it in quotes if a text is meant"
    if kind in ("int", "float"):
        return f"{shown} is read as {_number(node, kind)}; {_ADVICE}"
    if kind == "timestamp":
        return f"{shown} is read as a moment; a day is written YYYY-MM-DD"
    if not _is_text(node):
        return f"{shown} is read as a number by some YAML readers; {_ADVICE}"
    return None


def _number(node: Any, kind: str) -> str:
    if len(node.value) > 40:
        return "a very long number"
    try:
        constructor = yaml.constructor.SafeConstructor()
        if kind == "float":
            return f"the fraction {constructor.construct_yaml_float(node)}"
        base = next((f" ({name})" for shape, name in _BASES if shape.fullmatch(node.value)), "")
        return f"the number {constructor.construct_yaml_int(node)}{base}"
    except (ValueError, OverflowError):
        return "a number"
