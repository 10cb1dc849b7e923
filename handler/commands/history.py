"""`history`: the last runs as a table and a plot, from the state that runs leave behind."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from handler.commands.extras import from_extra
from handler.commands.terminal import terminal_context
from handler.errors import MissingExtraError, SettingsError
from handler.formats.inert import inert
from handler.models import Severity
from handler.run.wiring import Wiring
from handler.state.memory import RunSummary

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from handler.state.interface import Store
    from handler.state.memory import RunSummary

    Stores = Callable[[str | None], Sequence[tuple[str, Store]]]

DESCRIPTION = "Shows what the last runs concluded, from the state they leave (at most 400 runs)."
EXAMPLE = "port-compliance history --state file:///var/lib/port-compliance/state.json"
TABLE_ROWS = 20
FEW = 5  # targets that have a table each
_LEVELS = tuple(str(severity) for severity in sorted(Severity, reverse=True))
_HEAD = f"{'when (UTC)':<17}{'verdict':<14}{'crit':>5}{'high':>5}{'med':>5}{'low':>5}{'info':>5}"
_HEAD += f"{'ports':>9}{'secs':>6}{'calls':>6}"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `history` takes."""
    parser.add_argument("--state", metavar="URL", help="where the state is kept (default: STATE_URL)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default text")


def run(args: argparse.Namespace, stores: Stores | None = None) -> int:
    """Print the history of each target; it informs, so 0. Raises SettingsError, StoreError, MissingExtraError."""
    histories = {name: _load(store) for name, store in (stores or configured_stores)(args.state)}
    if args.format == "json":
        print(json.dumps({name: [_plain(one) for one in runs] for name, runs in histories.items()}, indent=2))
        return 0
    if len(histories) > FEW:
        print("\n".join(lines_of_many(histories)))
        return 0
    for name, runs in histories.items():
        print(table(name, runs))
        _print_plot(runs)
    return 0


def configured_stores(url: str | None) -> list[tuple[str, Store]]:
    """Name and store of each configured target; `url` goes before STATE_URL. Raises SettingsError."""
    environment = os.environ if url is None else {**os.environ, "STATE_URL": url}
    wiring = Wiring.checked(terminal_context(environment=environment), needs_place=False)
    settings = wiring.settings
    places = wiring.places() if settings.targets_config or settings.place else (None,)
    named = [("default" if place is None else place.name, place) for place in places]
    stores = [(name, wiring.store(settings.state_url, name, place)) for name, place in named]
    found = [(name, store) for name, store in stores if store is not None]
    if not found:
        raise SettingsError("no state is configured", hint="Give --state URL, or set STATE_URL.")
    return found


def table(name: str, runs: Sequence[RunSummary]) -> str:
    """The newest runs, newest first, at most 80 columns wide."""
    if not runs:
        return f"{inert(name, 60)}: no run yet"
    lines = [f"{inert(name, 60)}: {len(runs)} run{'' if len(runs) == 1 else 's'}, newest first", _HEAD]
    lines += [_line(one) for one in list(reversed(runs))[:TABLE_ROWS]]
    if len(runs) > TABLE_ROWS:
        lines.append(f"and {len(runs) - TABLE_ROWS} older; --format json gives them all")
    return "\n".join(lines)


def lines_of_many(histories: Mapping[str, Sequence[RunSummary]]) -> Iterator[str]:
    """The last run of each of many targets, a line each, those whose last run is oldest first."""
    yield f"{len(histories)} targets, each with its last run, the oldest first"
    yield f"{'target':<25}{_HEAD}"[:80].rstrip()
    for name, runs in sorted(histories.items(), key=lambda item: item[1][-1].at if item[1] else ""):
        shown = inert(name, 24)
        yield f"{shown:<25}{_line(runs[-1])}"[:80].rstrip() if runs else f"{shown:<25}no run yet"


def _load(store: Store) -> tuple[RunSummary, ...]:
    last_run, _ = store.load()
    return () if last_run is None else last_run.history


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
    with from_extra("report", "plotext", "the plot"):
        from handler.formats.terminal_plot import draw_history  # noqa: PLC0415 - an extra, and only the plot needs it
    return draw_history(runs)
