"""Log lines: JSON in the function, text on a terminal; control characters never reach them."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, TextIO

from handler.foreign_text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

LOGGER = logging.getLogger("port_compliance")
_FIELDS = ("run_id", "target", "request_id", "category", "sink")


class _JsonLines(logging.Formatter):
    def __init__(self, constant: Mapping[str, str]) -> None:
        super().__init__()
        self._constant = dict(constant)

    def format(self, record: logging.LogRecord) -> str:
        known = {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **self._constant,
            **known,
        }
        return json.dumps(line)


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: " + visible(record.getMessage(), unseen=" ")


def set_up(level: str, form: str, stream: TextIO | None = None, **constant: str) -> None:
    """Send this program's log to a stream (standard error if none), once, whatever came before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_JsonLines(constant) if form == "json" else _TextLines())
    for old in list(LOGGER.handlers):
        LOGGER.removeHandler(old)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(level.upper())
    LOGGER.propagate = False
