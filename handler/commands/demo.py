"""`demo`: the main job from end to end, on the simulator, with a webhook inbox and no account.

The function's own door is called three times: first findings; nothing new; one port closed. A second act, on a cloud
that tells servers, goes by server: an exemption for one of two, and a database that only its own machine reaches.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handler import index
from handler.commands.extras import from_extra
from handler.formats.registry import render_report
from handler.report.report_file import parse_report
from handler.run.context import Context, Warm
from handler.simulator.fleet import Fleet, Line, Process
from handler.simulator.options import Options
from handler.simulator.simulator import Simulator

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from handler.simulator.inbox import Inbox, Received

DESCRIPTION = "Runs the function four times against simulated clouds and shows what people would be told."
EXAMPLE = "port-compliance demo"
TIMER_EVENT = {
    "version": "v1.0",
    "time": "2026-11-22T08:07:00+01:00",
    "trigger_type": "TIMER",
    "trigger_name": "hourly",
    "user_event": "",
}
RUN_SECONDS = 60  # for each run
_DESKTOPS = {"jump-1": "10.2.0.7", "office-7": "10.2.0.9"}
BY_SERVER = """\
version: 1
rules:
  - {id: desktops, title: A desktop is open, ports: [3389], severity: critical}
  - {id: databases, title: A database is open, ports: [5432], listening: beyond-loopback}
exemptions:
  - {id: jump-hosts, rules: [desktops], hosts: [jump-1], reason: The way in., owner: ops, expires: 2099-12-31}
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`demo` takes nothing."""


def run(args: argparse.Namespace) -> int:  # noqa: ARG001 - every command takes the arguments
    """Run the demo; 0 if each run said what it should."""
    with from_extra("simulator", "werkzeug", "demo"):
        from handler.simulator.inbox import Inbox  # noqa: PLC0415 - an extra, which --help does not need
        from handler.simulator.server import SimulatorServer  # noqa: PLC0415 - the same extra

    fleet = Fleet.of(
        Line(22, "TCP", 14), Line(23, "TCP", 3), Line(443, "TCP", 9), Line(445, "TCP", 2), Line(3389, "TCP", 4)
    )
    simulator = Simulator(fleet, Options(cloud="otc", throttle=0))
    with (
        SimulatorServer(simulator) as cloud,
        Inbox() as machine,
        Inbox() as chat,
        tempfile.TemporaryDirectory() as folder,
    ):
        # no function's identity: a temporary folder is refused as a function's state, rightly; here it is all we need
        user_data = _user_data(cloud.url, machine, chat, Path(folder), simulator.options)
        context = Context(user_data.get, Path(folder), Warm())
        seen = [
            _invoke("1. the first run: everything is new", context, machine, chat),
            _invoke("2. an hour later: nothing changed, so nobody is told", context, machine, chat),
        ]
        simulator.close_port(23)
        seen.append(_invoke("3. somebody closed port 23: the change is told", context, machine, chat))
    by_server = Simulator(_servers(), Options(cloud="huaweicloud", throttle=0))
    with (
        SimulatorServer(by_server) as cloud,
        Inbox() as machine,
        Inbox() as chat,
        tempfile.TemporaryDirectory() as name,
    ):
        second = Path(name)
        (second / "policy.yaml").write_text(BY_SERVER, encoding="utf-8")
        user_data = _user_data(cloud.url, machine, chat, second, by_server.options) | {"POLICY_PATH": "policy.yaml"}
        title = "4. by server: jump-1 is exempted, office-7 is not; the database listens on loopback only"
        seen.append(_invoke(title, Context(user_data.get, second, Warm()), machine, chat))
    expected = [("violations", 1), ("violations", 0), ("violations", 1), ("violations", 1)]
    return 0 if seen == expected else 1


def _servers() -> Fleet:
    """Two desktops on servers that are told apart, and a database that only its own machine reaches."""
    desktops = tuple(Process(f"id-{name}", name, address) for name, address in _DESKTOPS.items())
    database = Process("id-db-1", "db-1", "10.2.0.20", laddr="127.0.0.1")
    return Fleet.of(Line(3389, "TCP", len(desktops), "danger", desktops), Line(5432, "TCP", 1, "unknown", (database,)))


def _user_data(url: str, machine: Inbox, chat: Inbox, folder: Path, options: Options) -> dict[str, str]:
    sinks = folder / "sinks.yaml"
    sinks.write_text(
        "sinks:\n"
        "  - {name: machine, kind: generic, url: '${MACHINE_URL}', secret: '${MACHINE_SECRET}', allow_http: true}\n"
        "  - {name: chat, kind: slack, url: '${CHAT_URL}', allow_http: true, hosts: true}\n",
        encoding="utf-8",
    )
    return {
        "HSS_ENDPOINT": url,
        "HSS_CLOUD": options.cloud,
        "HSS_PROJECT_ID": options.project_id,
        "HSS_AUTH_TOKEN": options.tokens[0],
        "HSS_CALLS_PER_MINUTE": "0",
        "NOTIFY_CONFIG": str(sinks),
        "MACHINE_URL": f"{machine.url}/hook",
        "MACHINE_SECRET": "whsec_ZGVtby1zZWNyZXQtZGVtby1zZWNyZXQtZGVtbyE=",
        "CHAT_URL": f"{chat.url}/services/T000/B000/XXXX",
        "STATE_URL": f"file://{folder}/state.json",
        "LOG_LEVEL": "error",
    }


def _invoke(title: str, context: Context, machine: Inbox, chat: Inbox) -> tuple[str, int]:
    """One invocation: show the report and the messages that came; give the verdict and how many the chat got."""
    before = len(machine.messages), len(chat.messages)
    result = index.invoke(TIMER_EVENT, context, RUN_SECONDS, RUN_SECONDS)
    print(f"\n=== {title} ===\n")
    print(render_report("text", parse_report(json.dumps(result).encode(), "the result")))
    for message in machine.messages[before[0] :]:
        _show_machine(message)
    for message in chat.messages[before[1] :]:
        _show_chat(message)
    if len(chat.messages) == before[1]:
        print("--- no message was sent ---")
    return str(result["verdict"]), len(chat.messages) - before[1]


def _show_machine(message: Received) -> None:
    body = json.loads(message.body)
    signed = "signed" if "webhook-signature" in message.headers else "not signed"
    print(
        f"--- the machine received {len(message.body)} bytes, {signed}, webhook-id {message.headers['webhook-id'][:12]}"
    )
    print(f"    verdict {body['verdict']}, {len(body['findings'])} findings, changes: {_changes(body)}\n")


def _changes(body: Mapping[str, Any]) -> str:
    return ", ".join(f"{len(items)} {kind}" for kind, items in body["changes"].items() if items) or "none"


def _show_chat(message: Received) -> None:
    print("--- the chat received ---")
    for block in json.loads(message.body)["blocks"]:
        texts = [block["text"]["text"]] if "text" in block else [e["text"] for e in block.get("elements", ())]
        print("\n".join(texts))
    print("---")
