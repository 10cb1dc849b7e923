"""Which files of a folder are its policy, which are tests, and which only look like one of them.

A file that looks like a policy or a test and is not read would be a rule that nobody checks, so it is named.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from handler.named_tuple import NamedTuple
from handler.policy.compiled import COMPILED_SUFFIX
from handler.policy.yaml_positions import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_POLICY = re.compile(r"(?P<stem>.*)\.ya?ml", re.IGNORECASE | re.DOTALL)
_TEST = re.compile(r"(?P<stem>.*)\.test\.ya?ml", re.IGNORECASE | re.DOTALL)
_YAML_IN_NAME = re.compile(r"\.ya?ml", re.IGNORECASE)
_TEST_IN_NAME = re.compile(r"\.test\.ya?ml", re.IGNORECASE)
STRAY = "looks like YAML of a policy and is not read: name it *.yaml or *.yml, or move it out of the folder"


class FolderFiles(NamedTuple):
    """A folder's entries by what they are; `strays` are those that must be named, with the reason."""

    policies: tuple[str, ...]
    strays: tuple[tuple[str, str], ...] = ()


def is_test_file(name: str) -> bool:
    """Whether the name is that of a file of test cases: `*.test.yaml` or `*.test.yml`, in any case."""
    return _TEST.fullmatch(name) is not None


def is_policy_file(name: str) -> bool:
    """Whether a folder's file of that name is a part of its policy: `*.yaml` or `*.yml` in any case, and no test."""
    return _POLICY.fullmatch(name) is not None and not is_test_file(name)


def stem_of(name: str) -> str:
    """`baseline` of `baseline.test.yaml` and of `baseline.yml`; the name itself where it is neither."""
    found = _TEST.fullmatch(name) or _POLICY.fullmatch(name)
    return name if found is None else found["stem"]


def is_stray_test(name: str) -> bool:
    """Whether the name looks like that of a file of test cases that nobody runs: `a.test.yaml.bak`."""
    return _TEST_IN_NAME.search(name) is not None and not is_test_file(name)


def sorted_out(names: Iterable[str], content: Callable[[str], bytes]) -> FolderFiles:
    """The policy files among the names, in order, and what looks like one; `content` reads a file, or raises OSError.

    A file of another name is one of the policy's by its looks: `.yaml` stands inside its name, or a policy inside it.
    """
    ordered = sorted(names)
    policies = tuple(name for name in ordered if is_policy_file(name))
    ours = {*policies, *(name + COMPILED_SUFFIX for name in policies)}
    others = [name for name in ordered if name not in ours and not is_test_file(name)]
    found = [(name, why) for name in others if (why := _stray(name, content))]
    return FolderFiles(policies, tuple(found))


def list_folder(folder: Path, content: Callable[[Path], bytes]) -> FolderFiles:
    """The entries of a folder on disk, without sub-folders. Raises OSError where the folder cannot be listed."""
    entries = [path for path in folder.iterdir() if not path.is_dir()]
    odd = {path.name for path in entries if path.exists() and not path.is_file()}
    files = sorted_out((path.name for path in entries if path.name not in odd), lambda name: content(folder / name))
    pipes = tuple((name, "is no regular file") for name in sorted(odd) if _YAML_IN_NAME.search(name))
    return files._replace(strays=(*files.strays, *pipes))


def _stray(name: str, content: Callable[[str], bytes]) -> str:
    """Why a file that is not read must be named; empty where it need not."""
    if _YAML_IN_NAME.search(name):
        return STRAY
    try:
        return STRAY if _holds_policy(name, content(name)) else ""
    except (OSError, ValueError) as error:
        return (
            f"cannot be read ({getattr(error, 'strerror', None) or 'not a file name'}) and may be a part of the policy"
        )


def _holds_policy(name: str, content: bytes) -> bool:
    """Whether a text of any name is a policy or its tests: by the keys at its top. JSON is YAML, too."""
    data = read_yaml(PurePath(name).name, content).data
    keys = set(data) if isinstance(data, dict) else set()
    return bool(
        "disallowed_ports" in keys
        or ("version" in keys and keys & {"rules", "exemptions", "expect_rows"})
        or ("cases" in keys and keys & {"policy", "today"})
    )
