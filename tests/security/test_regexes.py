"""No regular expression of ours goes wild on long input: the time may grow with the square of it, never faster."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from pathlib import Path

import pytest

import handler

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
FLOOR = 0.004  # seconds; below it a ratio says nothing


def patterns():
    for module in pkgutil.walk_packages(handler.__path__, "handler."):
        if module.name.endswith("__main__"):
            continue
        for name, value in sorted(vars(importlib.import_module(module.name)).items()):
            for number, one in enumerate(value if isinstance(value, tuple) else (value,)):
                found = one[0] if isinstance(one, tuple) and one else one
                if isinstance(found, re.Pattern):
                    yield pytest.param(found, id=f"{module.name}.{name}.{number}")
        for number, text in enumerate(texts(importlib.import_module(module.name))):
            yield pytest.param(re.compile(text), id=f"{module.name}.text.{number}")


def texts(module):
    """The patterns that are compiled only where they are used: what functions of `re` are called with."""
    source = Path(module.__file__).read_text(encoding="utf-8")
    if not any(f"re.{use}" in source for use in USES):  # most have none, and need not be parsed
        return
    for call in ast.walk(ast.parse(source)):
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


@pytest.mark.parametrize("pattern", list(patterns()))
def test_time_grows_at_most_with_the_square_of_the_input(pattern):
    for piece in PIECES:
        for tail in TAILS:
            short, long = piece * SHORT + tail, piece * LONG + tail
            if seconds(pattern, long) < FLOOR * 16 * 4:
                continue  # whatever the short one takes
            at_short, at_long = (min(seconds(pattern, text) for _ in range(2)) for text in (short, long))
            assert at_long < max(at_short, FLOOR) * 16 * 4, f"{pattern.pattern!r} on {piece!r} repeated"


def test_a_wild_pattern_is_noticed():
    wild = re.compile(r"(a|aa)+$")
    short, long = (seconds(wild, "a" * size + "!") for size in (14, 28))
    assert long > max(short, 0.00001) * 16
