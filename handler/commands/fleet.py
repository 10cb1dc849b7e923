"""`fleet`: all targets at a glance, from the indexes that runs keep."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from handler.commands.extras import from_extra
from handler.commands.output import wants_color, write_result
from handler.commands.terminal import terminal_context
from handler.decide.fleet import fleet_of
from handler.errors import SettingsError, UsageError
from handler.formats import fleet as formats
from handler.models import Secret
from handler.run.indexes import fleet_urls, read_indexes
from handler.run.wiring import Wiring
from handler.settings.reader import parse_duration
from handler.settings.run_settings import has_index

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from handler.decide.fleet import FleetStatus

DESCRIPTION = (
    "Shows every target of one or several states, worst first: never checked, stale, inconclusive, violations. Reads "
    "only the indexes. Exit 3 if a target is silent or unknown, else 1 with findings, else 0."
)
EXAMPLE = "port-compliance fleet --state 'obs://security/shard-1/{target}.json'"
_FORMATS: dict[str, Callable[[FleetStatus], str]] = {
    "json": formats.render_fleet_json,
    "markdown": formats.render_fleet_markdown,
    "csv": formats.render_fleet_csv,
    "openmetrics": formats.render_fleet_openmetrics,
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `fleet` takes."""
    parser.add_argument(
        "--state", action="append", metavar="URL", help="a state with {target}; may be repeated, one per shard"
    )
    parser.add_argument("--format", choices=("text", "html", *_FORMATS), default="text", help="default: text")
    parser.add_argument("--stale-after", metavar="TIME", help="for example 2h; default: twice each target's interval")
    parser.add_argument("--at", metavar="TIME", help="the clock, for a result that can be repeated")


def run(args: argparse.Namespace) -> int:
    """Print the fleet and give the exit code. Raises UsageError."""
    stale_after = _stale_after(args.stale_after)
    wiring = Wiring.checked(terminal_context(args.at), needs_place=False)
    indexes, unread = read_indexes(wiring, _urls(args.state, wiring))
    fleet = fleet_of(indexes, wiring.context.clock.now(), stale_after, unread)
    for text in map(wiring.redactor.text, unread):
        print(f"not read: {text}", file=sys.stderr)
    write_result(_rendered(fleet, args.format), None)
    return fleet.exit_code


def _urls(given: Sequence[str] | None, wiring: Wiring) -> tuple[Secret, ...]:
    urls = tuple(Secret(url) for url in given) if given else fleet_urls(wiring)
    if not urls:
        raise SettingsError("no state is configured", hint="Give --state URL, or set STATE_URL or FLEET_STATE_URLS.")
    if not all(has_index(url.reveal()) for url in urls):
        raise UsageError("--state: a fleet's state holds {target}", hint="As in file:///var/lib/pc/{target}.json.")
    return urls


def _stale_after(text: str | None) -> timedelta | None:
    try:
        return parse_duration(text) if text else None
    except ValueError as error:
        raise UsageError(f"--stale-after: {error}") from None


def _rendered(fleet: FleetStatus, form: str) -> str:
    if form == "text":
        return formats.render_fleet_text(fleet, color=wants_color())
    if form != "html":
        return _FORMATS[form](fleet)
    with from_extra("report", "jinja2", "the format html"):
        from handler.formats.fleet_html import render_fleet_html  # noqa: PLC0415 - an extra, and only HTML needs it
    return render_fleet_html(fleet)
