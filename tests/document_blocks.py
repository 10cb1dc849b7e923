"""Runs the ```console blocks of a document and compares what they print.

A block holds commands (`$ port-compliance ...`) and their output, stdout before stderr; `[...]` on a line of its own
stands for any lines; `$ echo $?` prints the last exit code. Run this module with a document's name to write the
output anew: `python -m tests.document_blocks docs/policy.md`.
"""

from __future__ import annotations

import io
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from handler.cli import main

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY_LINES = "[...]"


@dataclass(frozen=True)
class Block:
    """One block: the line of the document where it starts, and (command, expected output) in order."""

    line: int
    steps: tuple[tuple[str, str], ...]


def blocks(text: str) -> Iterator[Block]:
    for found in BLOCK.finditer(text):
        yield Block(text.count("\n", 0, found.start()) + 1, tuple(_steps(found[1])))


def _steps(body: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, output = part.replace("\\\n", "\0").partition("\n")
        yield command.replace("\0", "\\\n"), output.replace("\0", "\\\n")


def run_block(block: Block, run: Callable[[list[str]], int] = main) -> list[tuple[str, str, str]]:
    """(command, expected, got) of each command, in order."""
    code = 0
    results = []
    for command, expected in block.steps:
        if command == "echo $?":
            got = f"{code}\n"
        else:
            code, got = _run(command, run)
        results.append((command, expected, got))
    return results


def _run(command: str, run: Callable[[list[str]], int]) -> tuple[int, str]:
    program, *arguments = shlex.split(command.replace("\\\n", " "))
    assert program == "port-compliance", f"{program} is not run from documents"
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(arguments)
    return code, out.getvalue() + err.getvalue()


def same(expected: str, got: str) -> bool:
    """Whether the output is the expected one, where `[...]` stands for any lines."""
    pattern = "".join(r"(?s:.*)" if line == ANY_LINES else re.escape(line) + "\n" for line in expected.splitlines())
    return re.fullmatch(pattern, got) is not None


def rewritten(text: str, run: Callable[[list[str]], int] = main) -> str:
    """The document with the real output in every block; what `[...]` stands for stays out where the rest agrees."""

    def anew(found: re.Match[str]) -> str:
        results = run_block(Block(0, tuple(_steps(found[1]))), run)
        parts = [f"$ {command}\n{want if same(want, got) else got}" for command, want, got in results]
        return f"```console\n{''.join(parts)}```"

    return BLOCK.sub(anew, text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(rewritten(Path(name).read_text(encoding="utf-8")), encoding="utf-8")
