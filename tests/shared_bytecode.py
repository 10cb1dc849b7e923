"""What each worker of pytest-xdist imports first: of a fresh clone each test module is compiled by one of them, not by all."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

TESTS = Path(__file__).parent


def begin_elsewhere(config: pytest.Config) -> None:
    """Import the test modules from this worker's share of them on; what comes before it, other workers compile meanwhile.

    All workers collect in the same order, so they would otherwise rewrite the assertions of every module at the same
    moment. Whatever cannot be imported is told when it is collected.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None or config.args != config.getini("testpaths"):
        return
    modules = sorted(path.relative_to(TESTS.parent) for path in TESTS.rglob("test_*.py"))
    number, count = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    for path in from_share(modules, number, count):
        with suppress(Exception, pytest.skip.Exception):
            import_module(".".join(path.with_suffix("").parts))


def from_share(modules: Sequence[Path], number: int, count: int) -> Sequence[Path]:
    """The modules from the worker's share on; none for the first worker, who begins with them anyway."""
    return modules[number * len(modules) // count :] if number else ()
