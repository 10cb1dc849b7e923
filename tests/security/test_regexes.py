"""No regular expression of ours goes wild on long input: the time may grow with the square of it, never faster."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import time
from functools import cache

import pytest

from tests.module_trees import HANDLER, MODULES, tree_of

SHORT, LONG = 100, 400
PIECES = (
    "a",
    "0",
    " ",
    "_",
    "-",
    "://",
    "?a=",
    "a=",
    "\\",
    "*",
    "(",
    "[",
    "|",
    "\t",
    "é",
    "0,",
    "a.",
    "a:",
    ".0",
    "1-2",
)
TAILS = ("", "!", "\x00", "\n")
USES = ("search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")  # of `re`
FROM_THE_BEGINNING = (".*", "(.*", "(?P<stem>.*", r"\s*")  # how what is only ever matched from there begins
IMPORTED = re.compile(r"^(?:import re$|from re import )", re.MULTILINE)
FLOOR = 0.004  # seconds; below it a ratio says nothing


def name_of(path):
    return ".".join(path.relative_to(HANDLER.parent).with_suffix("").parts)


USERS = [
    path for path in MODULES if IMPORTED.search(path.read_text(encoding="utf-8")) and path.stem != "__main__"
]  # found by their text: to import and parse them all is for the one worker that has these tests


@cache
def patterns(path):
    """The patterns of a module, by their names."""
    module, found = importlib.import_module(name_of(path)), {}
    for name, value in sorted(vars(module).items()):
        for number, one in enumerate(value if isinstance(value, tuple) else (value,)):
            pattern = one[0] if isinstance(one, tuple) and one else one
            if isinstance(pattern, re.Pattern):
                found[f"{name}.{number}"] = pattern
    return found | {f"text.{number}": re.compile(text) for number, text in enumerate(texts(module, tree_of(path)))}


def texts(module, tree):
    """The patterns that are compiled only where they are used: what functions of `re` are called with."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and call.args and _is_use(call.func):
            pattern = call.args[0]
            named = vars(module).get(pattern.id) if isinstance(pattern, ast.Name) else None
            text = pattern.value if isinstance(pattern, ast.Constant) else named
            if isinstance(text, (str, bytes)):
                yield text


def _is_use(func):
    return isinstance(func, ast.Attribute) and func.attr in USES and ast.unparse(func.value) == "re"


def seconds(pattern, text):
    subject = text.encode() if isinstance(pattern.pattern, bytes) else text
    began = time.process_time()
    pattern.fullmatch(subject)
    if not str(pattern.pattern).startswith(FROM_THE_BEGINNING):
        pattern.search(subject)
    return time.process_time() - began


@pytest.mark.parametrize("path", USERS, ids=name_of)
def test_time_grows_at_most_with_the_square_of_the_input(path):
    assert [f"{name}: {found}" for name, pattern in patterns(path).items() for found in slow_on(pattern)] == []


def slow_on(pattern):
    """On which texts the time of a pattern grows faster."""
    for piece in PIECES:
        for tail in TAILS:
            short, long = piece * SHORT + tail, piece * LONG + tail
            if seconds(pattern, long) < FLOOR * 16 * 4:
                continue  # whatever the short one takes
            at_short, at_long = (min(seconds(pattern, text) for _ in range(2)) for text in (short, long))
            if at_long >= max(at_short, FLOOR) * 16 * 4:
                yield f"{pattern.pattern!r} on {piece!r} repeated"


def test_every_pattern_that_any_module_has_is_asked():
    asked = {pattern for path in USERS for pattern in patterns(path).values()}
    loaded = [vars(module) for name, module in sorted(sys.modules.items()) if name.startswith("handler.")]
    values = [
        one for names in loaded for value in names.values() for one in (value if type(value) is tuple else [value])
    ]
    assert {one for one in values if isinstance(one, re.Pattern)} <= asked
    assert len(asked) > 100


def test_a_wild_pattern_is_noticed():
    wild = re.compile(r"(a|aa)+$")
    short, long = (seconds(wild, "a" * size + "!") for size in (14, 28))
    assert long > max(short, 0.00001) * 16
