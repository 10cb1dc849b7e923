"""What a run is given: what its process keeps warm, and what the door brings that started it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from handler.clock import SystemClock
from handler.hss.iam import TokenCache
from handler.hss.pacing import Pacer
from handler.named_tuple import NamedTuple
from handler.run.policy_source import PolicyCache
from handler.settings.targets_cache import TargetsCache
from handler.transport.http import HttpTransport
from handler.transport.request import host_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from handler.clock import Clock
    from handler.hss.walk import Progress
    from handler.transport.request import Transport


class Warm:
    """What the runs of one process share: connections, tokens, fetched policies, the targets, the pace of the API."""

    def __init__(
        self, api: Transport | None = None, web: Transport | None = None, random: Random | None = None
    ) -> None:
        self.api: Transport = api or HttpTransport()
        self.web: Transport = web or HttpTransport(named=host_of, max_bytes=1024 * 1024)
        self.random = random or Random()  # noqa: S311 - spreads retries
        self.tokens = TokenCache()
        self.policies = PolicyCache()
        self.targets = TargetsCache()
        self._pacers: dict[int, Pacer] = {}

    def pacer(self, calls_per_minute: int, clock: Clock) -> Pacer:
        """The pacer of that pace; the limit holds over runs, since the source address is the same."""
        return self._pacers.setdefault(calls_per_minute, Pacer(clock, calls_per_minute))


class AgencyKeys(NamedTuple):
    """The three functions of the platform that give the agency's temporary keys."""

    access_key: Callable[[], object]
    secret_key: Callable[[], object]
    security_token: Callable[[], object]


class FunctionIdentity(NamedTuple):
    """Who a function of the platform is: the project it belongs to, and the agency that it may act as."""

    project_id: str
    agency: AgencyKeys | None = None


class Context(NamedTuple):
    """What the door brings. Settings are found with `lookup`; relative paths begin at `root`.

    `function` is None on a terminal. `on_progress` hears of a target's name and how far it is.
    """

    lookup: Callable[[str], str | None]
    root: Path
    warm: Warm
    clock: Clock = SystemClock()
    function: FunctionIdentity | None = None
    on_progress: Callable[[str, Progress], None] | None = None

    @property
    def in_function(self) -> bool:
        """Whether a function of the platform runs, not a command."""
        return self.function is not None
