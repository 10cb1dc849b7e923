"""Standard output and error that survive what a shell does to them: closed, full, deserted, of a small alphabet.

Whatever becomes of the output, the exit code stays that of the run: a report that nobody could read was still made.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from io import TextIOBase, TextIOWrapper
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Survivor(TextIOBase):
    """A text stream that takes everything: after the first failure the rest is dropped, and `trouble` says why.

    A character that the encoding lacks becomes `?`. `stream` is None where the process was started with it closed.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream
        self.trouble = "it is closed" if stream is None else ""
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The stream's own, for whoever asks what it can hold."""
        return getattr(self.stream, "encoding", None) or "utf-8"

    def writable(self) -> bool:
        """It always is."""
        return True

    def isatty(self) -> bool:
        """Whether a person looks at the stream."""
        return self.stream is not None and self.stream.isatty()

    def fileno(self) -> int:
        """The stream's descriptor. Raises OSError where it has none."""
        if self.stream is None:
            raise OSError("the stream is closed")
        return self.stream.fileno()

    def write(self, text: str) -> int:
        """Pass the text on, or drop it."""
        self._attempt(lambda stream: stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Pass on what waits."""
        self._attempt(lambda stream: stream.flush())

    def _attempt(self, do: Callable[[TextIO], object]) -> None:
        if self.stream is None or self.trouble:
            return
        try:
            do(self.stream)
        except BrokenPipeError:
            self._give_up("its reader is gone")
        except (OSError, ValueError) as error:
            self._give_up(getattr(error, "strerror", None) or "it is closed")

    def _give_up(self, trouble: str) -> None:
        """Let what still waits in buffers go nowhere: Python would try again at its end, and fail with another code."""
        self.trouble = trouble
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


@contextmanager
def surviving_streams() -> Iterator[None]:
    """Standard output and error as streams that survive everything; what was lost of the output is said in one line."""
    before = sys.stdout, sys.stderr
    out, err = Survivor(before[0]), Survivor(before[1])
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        out.flush()
        if out.trouble:
            err.write(f"warning: standard output could not be written: {out.trouble}\n")
        err.flush()
        sys.stdout, sys.stderr = before
