"""What happens in this process: evaluate, decode, policy load, render; each beside a plainer way."""

from __future__ import annotations

import json
import random
from datetime import date, datetime, timezone
from typing import Any

from bench.measure import exponent, paired, timed
from handler.decide.evaluate import evaluate
from handler.hss.decode import port_page
from handler.models import CategorySnapshot, Report, Row, Secret, Snapshot, Target
from handler.policy.compiled import compile_policy, read_compiled
from handler.policy.load import load_texts
from handler.policy.rules import Policy, Rule
from handler.ports import PortSet
from handler.report.verdict import build_report
from handler.schemas import catalog, keywords
from handler.simulator.generate import generate
from handler.simulator.options import Options
from handler.simulator.simulator import Simulator
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Notification, Sink
from handler.transport.request import Request, Response

Section = dict[str, object]
TODAY = date(2026, 1, 1)
MANY = range(20)
SINK_URL = "https://example.org/hook"


def evaluating(rounds: int) -> Section:
    """10,000 rows against more and more rules, beside a dictionary by (port, protocol) built each time."""
    results: dict[str, Any] = {}
    by_rules: list[float] = []
    for rules in (100, 1_000, 10_000):
        policy, snapshot = policy_of(rules), snapshot_of(10_000)
        rows = snapshot.categories[0].rows
        figures = paired(
            f"evaluate {rules} rules",
            {
                "ours": timed(lambda p=policy, s=snapshot: evaluate(p, s, TODAY)),
                "dictionary": timed(lambda p=policy, r=rows: by_dictionary(p, r)),
            },
            rounds,
        )
        by_rules.append(figures.median("ours", "cpu"))
        found = len(evaluate(policy, snapshot, TODAY).findings)
        results[f"10000 rows x {rules} rules"] = {
            "figures": figures.plain(),
            "ours / dictionary": figures.ratio("ours", "dictionary", "cpu"),
            "findings": found,
        }
    sizes = (2_500, 5_000, 10_000, 20_000, 40_000)
    policy, by_rows = policy_of(100), []
    for size in sizes:
        snapshot = snapshot_of(size)
        figures = paired(
            f"evaluate {size} rows", {"ours": timed(lambda s=snapshot: evaluate(policy, s, TODAY))}, rounds
        )
        by_rows.append(figures.median("ours", "cpu"))
    results["growth"] = {
        "with rows": exponent(sizes, by_rows),
        "with rules (100 to 10000)": exponent((100, 1_000, 10_000), by_rules),
    }
    return results


def by_dictionary(policy: Policy, rows: tuple[Row, ...]) -> list[tuple[str, int, str, int]]:
    """The plainest way that gives the same pairs of rule and row."""
    table: dict[tuple[int, str], list[Rule]] = {}
    for rule in policy.rules:
        for port in rule.ports:
            for protocol in rule.protocols:
                table.setdefault((port, protocol), []).append(rule)
    return [
        (rule.id, row.port, row.protocol, row.num)
        for row in rows
        for rule in table.get((row.port, row.protocol), ())
        if row.num > rule.above
    ]


def policy_of(rules: int) -> Policy:
    """So many rules of one port each."""
    ports = random.Random(1).sample(range(1, 65_536), rules)
    made = (Rule(f"r{port}", "ports", f"Port {port}", ports=PortSet.of_ports([port])) for port in ports)
    return Policy("bench", "sha256:0", tuple(made))


def snapshot_of(rows: int) -> Snapshot:
    """So many rows of one port each."""
    ports = random.Random(2).sample(range(1, 65_536), rows)
    listed = tuple(Row(port, "tcp", 3) for port in ports)
    return Snapshot(
        Target(), "2026-01-01T00:00:00Z", (CategorySnapshot("host", listed, rows, {}, "pages", True, True),)
    )


PAGES = {"a page of OTC": "otc", "a page of Huawei Cloud": "huaweicloud", "a page with drift": "huaweicloud"}


def decoding(rounds: int) -> Section:
    """A page of 200 rows: as documented, and with a word that no document lists."""
    results: dict[str, Any] = {}
    for name, cloud in PAGES.items():
        page = _page(cloud, 200)
        if "drift" in name:
            page = page.replace(b'"danger"', b'"odd"')
        parsed = json.loads(page)
        validator = keywords.compiled(catalog.effective("answers", "port_statistics", cloud))
        response = Response(200, {}, page)
        figures = paired(
            f"decode, {name}",
            {
                "ours": timed(lambda r=response, c=cloud: [port_page(r, "x", c) for _ in MANY]),
                "json.loads": timed(lambda p=page: [json.loads(p) for _ in MANY]),
                "jsonschema": timed(lambda v=validator, p=parsed: [list(v.iter_errors(p)) for _ in MANY]),
            },
            rounds,
        )
        results[name] = {
            "figures": figures.plain(),
            "pages a second": {who: 20 / figures.median(who, "cpu") for who in figures.rounds},
            "ours / json.loads": figures.ratio("ours", "json.loads", "cpu"),
            "ours / jsonschema": figures.ratio("ours", "jsonschema", "cpu"),
        }
    return results


def _page(cloud: str, rows: int) -> bytes:
    options = Options(cloud=cloud, throttle=0)  # type: ignore[arg-type]
    simulator = Simulator(generate(1, 2_000, cloud=cloud), options)
    url = f"https://hss.example/v5/{options.project_id}/asset/port/statistics?category=host&limit={rows}"
    return simulator(Request("GET", url, {"X-Auth-Token": options.tokens[0]}), 30.0).body


def loading(rounds: int) -> Section:
    """A policy of 10 and of 1,000 rules: YAML, and its compiled form."""
    results: dict[str, Any] = {}
    for rules in (10, 1_000):
        lines = [
            f"  - {{id: r{n}, title: Port {n}, ports: [{n}, {n + 20000}], severity: high}}" for n in range(1, rules + 1)
        ]
        text = "\n".join(["version: 1", "rules:", *lines, ""]).encode()
        form = compile_policy(load_texts([("x.yaml", text)]), text)
        figures = paired(
            f"policy load, {rules} rules",
            {
                "YAML": timed(lambda t=text: load_texts([("x.yaml", t)])),
                "compiled": timed(lambda f=form, t=text: read_compiled(f, "x.yaml", t)),
                "json.loads": timed(lambda f=form: json.loads(f)),
            },
            rounds,
        )
        results[f"{rules} rules"] = {
            "figures": figures.plain(),
            "compiled / YAML": figures.ratio("compiled", "YAML", "cpu"),
        }
    return results


def rendering(rounds: int) -> Section:
    """The body for each kind of sink of a report with 10,000 findings, and with 1,000 for the growth."""
    results: dict[str, Any] = {}
    small, large = (_report(size) for size in (1_000, 10_000))
    for kind in SINK_KINDS:
        figures = paired(
            f"render {kind}",
            {
                "1000": timed(lambda k=kind: _render(k, small)),
                "10000": timed(lambda k=kind: _render(k, large)),
            },
            max(3, rounds // 3),
        )
        growth = exponent((1_000, 10_000), [figures.median(size, "cpu") for size in ("1000", "10000")])
        results[kind] = {"figures": figures.plain(), "growth": growth}
    return results


def _render(kind: str, report: Report) -> object:
    keys = {
        "secret": Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "chat_id": "-1",
        "routing_key": Secret("R" * 32),
    }
    sink = Sink("bench", SINK_KINDS[kind], Secret(SINK_URL), **keys)
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return sink.kind.module.render(Notification("delivery", report, new=report.findings), sink, now, 0)


def _report(findings: int) -> Report:
    """A report where every row of so many is a finding."""
    anything = PortSet(((1, 65_535),))
    policy = Policy("bench", "sha256:0", (Rule("any", "ports", "Any port", ports=anything),))
    snapshot = snapshot_of(findings)
    return build_report("bench", "2026-01-01T00:00:00Z", policy, snapshot, evaluate(policy, snapshot, TODAY))
