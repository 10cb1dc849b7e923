"""What a worker of pytest-xdist tells of each test: how it ended, and no more where nobody asks for more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


def quieten(config: pytest.Config) -> None:
    """Six messages of each test become two, which is most of what two workers cost more than none.

    Whatever did not pass is told whole. Nothing changes without workers, or where the times or texts of what passed are
    asked for (-v, -rP, -rA, --durations, --junitxml).
    """
    option = config.option
    if option.verbose > 0 or option.durations or option.xmlpath or {"P", "A"} & set(option.reportchars):
        return
    for worker in _workers(config):
        worker.sendevent = _short(worker.sendevent)


def _workers(config: pytest.Config) -> Iterator:
    """The part of xdist in a worker that talks to the controller."""
    return (plugin for plugin in config.pluginmanager.get_plugins() if type(plugin).__name__ == "WorkerInteractor")


def _short(send):
    def told(name, **said):
        if name in ("logstart", "logfinish"):
            return
        report = said["data"] if name == "testreport" else {}
        if report.get("outcome") != "passed":
            send(name, **said)
        elif report["when"] == "call":
            send(name, data=report | {"keywords": {}, "sections": []})

    return told
