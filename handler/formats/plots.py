"""The history as small SVG plots, drawn by pygal and stripped of its scripts and styles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class RunSummary(Protocol):
    """What is kept of a run for its history."""

    @property
    def time(self) -> str:
        """When it ended, ISO 8601."""
        ...

    @property
    def verdict(self) -> str:
        """`inconclusive`, `violations` or `compliant`."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """Findings by severity."""
        ...
