"""`notify preview`: what a sink would receive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from handler.clock import parse_iso
from handler.commands.inputs import read_file
from handler.models import ExemptionNotice, Report, Secret
from handler.report.report_file import parse_report
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sample import sample_report
from handler.sinks.sink import Notification, Sink
from handler.sinks.text.announced import announced_in

if TYPE_CHECKING:
    import argparse

    from handler.sinks.message import SinkMessage


DESCRIPTION = "Renders a report (a made-up one without --report) as if every finding in it were new."
EXAMPLE = "port-compliance notify preview --sink slack --report report.json"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `notify preview` takes."""
    parser.add_argument("--sink", required=True, choices=sorted(SINK_KINDS), metavar="KIND", help="the kind of sink")
    parser.add_argument("--report", metavar="FILE", help="a report of `check --format json`")


def run(args: argparse.Namespace) -> int:
    """Print each message's body, JSON indented; first its request, where that is not a POST to the sink's own URL."""
    report = parse_report(read_file(args.report), args.report) if args.report else sample_report()
    kind = SINK_KINDS[args.sink]
    sink = Sink("preview", kind, Secret("https://example.invalid/"), routing_key=Secret("preview"), chat_id="-1")
    sink = sink._replace(style="healthchecks", topic_urn=f"urn:smn:eu-de:{'0' * 32}:preview")
    for message in kind.module.render(everything_new(report), sink, parse_iso(report.started_at), 0):
        if message.url is not None:
            print(f"{message.method} {message.url.reveal()}")
        if message.body:
            print(readable(message))
    return 0


def everything_new(report: Report) -> Notification:
    """Everything in a report as new, under an id that says what it is."""
    blind = [one for one in report.coverage if not one.complete and one.plan != "skipped"]
    return Notification(
        delivery_id="preview",
        report=report,
        new=report.findings,
        resolved=tuple(past.finding for past in report.changes.resolved) if report.changes else (),
        not_seen=tuple(f"{one.category}: {problem}" for one in blind for problem in one.problems),
        exemptions=tuple(
            ExemptionNotice(one.exemption_id, one.owner, one.expires, one.days_left)
            for one in report.exempted
            if one.days_left <= 14
        ),
        announcements=announced_in(report, parse_iso(report.started_at).date()),
    )


def readable(message: SinkMessage) -> str:
    """A message's body, indented where it is JSON."""
    text = message.body.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
