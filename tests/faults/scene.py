"""The world of a cell: a cloud of three pages, sinks that remember what they took, a state, secrets, and a fake clock."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import random
import re
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from urllib.parse import quote, urlsplit

from handler import index
from handler.errors import PortComplianceError, StoreDamagedError
from handler.run.context import Context, Warm
from handler.simulator.fleet import Fleet, Line
from handler.simulator.moving import ListOrder
from handler.simulator.options import ACCESS_KEY, Options
from handler.simulator.simulator import Simulator
from handler.state.document import decode
from handler.state.memory import LastRun
from handler.transport.request import Request, Response
from tests.fakes import MovingClock
from tests.faults.answers import Exchange, Fault
from tests.world import TIMER

EVERY_RUN = ("alertmanager",)  # kinds that are sent all that is open again on every run
BUDGET = 300.0  # seconds of the fake clock that a run has
HOUR = 3600.0
OPEN, CLOSED, OPENED = (
    (23, 445, 5900),
    3389,
    5432,
)  # findings that stay, one that goes and one that comes before the fault
SLACK_OK = Response(200, {}, b"ok")
POLICY = "version: 1\nrules:\n  - {id: only-ours, allowed_ports: [1000-1999]}\n"
BY_SERVER = POLICY.replace("}", ", listening: beyond-loopback}")  # who listens is asked before the verdict
EXACT = "version: 1\ndisallowed_ports: [5900]\n"  # one exact query instead of two more pages
YES = {
    "slack": SLACK_OK,
    "teams": Response(202),
    "mattermost": SLACK_OK,
    "rocketchat": Response(200, {}, b'{"success": true}'),
    "discord": Response(204),
    "googlechat": Response(200, {}, b'{"name": "spaces/A/messages/B"}'),
    "feishu": Response(200, {}, b'{"code": 0, "msg": "success"}'),
    "dingtalk": Response(200, {}, b'{"errcode": 0, "errmsg": "ok"}'),
    "wecom": Response(200, {}, b'{"errcode": 0, "errmsg": "ok"}'),
    "webex": Response(204),
    "telegram": Response(200, {}, b'{"ok": true, "result": {}}'),
    "pagerduty": Response(202, {}, b'{"status": "success", "message": "Event processed"}'),
    "splunk": Response(200, {}, b'{"text": "Success", "code": 0}'),
    "smn": Response(200, {}, b'{"message_id": "bf94", "request_id": "9974"}'),
}
CANARY = "5e0b1e7ccanary"


def secret(name: str) -> str:
    """A secret that can be told from all others, and by whose sight one knows which setting leaked."""
    return f"{CANARY}-{name}-{''.join(Random(name).choices('xyzXYZ0123456789', k=30))}"


SECRETS = {
    name: secret(name)
    for name in ("token", "password", "hook", "witness", "header", "routing", "redis", "sk", "sts", "apig")
} | {"signing": "whsec_" + base64.b64encode(secret("signing").encode()).decode()}

KEYS = {
    "HSS_AUTH_TOKEN": "",
    "HUAWEICLOUD_SDK_AK": ACCESS_KEY,
    "HUAWEICLOUD_SDK_SK": SECRETS["sk"],
    "HUAWEICLOUD_SDK_SECURITY_TOKEN": SECRETS["sts"],
}


@dataclass
class Receiver:
    """One sink's far end: what it took."""

    kind: str
    taken: list[bytes] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def take(self, request: Request) -> Response:
        self.taken.append(request.body or b"")
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.ids.append(headers.get("webhook-id", str(len(self.ids))))
        return YES.get(self.kind, Response(200, {}, b"ok"))


@dataclass
class Striking:
    """A fault that is there now: on which requests, and how often at most (None: on each)."""

    fault: Fault
    where: Callable[[Request], bool]
    left: int | None = None
    struck: int = 0

    def wants(self, request: Request) -> bool:
        return self.left != 0 and self.where(request)

    def strike(self, exchange: Exchange) -> Response:
        self.struck += 1
        self.left = None if self.left is None else self.left - 1
        return self.fault.strike(exchange)


RUN_LINE = re.compile(r": (compliant|violations|inconclusive); \d+ findings, ")


@dataclass
class Ran:
    """What one run gave: its report or what it raised, and what it printed."""

    report: dict | None
    raised: BaseException | None
    printed: str
    seconds: float

    @property
    def logged_verdicts(self) -> list[str]:
        lines = [json.loads(line) for line in self.printed.splitlines() if line.startswith("{")]
        said = [RUN_LINE.search(str(line["message"])) for line in lines]
        return [one[1] for one in said if one]


PAGES, ONE_PAGE = 450, 20  # rows


def fleet(rows: int = PAGES) -> Fleet:
    """450 rows, three pages, a finding on each: 23 on the first, 445 and 3389 in the middle, 5900 on the last.

    What is about telling and remembering only needs no more than one page.
    """
    lines = [Line(1000 + number, "TCP", 1, "normal") for number in range(rows - 4)]
    for place, port in ((10, 23), (210, CLOSED), (220, 445), (410, 5900)):
        lines.insert(place, Line(port, "TCP", 4, "danger"))
    return Fleet.of(*lines)


class Scene:
    """One world. `fault` is None while all goes well; every call of the run passes through `api` or `web`."""

    def __init__(
        self,
        folder: Path,
        *,
        cloud: str = "otc",
        order: ListOrder = "insertion",
        sort: str = "number",
        kinds: dict[str, str] | None = None,
        policy: str = POLICY,
        keys: bool = False,
        rows: int = PAGES,
    ) -> None:
        self.folder, self.clock = folder, MovingClock()
        options = Options(
            cloud=cloud,
            order=order,
            sort=sort,
            tokens=(SECRETS["token"],),
            password=SECRETS["password"],
            throttle=0,
            secret_keys={ACCESS_KEY: SECRETS["sk"]},
        )
        self.simulator = Simulator(fleet(rows), options, clock=self.clock)
        self.receivers = {
            name: Receiver(kind) for name, kind in (kinds or {"soc": "generic", "witness": "generic"}).items()
        }
        self.striking: Striking | None = None
        self.store: Callable[[Request], Response] = lambda _: Response(404)
        self.outputs: list[tuple[str, str]] = []
        self.state_bytes: Callable[[], bytes] = (folder / "state.json").read_bytes
        self.cold = False  # a new instance for each run: no cached token
        self.warm = self._warm()
        (folder / "policy.yaml").write_text(policy)
        (folder / "sinks.yaml").write_text(self._sinks())
        self.settings = {
            "HSS_ENDPOINT": "https://hss.eu-de.otc.t-systems.com",
            "HSS_CLOUD": cloud,
            "HSS_PROJECT_ID": options.project_id,
            "HSS_AUTH_TOKEN": SECRETS["token"],
            "HSS_CALLS_PER_MINUTE": "5",
            "POLICY_PATH": "policy.yaml",
            "NOTIFY_CONFIG": "sinks.yaml",
            "STATE_URL": f"file://{folder}/state.json",
            "APIG_TOKEN": SECRETS["apig"],
            "LOG_FORMAT": "json",
            "RUN_BUDGET_SECONDS": f"{BUDGET:.0f}",
            "SIGNING": SECRETS["signing"],
            "HEADER": SECRETS["header"],
            "ROUTING": SECRETS["routing"],
            **(KEYS if keys else {}),
            **{f"URL_{name.upper()}": f"https://{name}.sink.example/{SECRETS['hook']}" for name in self.receivers},
        }

    def _sinks(self) -> str:
        lines = ["sinks:"]
        for name, receiver in self.receivers.items():
            send = "always" if name == "witness" else "changes"
            hosts = "true" if receiver.kind == "generic" else "false"
            keys = f"name: {name}, kind: {receiver.kind}, url: '${{URL_{name.upper()}}}', send: {send}, hosts: {hosts}"
            secret_key = ", secret: '${SIGNING}'" if receiver.kind in ("generic", "feishu", "dingtalk") else ""
            more = ", headers: {X-Team: '${HEADER}'}" if receiver.kind in ("generic", "splunk") else ""
            more += ", chat_id: '1'" if receiver.kind == "telegram" else ""
            more += ", routing_key: '${ROUTING}', group: finding" if receiver.kind == "pagerduty" else ""
            more += f", topic_urn: 'urn:smn:eu-de:{'0' * 32}:ports'" if receiver.kind == "smn" else ""
            lines.append(f"  - {{{keys}{secret_key}{more}}}")
        return "\n".join(lines) + "\n"

    def _warm(self) -> Warm:
        return Warm(api=self._api, web=self._web)

    def _api(self, request: Request, timeout: float) -> Response:
        host = urlsplit(request.url).hostname or ""
        far = self.store if host.startswith("state.obs") else lambda one: self.simulator(one, timeout)
        return self._through(request, timeout, far)

    def _web(self, request: Request, timeout: float) -> Response:
        name = (urlsplit(request.url).hostname or "").partition(".")[0]
        self.outputs.append((f"body for {name}", (request.body or b"").decode(errors="replace")))
        return self._through(request, timeout, self.receivers[name].take)

    def _through(self, request: Request, timeout: float, far: Callable[[Request], Response]) -> Response:
        if self.striking is None or not self.striking.wants(request):
            return far(request)
        return self.striking.strike(Exchange(request, timeout, self.clock, lambda: far(request)))

    def context(self) -> Context:
        self.warm = self._warm() if self.cold else self.warm
        self.warm.random = random.Random(1)
        return Context(self.settings.get, self.folder, self.warm, self.clock)

    def change(self) -> None:
        """Before the fault: one port is closed, another opened in its place."""
        self.simulator.close_port(CLOSED)
        self.simulator.open_port(Line(OPENED, "TCP", 3, "danger"))

    def run(self, event: object = TIMER) -> Ran:
        """One run of the function, an hour after the one before; everything it gives away is kept."""
        self.clock.tick(HOUR)
        began, printed = self.clock.seconds, io.StringIO()
        report: dict | None = None
        raised: BaseException | None = None
        with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
            try:
                report = index.invoke(event, self.context(), BUDGET, BUDGET)
            except PortComplianceError as error:
                raised = error
        ran = Ran(report, raised, printed.getvalue(), self.clock.seconds - began)
        self.outputs += [("log", ran.printed), ("report", json.dumps(report))]
        if raised is not None:
            told = "".join(traceback.format_exception(type(raised), raised, raised.__traceback__))
            self.outputs += [("exception", f"{told} {raised!r} {getattr(raised, 'hint', '')}")]
        return ran

    def state(self) -> LastRun | None:
        """The state that is kept; None where there is none, or none that can be read."""
        try:
            return decode(json.loads(self.state_bytes()))
        except (OSError, ValueError, StoreDamagedError):
            return None

    def leaks(self) -> Iterator[str]:
        """Where a secret is that must not be there. PagerDuty wants its routing key in the body."""
        with contextlib.suppress(OSError):
            self.outputs.append(("state", self.state_bytes().decode(errors="replace")))
        for name, value in SECRETS.items():
            told = [(what, text) for what, text in self.outputs if name != "routing" or not what.startswith("body for")]
            everything = "\n".join(text for _, text in told)  # a search through one text is quick
            hinted = any(one in everything for one in _hints(value))
            pieces = [one for one in _pieces(value) if one in everything] if hinted else []
            yield from (f"the secret {name} is in: {what}" for what, text in told if any(one in text for one in pieces))


@cache
def _pieces(secret: str) -> frozenset[str]:
    """What must not be read anywhere: the secret, spelt for a URL, and each sixteen characters of it, in any case."""
    cut = [secret[at : at + 16] for at in range(len(secret) - 30, len(secret) - 15)]  # they begin alike
    return frozenset(spelt for one in (*cut, secret, quote(secret, safe="")) for spelt in (one, one.lower()))


@cache
def _hints(secret: str) -> frozenset[str]:
    """A few texts of which every piece holds one: any sixteen characters hold eight that begin at a multiple of eight."""
    end = secret[-30:]
    cut = [end[at : at + 8] for at in (0, 8, 16)]
    hints = frozenset(spelt for one in (*cut, quote(secret, safe="")) for spelt in (one, one.lower()))
    assert all(any(one in piece for one in hints) for piece in _pieces(secret))
    return hints


@contextmanager
def scene(**how: object) -> Iterator[Scene]:
    """A world in a folder of its own."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a disk would only cost time
    with tempfile.TemporaryDirectory(prefix="port-compliance-faults-", dir=memory) as folder:
        yield Scene(Path(folder), **how)  # type: ignore[arg-type]
