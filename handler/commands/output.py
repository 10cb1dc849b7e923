"""Where a command's result goes: standard output, or what `--output` names, be it a file, a pipe or a device."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from handler.errors import UsageError

STANDARD_OUTPUT = "-"
_OWN_STREAM = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
_OPEN_ALREADY = ("/dev/", "/proc/")  # names of what is open; never replaced by a new file


def may_write(output: str | None) -> None:
    """Refuse an output that cannot be written before anything is asked or told. Raises UsageError."""
    if output is None or output == STANDARD_OUTPUT or output in _OWN_STREAM:
        return
    if not output or "\0" in output:
        raise _refused(output, "not a file name")
    try:
        obstacle = _obstacle(output, Path(output))
    except OSError as error:  # a closed folder, a name too long
        obstacle = error.strerror or type(error).__name__
    if obstacle:
        raise _refused(output, obstacle)


def _obstacle(output: str, path: Path) -> str:
    """Why a file cannot be written, else an empty text. Raises OSError."""
    if path.is_dir():
        return "Is a directory"
    if output.endswith("/"):
        return "a name that ends in / is a folder's"
    place = path if path.exists() else path.parent
    return "" if os.access(place, os.W_OK) else "there is no such folder, or it is not writable"


def write_result(text: str, output: str | None) -> None:
    """The result to standard output (None or `-`) or to what `output` names. Raises UsageError.

    A regular file is replaced whole or not at all, and keeps its mode, owner and the links that lead to it; a device,
    a pipe or a mounted file is written through.
    """
    text = text if text.endswith("\n") or not text else text + "\n"
    if output is None or output == STANDARD_OUTPUT or output in _OWN_STREAM:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        if replaceable(output):
            _replace(Path(os.path.realpath(output)), text.encode())
        else:
            _write_through(output, text.encode())
    except BrokenPipeError:
        raise _refused(output, "its reader is gone") from None
    except (OSError, ValueError) as error:
        raise _refused(output, getattr(error, "strerror", None) or "not a file name") from None


def replaceable(output: str) -> bool:
    """Whether a name is (or will be) a regular file that another may take the place of."""
    if output.startswith(_OPEN_ALREADY) or output.endswith("/"):
        return False
    return Path(output).is_file() or not Path(output).exists()


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file and rename; where that cannot be (a mounted file, another's folder), write into it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        if path.exists():
            _take_over(path, partial)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        if not path.exists():
            raise
        _write_through(str(path), content)


def _take_over(path: Path, partial: Path) -> None:
    """Give the new file the owner and mode of the old one. Raises OSError where we may not."""
    old, new = path.stat(), partial.stat()
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.chown(partial, old.st_uid, old.st_gid)
    partial.chmod(stat.S_IMODE(old.st_mode))


def _write_through(output: str, content: bytes) -> None:
    with open(output, "wb", buffering=0) as file:  # noqa: PTH123 - a name such as /dev/fd/63 is no path to resolve
        left = memoryview(content)
        while left:
            left = left[file.write(left) :]


def _refused(output: str, why: str) -> UsageError:
    return UsageError(
        f"{output}: cannot be written: {why}", hint="Give a file in a folder that exists and may be written, or `-`."
    )


def wants_color() -> bool:
    """Whether standard output is a terminal that may show colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
