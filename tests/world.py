"""The function in a test: a context with the documented methods only, the simulator as the cloud, an inbox as the web."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from handler.run.context import AgencyKeys, Context, FunctionIdentity, Warm
from handler.simulator.fleet import Fleet, Line
from handler.simulator.options import Options
from handler.simulator.simulator import Simulator
from handler.transport.request import Request, Response
from tests.fakes import FakeClock, FakeTransport, MovingClock

TIMER = {
    "version": "v1.0",
    "time": "2026-11-22T08:07:00+01:00",
    "trigger_type": "TIMER",
    "trigger_name": "hourly",
    "user_event": "",
}
OPEN = Fleet.of(Line(22, "TCP", 14), Line(23, "TCP", 3), Line(443, "TCP", 9))
CLEAN = Fleet.of(Line(22, "TCP", 14), Line(443, "TCP", 9))
CANARY = "canary-5e0b1e7c"
OK = Response(200, {}, b"ok")


class StrictContext:
    """What FunctionGraph documents for Python, and nothing else: any other attribute is an error."""

    def __init__(self, user_data=None, *, keys=("", "", ""), remaining=60_000):
        self._user_data = dict(user_data or {})
        self._keys = keys
        self._remaining = remaining

    def getUserData(self, key):  # no default, as documented
        return self._user_data.get(key)

    def getProjectID(self):
        return "0123456789abcdef0123456789abcdef"

    def getRequestID(self):
        return "request-1"

    def getRemainingTimeInMilliSeconds(self):
        if isinstance(self._remaining, Exception):
            raise self._remaining
        return self._remaining

    def getSecurityAccessKey(self):
        return self._keys[0]

    def getSecuritySecretKey(self):
        return self._keys[1]

    def getSecurityToken(self):
        return self._keys[2]


@dataclass
class World:
    """A cloud, a web and a clock; `context(...)` gives the context of one invocation."""

    fleet: Fleet = OPEN
    cloud: str = "otc"
    root: Path = field(default_factory=lambda: Path(__file__).parent.parent)
    answer: Response | Exception = OK
    clock: FakeClock = field(default_factory=MovingClock)
    throttle: int = 5

    def __post_init__(self):
        self.simulator = Simulator(self.fleet, Options(cloud=self.cloud, throttle=self.throttle), clock=self.clock)
        self.web = FakeTransport(self._answer)
        self.warm = Warm(api=self.simulator, web=self.web, random=random.Random(1))

    def _answer(self, request: Request) -> Response:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def settings(self, **changes):
        known = {
            "HSS_ENDPOINT": "https://hss.eu-de.otc.t-systems.com",
            "HSS_CLOUD": self.cloud,
            "HSS_PROJECT_ID": self.simulator.options.project_id,
            "HSS_AUTH_TOKEN": self.simulator.options.tokens[0],
        }
        return {key: value for key, value in (known | changes).items() if value is not None}

    def context(self, *, agency=None, in_function=True, **changes) -> Context:
        keys = AgencyKeys(*[lambda part=part: part for part in agency]) if agency else None
        function = FunctionIdentity(self.simulator.options.project_id, keys) if in_function else None
        return Context(self.settings(**changes).get, self.root, self.warm, self.clock, function)
