"""`history`: the last runs as a table and a plot, from the state that runs leave behind."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from handler.errors import MissingExtraError, SettingsError
from handler.formats.inert import inert
from handler.models import Severity
from handler.run.context import Surroundings
from handler.run.wiring import places_of, store_at
from handler.settings.run_settings import read_settings
from handler.state.document import decode

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from handler.state.interface import Store
    from handler.state.memory import RunSummary

    Stores = Callable[[str | None], Sequence[tuple[str, Store]]]

SHOWN = 20  # runs in the table
_LEVELS = tuple(str(severity) for severity in sorted(Severity, reverse=True))
_HEAD = f"{'when (UTC)':<17}{'verdict':<14}{'crit':>5}{'high':>5}{'med':>5}{'low':>5}{'info':>5}"
_HEAD += f"{'ports':>9}{'secs':>6}{'calls':>6}"


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `history`."""
    parser = commands.add_parser(
        "history",
        help="show the last runs as a table and a plot",
        description="Shows what the last runs concluded, from the state they leave (at most 400 runs).",
        epilog="Example: port-compliance history --state file:///var/lib/port-compliance/state.json",
    )
    parser.add_argument("--state", metavar="URL", help="where the state is kept (default: STATE_URL)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default text")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, stores: Stores | None = None) -> int:
    """Print the history of each target; it informs, so 0. Raises SettingsError, StoreError, MissingExtraError."""
    histories = {name: _load(store) for name, store in (stores or configured_stores)(args.state)}
    if args.format == "json":
        print(json.dumps({name: [_plain(one) for one in runs] for name, runs in histories.items()}, indent=2))
        return 0
    for name, runs in histories.items():
        print(table(name, runs))
        _print_plot(runs)
    return 0


def configured_stores(url: str | None) -> list[tuple[str, Store]]:
    """Name and store of each configured target; `url` goes before STATE_URL. Raises SettingsError."""

    def lookup(name: str) -> str | None:
        return url if url is not None and name == "STATE_URL" else os.environ.get(name)

    around = Surroundings(lookup, Path.cwd())
    settings = read_settings(lookup, needs_place=False)
    places = places_of(settings, around) if settings.targets_config or settings.place else (None,)
    named = [("default" if place is None else place.name, place) for place in places]
    stores = [(name, store_at(settings.state_url, name, place, settings, around)) for name, place in named]
    found = [(name, store) for name, store in stores if store is not None]
    if not found:
        raise SettingsError("no state is configured", hint="Give --state URL, or set STATE_URL.")
    return found


def table(name: str, runs: Sequence[RunSummary]) -> str:
    """The newest runs, newest first, at most 80 columns wide."""
    if not runs:
        return f"{inert(name, 60)}: no run yet"
    lines = [f"{inert(name, 60)}: {len(runs)} run{'' if len(runs) == 1 else 's'}, newest first", _HEAD]
    lines += [_line(one) for one in list(reversed(runs))[:SHOWN]]
    if len(runs) > SHOWN:
        lines.append(f"and {len(runs) - SHOWN} older; --format json gives them all")
    return "\n".join(lines)


def _load(store: Store) -> tuple[RunSummary, ...]:
    document, _ = store.load()
    return () if document is None else decode(document).history


def _line(one: RunSummary) -> str:
    counts = "".join(f"{count:>5}" for count in one.counts)
    when = inert(one.at[:16].replace("T", " "), 16)
    return f"{when:<17}{inert(one.verdict, 13):<14}{counts}{one.ports:>9}{one.seconds:>6}{one.calls:>6}"


def _plain(one: RunSummary) -> dict[str, object]:
    return {**one._asdict(), "counts": dict(zip(_LEVELS, one.counts, strict=True))}


def _print_plot(runs: Sequence[RunSummary]) -> None:
    """The plot below the table; without its library only a line on stderr."""
    try:
        picture = _plot(runs)
    except MissingExtraError as error:
        print(f"{error.message}: {error.hint}", file=sys.stderr)
        return
    if picture:
        print(f"\n{picture}")


def _plot(runs: Sequence[RunSummary]) -> str:
    try:
        from handler.formats.terminal_plot import draw_history  # noqa: PLC0415 - an extra, and only for this command
    except ModuleNotFoundError as error:
        if error.name != "plotext":
            raise
        raise MissingExtraError("the plot", "report") from error
    return draw_history(runs)
