"""What came of telling one sink."""

from __future__ import annotations

from handler.named_tuple import NamedTuple


class Delivery(NamedTuple):
    """The outcome of one telling.

    `status`: `delivered`, `accepted` (the target does not say more), `owed` (tried, will be tried again next run),
    `failed` (refused for good), `quiet` (nothing to say), `dry_run`.
    """

    sink: str
    kind: str
    status: str
    reason: str = ""

    @property
    def taken(self) -> bool:
        """Whether the target has it, as far as it says."""
        return self.status in ("delivered", "accepted")

    @property
    def missed(self) -> bool:
        """Whether there was something to say and the target does not have it."""
        return self.status in ("owed", "failed")
