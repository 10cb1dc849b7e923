"""Policy files as they stand in a git revision: `git:REV:PATH`, read from the object store, never checked out."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from handler.errors import UsageError
from handler.foreign_text import UNSEEN, one_line, visible
from handler.named_tuple import NamedTuple
from handler.policy.folder import is_policy_file, sorted_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PREFIX = "git:"
_REVISION = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_./@{}^~+-]{0,199}")
_SECONDS = 30
_HINT = "Written as git:REVISION:PATH, the path seen from the top of the repository, as in git:main:policies."


class _Entry(NamedTuple):
    mode: str
    kind: str
    digest: str
    path: str


def git_texts(reference: str, folder: Path) -> list[tuple[str, bytes]]:
    """The policy files that `git:REV:PATH` names, as (name, content); `folder` lies in the repository.

    A folder gives its `*.yaml` and `*.yml`, without sub-folders and tests. Raises UsageError, also where git refuses.
    """
    revision, path = _parts(reference)
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise UsageError(f"{reference}: there is no revision {revision!r} in this repository", hint=_HINT)
    digests = dict(_files(folder, commit.decode().strip(), path, reference))
    if not digests:
        raise UsageError(f"{reference}: this folder has no policy file (*.yaml, *.yml) in that revision", hint=_HINT)
    return [(f"{PREFIX}{revision}:{name}", _blob(folder, digest, reference)) for name, digest in digests.items()]


def _parts(reference: str) -> tuple[str, str]:
    """Revision and path, both of harmless shape: no option, no step out of the repository."""
    revision, colon, path = reference.removeprefix(PREFIX).partition(":")
    if not colon or not _REVISION.fullmatch(revision) or ".." in revision:
        raise UsageError(f"{reference!r} names no revision", hint=_HINT)
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path or "\\" in path:
        raise UsageError(f"{reference!r}: the path must stay inside the repository", hint=_HINT)
    return revision, "" if str(pure) == "." else str(pure)


def _files(folder: Path, commit: str, path: str, reference: str) -> Iterator[tuple[str, str]]:
    """Name and object of the file, or of each policy file in the folder."""
    if not path:
        yield from _in_tree(folder, commit, "")
        return
    found = [entry for entry in _listed(folder, commit, "--", path) if entry.path == path]
    if not found:
        raise UsageError(f"{reference}: no such file or folder in that revision", hint=_HINT)
    if found[0].kind == "tree":
        yield from _in_tree(folder, found[0].digest, f"{path}/")
    else:
        yield path, _regular(found[0], reference).digest


def _in_tree(folder: Path, tree: str, prefix: str) -> Iterator[tuple[str, str]]:
    blobs = {entry.path: entry for entry in _listed(folder, tree) if entry.kind == "blob"}
    links = {name for name, entry in blobs.items() if not entry.mode.startswith("100") and not is_policy_file(name)}
    listed = sorted_out(blobs.keys() - links, lambda name: _blob(folder, blobs[name].digest, prefix + name))
    if listed.strays:
        told = (visible(f"{prefix}{name}: {why}", unseen=UNSEEN) for name, why in listed.strays)
        raise UsageError("\n".join(told), hint=_HINT)
    for name in listed.policies:
        yield prefix + name, _regular(blobs[name], prefix + name).digest


def _regular(entry: _Entry, name: str) -> _Entry:
    if entry.kind != "blob" or not entry.mode.startswith("100"):
        shown = visible(name, unseen=UNSEEN)
        raise UsageError(f"{shown}: neither a file nor a folder (symbolic links and submodules are not followed)")
    return entry


def _listed(folder: Path, tree: str, *paths: str) -> list[_Entry]:
    output = _git(folder, "ls-tree", "-z", "--full-tree", tree, *paths) or b""
    entries = []
    for line in output.decode("utf-8", "replace").split("\0"):
        facts, tab, path = line.partition("\t")
        if tab:
            mode, kind, digest = facts.split()
            entries.append(_Entry(mode, kind, digest, path))
    return entries


def _blob(folder: Path, digest: str, reference: str) -> bytes:
    content = _git(folder, "cat-file", "blob", digest)
    if content is None:
        raise UsageError(f"{reference}: git cannot read object {digest[:12]} (a shallow or partial clone?)")
    return content


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints, or None where it has nothing to say against it. Raises UsageError with what git said.

    The list of arguments is fixed but for checked values.
    """
    english = {**os.environ, "LC_ALL": "C"}
    command = ["git", "--literal-pathspecs", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False, env=english)  # noqa: S603
    except FileNotFoundError:
        raise UsageError("git is not installed, so git:REV:PATH cannot be read") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git did not answer within {_SECONDS} s") from None
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
    if said:
        raise UsageError(f"git: {one_line(said.removeprefix('fatal: '), 300)}", hint=_hint(said))
    return None


def _hint(said: str) -> str:
    if "dubious ownership" in said:
        return (
            "The repository belongs to another user; git reads it after `git config --global --add safe.directory DIR`."
        )
    return _HINT
