"""What a door brings along: the lookup of settings, time, connections, and what a warm function keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from handler.clock import SystemClock
from handler.hss.iam import TokenCache
from handler.hss.pacing import Pacer
from handler.run.policy_source import PolicyCache
from handler.transport import HttpTransport, host_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from handler.clock import Clock
    from handler.hss.iam import Login, PasswordAuth
    from handler.hss.walk import Progress
    from handler.transport import Transport


@dataclass
class Warm:
    """What invocations of one process share: connections, tokens, fetched policies, the pace of the API."""

    api: Transport = field(default_factory=HttpTransport)
    web: Transport = field(default_factory=lambda: HttpTransport(named=host_of, max_bytes=1024 * 1024))
    tokens: TokenCache = field(default_factory=TokenCache)
    policies: PolicyCache = field(default_factory=PolicyCache)
    pacers: dict[int, Pacer] = field(default_factory=dict)

    def pacer(self, calls_per_minute: int, clock: Clock) -> Pacer:
        """The pacer of that pace; the limit holds over invocations, since the source address is the same."""
        return self.pacers.setdefault(calls_per_minute, Pacer(clock, calls_per_minute))


@dataclass(frozen=True)
class AgencyKeys:
    """The three functions of the context that give the agency's temporary keys."""

    access_key: Callable[[], object]
    secret_key: Callable[[], object]
    security_token: Callable[[], object]


@dataclass(frozen=True)
class Surroundings:
    """Everything outside that a run may touch. `root`: where relative paths begin."""

    lookup: Callable[[str], str | None]
    root: Path
    clock: Clock = field(default_factory=SystemClock)
    warm: Warm = field(default_factory=Warm)
    random: Random = field(default_factory=Random, repr=False)
    in_function: bool = False
    own_project: str = ""
    agency: AgencyKeys | None = None
    on_progress: Callable[[str, Progress], None] | None = None  # target name, how far
    logins: dict[Login, PasswordAuth] = field(default_factory=dict)  # one each: a refused password is not tried again
    refusals: dict[str, int] = field(default_factory=dict)  # how often each access key was refused in this run
