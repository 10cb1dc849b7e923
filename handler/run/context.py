"""What a door brings along: the lookup of settings, time, connections, and what a warm function keeps."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

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


class Warm:
    """What invocations of one process share: connections, tokens, fetched policies, the pace of the API."""

    def __init__(self, api: Transport | None = None, web: Transport | None = None) -> None:
        self.api: Transport = api or HttpTransport()
        self.web: Transport = web or HttpTransport(named=host_of, max_bytes=1024 * 1024)
        self.tokens = TokenCache()
        self.policies = PolicyCache()
        self._pacers: dict[int, Pacer] = {}

    def pacer(self, calls_per_minute: int, clock: Clock) -> Pacer:
        """The pacer of that pace; the limit holds over invocations, since the source address is the same."""
        return self._pacers.setdefault(calls_per_minute, Pacer(clock, calls_per_minute))


class AgencyKeys(NamedTuple):
    """The three functions of the context that give the agency's temporary keys."""

    access_key: Callable[[], object]
    secret_key: Callable[[], object]
    security_token: Callable[[], object]


class Surroundings:
    """Everything outside that a run may touch. `root`: where relative paths begin."""

    def __init__(  # noqa: PLR0913 - each is one thing of the world
        self,
        lookup: Callable[[str], str | None],
        root: Path,
        clock: Clock | None = None,
        warm: Warm | None = None,
        random: Random | None = None,
        *,
        in_function: bool = False,
        own_project: str = "",
        agency: AgencyKeys | None = None,
        on_progress: Callable[[str, Progress], None] | None = None,  # target name, how far
    ) -> None:
        self.lookup, self.root = lookup, root
        self.clock: Clock = clock or SystemClock()
        self.warm = warm or Warm()
        self.random = random or Random()  # noqa: S311 - spreads retries
        self.in_function, self.own_project, self.agency = in_function, own_project, agency
        self.on_progress = on_progress
        self.logins: dict[Login, PasswordAuth] = {}  # one each: a refused password is not tried again
        self.refusals: dict[str, int] = {}  # how often each access key was refused in this run
