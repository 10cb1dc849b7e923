"""`notify preview`: what a sink would receive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from handler.clock import parse_iso
from handler.commands.terminal import read_file
from handler.models import ExemptionNotice, Report, Secret
from handler.report.json_file import MAX_JSON_BYTES
from handler.report.report_file import parse_report
from handler.sinks.kinds import KINDS, kind_module
from handler.sinks.sample import sample_report
from handler.sinks.sink import Notice, Sink

if TYPE_CHECKING:
    import argparse

    from handler.sinks.sink import Message


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "notify",
        help="preview what a sink would receive",
        epilog="Example: port-compliance notify preview --sink slack",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    preview_parser = actions.add_parser(
        "preview",
        help="print the message without sending it",
        description="Renders a report (a made-up one without --report) as if every finding in it were new.",
        epilog="Example: port-compliance notify preview --sink slack --report report.json",
    )
    preview_parser.add_argument("--sink", required=True, choices=sorted(KINDS), metavar="KIND", help="the kind of sink")
    preview_parser.add_argument("--report", metavar="FILE", help="a report of `check --format json`")
    preview_parser.set_defaults(run=preview)


def preview(args: argparse.Namespace) -> int:
    """Print each message's body; JSON is indented."""
    report = parse_report(read_file(args.report, MAX_JSON_BYTES), args.report) if args.report else sample_report()
    sink = Sink("preview", args.sink, Secret("https://example.invalid/"), routing_key=Secret("preview"), chat_id="-1")
    messages = kind_module(args.sink).render(notice_for(report), sink, parse_iso(report.started_at), 0)
    for message in messages:
        print(readable(message))
    return 0


def notice_for(report: Report) -> Notice:
    """Everything in a report as new, under an id that says what it is."""
    blind = [one for one in report.coverage if not one.complete and one.plan != "skipped"]
    return Notice(
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
    )


def readable(message: Message) -> str:
    """A message's body, indented where it is JSON."""
    text = message.body.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
