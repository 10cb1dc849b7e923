"""A month of hourly runs of an ordinary estate, told to one sink of every kind; `python -m tests.month` counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any, NamedTuple

from handler.clock import Deadline
from handler.models import CategorySnapshot, Problem, Report, Row, Secret, Severity
from handler.notify.dispatch import DeliveryContext, dispatch
from handler.policy.rules import Exemption, Policy, Rule
from handler.ports import PortSet
from handler.run.check import check_target
from handler.run.job import Adapters, Job
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Sink
from handler.transport.request import Request, Response
from tests.fakes import TARGET, FakeClock, OnceReadStore, category, snapshot

HOUR, DAYS = timedelta(hours=1), 31
MANY_OPEN, MANY_CLOSE = (30, 9), (30, 18)  # day and hour; hundreds of ports cost each later run as much as ten others
ANSWERS: dict[str, tuple[int, Any]] = {
    "slack": (200, "ok"), "mattermost": (200, "ok"), "teams": (202, ""), "rocketchat": (200, {"success": True}),
    "discord": (204, ""), "googlechat": (200, {"name": "spaces/A/messages/B"}), "feishu": (200, {"code": 0}),
    "dingtalk": (200, {"errcode": 0}), "wecom": (200, {"errcode": 0}), "webex": (204, ""),
    "smn": (200, {"message_id": "1", "request_id": "2"}), "telegram": (200, {"ok": True}), "splunk": (200, {"code": 0}), "pagerduty": (202, {"status": "success"}),
}  # fmt: skip


def rule(name: str, *ports: int, **other: Any) -> Rule:
    return Rule(name, "ports", title=f"{name} is open", ports=PortSet.of_ports(ports), **other)


TELNET, RDP = rule("telnet", 23, severity=Severity.CRITICAL), rule("rdp", 3389, severity=Severity.MEDIUM)
SMB, HIGH = rule("smb", 445, severity=Severity.HIGH), rule("high-ports", *range(40_001, 40_602, 2))
LIFTS = Exemption(
    "lifts", "Until the retrofit.", "facilities@example.org", date(2026, 12, 16), ports=PortSet.of_ports([21])
)
FTP = rule("ftp", 21, severity=Severity.HIGH)
MYSQL = rule("mysql", 3306, severity=Severity.MEDIUM, effective_from=date(2026, 12, 13))

FIRST_POLICY = Policy("p", "sha256:1", (TELNET, RDP, FTP, HIGH), (LIFTS,), files=("p.yaml",))


class Message(NamedTuple):
    """What one sink took: in which hour of the month, from which run, and everything that it can read."""

    hour: int
    kind: str
    text: str
    headers: Any


@dataclass
class Month:
    """The estate, its policy and its troubles; each hour of the month is a run unless nobody runs it."""

    rows: dict[int, int] = field(default_factory=lambda: {3389: 2, 445: 4, 21: 1, 22: 9, 3306: 3})
    policy: Policy = FIRST_POLICY
    blind: bool = False
    web_is_down: bool = False
    messages: list[Message] = field(default_factory=list)
    reports: dict[int, Report] = field(default_factory=dict)
    hour: int = 0

    def __post_init__(self) -> None:
        self.clock, self.store = FakeClock(), OnceReadStore()
        known = {"secret": Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "routing_key": Secret("R" * 32)}
        self.sinks = tuple(
            Sink(name, kind, Secret(f"https://{name}.example/"), chat_id="1", **known)
            for name, kind in SINK_KINDS.items()
            if not kind.once_a_run
        )

    def play(self) -> Month:
        for self.hour in range(24 * DAYS):
            self.clock.tick(3600 - self.clock.now().timestamp() % 3600)
            self._happen()
            if not 16 * 24 <= self.hour < 18 * 24:  # two days without runs
                self._run()
        return self

    def _happen(self) -> None:
        day, hour = divmod(self.hour, 24)
        event = EVENTS.get((day, hour))
        if event is not None:
            event(self)
        if day == 20 and hour < 12:
            self.rows = (
                self.rows | {23: 1} if hour % 2 else {port: num for port, num in self.rows.items() if port != 23}
            )

    def _run(self) -> None:
        started = self.clock.now()
        job = Job(f"run-{self.hour}", started, self.policy, TARGET, ("host",), run_interval=HOUR)
        adapters = Adapters(lambda _: snapshot(self._seen()), self._notify, self.clock, self.store)
        self.reports[self.hour] = check_target(job, adapters)

    def _seen(self) -> CategorySnapshot:
        if self.blind:
            why = Problem("HSS refused the request: HTTP 403", hint="Grant hss:ports:list to the agency.")
            return category(complete=False, every_row=False, plan="none", statistics=None, problems=(why,))
        return category([Row(port, "tcp", num, "danger") for port, num in sorted(self.rows.items())])

    def _notify(self, report, compared, store, version):
        context = DeliveryContext(self._web, Deadline.after(600, self.clock), Random(1), shard="0123abcd")
        return dispatch(report, compared, self.sinks, context, store=store, version=version, run_interval=HOUR)

    def _web(self, request: Request, timeout: float) -> Response:
        kind = request.url.split("/")[2].split(".")[0]
        if self.web_is_down:
            return Response(503)
        lines = (request.body or b"").split(b"\n")
        text = "".join(json.dumps(json.loads(line), ensure_ascii=False) for line in lines)
        self.messages.append(Message(self.hour, kind, text.replace("\\", "").replace("\u200b", ""), request.headers))
        status, body = ANSWERS.get(kind, (200, ""))
        return Response(status, {}, (body if isinstance(body, str) else json.dumps(body)).encode())

    def heard(self, kind: str) -> dict[int, str]:
        """What a kind took in each hour."""
        told: dict[int, str] = {}
        for message in self.messages:
            if message.kind == kind:
                told[message.hour] = told.get(message.hour, "") + message.text
        return told


def _opens(**ports: int) -> Callable[[Month], None]:
    return lambda month: month.rows.update({int(port[1:]): num for port, num in ports.items()})


def _closes(*ports: int) -> Callable[[Month], None]:
    return lambda month: [month.rows.pop(port) for port in ports] and None


def _policy(*rules: Rule, digest: str) -> Callable[[Month], None]:
    return lambda month: setattr(month, "policy", month.policy._replace(rules=rules, digest=digest))


def _set(name: str, value: Any) -> Callable[[Month], None]:
    return lambda month: setattr(month, name, value)


_CRITICAL_RDP = RDP._replace(severity=Severity.CRITICAL)
_MANY = {f"p{port}": 1 for port in range(40_001, 40_601, 2)}
EVENTS: dict[tuple[int, int], Callable[[Month], None]] = {
    (1, 9): _opens(p23=1),
    (2, 9): _opens(p23=2),
    (3, 9): _policy(TELNET, RDP, FTP, HIGH, MYSQL, digest="sha256:1b"),
    (4, 9): _closes(23),
    (5, 9): _opens(p23=2),
    (7, 9): _policy(TELNET, RDP, FTP, HIGH, MYSQL, SMB, digest="sha256:2"),
    (8, 9): _policy(TELNET, _CRITICAL_RDP, FTP, HIGH, MYSQL, SMB, digest="sha256:3"),
    (12, 9): _set("blind", True),
    (12, 12): _set("blind", False),
    (13, 9): _set("web_is_down", True),
    (13, 15): _closes(3389),
    (14, 9): _set("web_is_down", False),
    (19, 9): _closes(23),
    MANY_OPEN: _opens(**_MANY),
    MANY_CLOSE: lambda month: setattr(month, "rows", {port: num for port, num in month.rows.items() if port < 40_000}),
}


@cache
def month() -> Month:
    return Month().play()


def table() -> str:
    """The messages of each kind, as docs/reliability.md prints them."""
    played = month()
    rows = ["| kind | messages | runs with a message |", "|---|---|---|"]
    for kind in sorted(name for name, kind in SINK_KINDS.items() if not kind.once_a_run):
        count = sum(message.kind == kind for message in played.messages)
        rows.append(f"| `{kind}` | {count} | {len(played.heard(kind))} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
    for hour, text in month().heard("slack").items():
        print(divmod(hour, 24), json.loads(text)["text"] if text.count('"blocks"') == 1 else text[:300])
