"""Every command that a document, a help text or a hint shows."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from handler.cli import COMMANDS, build_parser

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md",
    "SECURITY.md",
    "docs/*.md",
    "deploy/**/*.md",
    "deploy/**/*.tf",
    "serverless.yml",
    "docs/ci/*.yml",
    "action.yml",
)
PROGRAM = r"(?:port-compliance|make|python[0-9.]*|pipx?|uv|serverless|terraform|sh|docker|kubectl|(?:\S*/)?\S+\.sh|\S+/bin/\S+)"
COMMAND = re.compile(rf"(?:[A-Z][A-Z_]*=\S+ +)*{PROGRAM} \S.*")
INLINE = re.compile(r"`([^`\n]+)`")


class Shown(NamedTuple):
    """A command as it stands in a document."""

    where: str
    text: str
    whole: bool = True  # False where a sentence speaks of it: the words must exist, the files need not


def documented() -> Iterator[Shown]:
    """All commands of all documents: in lines of code and between backticks."""
    for pattern in DOCUMENTS:
        for path in sorted(ROOT.glob(pattern)):
            name = str(path.relative_to(ROOT))
            text = path.read_text(encoding="utf-8")
            lines = _lines_of_code(text) if path.suffix == ".md" else _comments(text)
            yield from (Shown(name, each) for line in lines for each in _commands(line))
            yield from (Shown(name, found, whole=False) for found in INLINE.findall(text) if COMMAND.fullmatch(found))


def helped() -> Iterator[Shown]:
    """The example of every command's --help."""
    for parser in parsers().values():
        for example in re.findall(r"Example: (.+)", parser.epilog or ""):
            yield Shown(f"{parser.prog} --help", example)


def hinted() -> Iterator[Shown]:
    """What errors and warnings advise to run."""
    for path in sorted((ROOT / "handler").rglob("*.py")):
        for found in INLINE.findall(path.read_text(encoding="utf-8")):
            if found.startswith("port-compliance "):
                yield Shown(str(path.relative_to(ROOT)), re.sub(r"\{[^}]*\}", "X", found), whole=False)


@cache
def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command and subcommand, by its words; each knows its arguments only when it is called."""
    calls = [[]]
    for name, command in COMMANDS.items():
        calls += [[name], *([name, action] for action in getattr(command, "commands", ()))]
    found = {parser.prog: parser for parser in map(_called, calls)}
    assert len(found) == len(calls) > len(COMMANDS)
    return found


def _called(words: list[str]) -> argparse.ArgumentParser:
    """The parser that these words lead to."""
    parser = build_parser(words)
    for word in words:
        (choices,) = (action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))
        parser = choices[word]
    return parser


def unknown_words(command: str) -> list[str]:
    """What of a `port-compliance` command does not exist: a subcommand, an option."""
    known, words = parsers(), command.split()
    words = words[words.index("port-compliance") :]
    prog = max((prog for prog in known if words[: len(prog.split())] == prog.split()), key=len)
    options = {option for action in known[prog]._actions for option in action.option_strings}
    takes_subcommand = any(isinstance(action, argparse._SubParsersAction) for action in known[prog]._actions)
    rest = words[len(prog.split()) :]
    wrong = [word for word in rest if word.startswith("-") and len(word) > 1 and word.partition("=")[0] not in options]
    named = rest[:1] if takes_subcommand and rest and not rest[0].startswith("-") and not rest[0].isupper() else []
    return wrong + named


def _lines_of_code(text: str) -> list[str]:
    """Indented and fenced lines, continued ones joined."""
    fenced = re.findall(r"^```(?:console|sh|bash)?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^(?: {4}.+\n)+", text, re.MULTILINE)
    return re.sub(r"\\\n\s*", "", "\n".join([*fenced, *indented])).splitlines()


def _comments(text: str) -> list[str]:
    return [line.lstrip()[1:] for line in text.splitlines() if line.lstrip().startswith("#")]


def _commands(line: str) -> Iterator[str]:
    for part in re.split(r" && |; ", re.sub(r"\s+# .*", "", line.strip().removeprefix("$ "))):
        if COMMAND.fullmatch(part):
            yield part
