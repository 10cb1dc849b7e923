"""Compiles the policies of a folder, where the function's zip is built."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from handler.errors import PolicyError
from handler.policy.compiled import COMPILED_SUFFIX, compile_policy
from handler.policy.load import load_texts

if TYPE_CHECKING:
    from pathlib import Path


def compile_policies(folder: Path) -> dict[str, bytes]:
    """The compiled form of every policy file below a folder, by its path relative to it (`x.yaml.compiled.json`).

    Other YAML files, and policies with problems (a run tells them), are left alone.
    """
    compiled: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).as_posix()
        text = path.read_bytes()
        with suppress(PolicyError):
            compiled[name + COMPILED_SUFFIX] = compile_policy(load_texts([(name, text)]), text)
    return compiled
