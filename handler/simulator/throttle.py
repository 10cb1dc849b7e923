"""How often one may ask: five calls a minute per API and user, and five failed signatures before a key is locked.

Source: HSS API overview, "Constraints" (2024-03-27); OTC API Gateway user guide, error codes of IAM authentication.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

MINUTE = 60.0
FAILURES, LOCKED_SECONDS = 5, 300.0


@dataclass(slots=True)
class Throttle:
    """At most `limit` calls in any minute, per key; 0 lets everything through. A refused call is not counted."""

    limit: int
    _calls: defaultdict[tuple[str, str], deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def admit(self, api: str, user: str, at: float) -> bool:
        """Whether a call that starts at monotonic second `at` is let through."""
        if self.limit <= 0:
            return True
        calls = self._calls[api, user]
        while calls and at - calls[0] >= MINUTE:
            calls.popleft()
        if len(calls) >= self.limit:
            return False
        calls.append(at)
        return True


@dataclass(slots=True)
class Lockout:
    """After more than five failed signatures in a row an access key is refused for five minutes."""

    _failures: dict[str, int] = field(default_factory=dict)
    _until: dict[str, float] = field(default_factory=dict)

    def locked(self, access_key: str, at: float) -> bool:
        """Whether the key is locked at that monotonic second."""
        return at < self._until.get(access_key, float("-inf"))

    def failed(self, access_key: str, at: float) -> None:
        """Count a failure."""
        self._failures[access_key] = self._failures.get(access_key, 0) + 1
        if self._failures[access_key] > FAILURES:
            self._until[access_key], self._failures[access_key] = at + LOCKED_SECONDS, 0

    def passed(self, access_key: str) -> None:
        """A good signature ends the row of failures."""
        self._failures.pop(access_key, None)
