"""`history`: the last runs as a table and a plot, from the state that runs leave behind."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from datetime import timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING

from handler.clock import parse_iso
from handler.commands.extras import from_extra
from handler.commands.terminal import terminal_context
from handler.decide.diff import no_run_for
from handler.errors import MissingExtraError, SettingsError, StoreError
from handler.formats.fleet import age_words
from handler.formats.inert import inert
from handler.formats.not_known import (
    WORD,
    hours_without_a_run,
    is_overdue,
    ports_word,
    run_counts,
    usual_seconds,
)
from handler.models import SEVERITIES
from handler.run.wiring import Wiring
from handler.state.memory import RunSummary

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from handler.state.interface import Store
    from handler.state.memory import RunSummary

    Stores = Callable[[str | None], Sequence[tuple[str, Store]]]

DESCRIPTION = "Shows what the last runs concluded, from the state they leave (at most 400 runs)."
EXAMPLE = "port-compliance history --state file:///var/lib/port-compliance/state.json"
TABLE_ROWS = 20
FEW = 5  # targets that have a table each
_LEVELS = tuple(str(severity) for severity in SEVERITIES)
_HEAD = f"{'when (UTC)':<17}{'verdict':<13}{'crit':>5}{'high':>5}{'med':>5}{'low':>5}{'info':>5}"
_HEAD += f"{'ports':>10}{'secs':>6}{'calls':>6}"
_MANY_HEAD = f"{'target':<20}{'when (UTC)':<17}{'verdict':<13}{'crit':>5}{'high':>5}{'med':>5}{'low':>5}{'age':>5}"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `history` takes."""
    parser.add_argument("--state", metavar="URL", help="where the state is kept (default: STATE_URL)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default text")
    parser.add_argument("--at", metavar="TIME", help="the clock, for a result that can be repeated")


def run(args: argparse.Namespace, stores: Stores | None = None) -> int:
    """Print the history of each target; it informs, so 0. Raises SettingsError, StoreError, MissingExtraError.

    A state that cannot be read hides no other: what those say is printed first.
    """
    loaded = {name: _load(store) for name, store in (stores or configured_stores)(args.state)}
    histories = {name: runs for name, runs in loaded.items() if not isinstance(runs, StoreError)}
    unread = {name: error for name, error in loaded.items() if isinstance(error, StoreError)}
    if histories:
        _print(histories, args)
    if unread:
        said = (f"{inert(name, 60)}: {error.message}" for name, error in unread.items())
        first = next(iter(unread.values()))
        raise type(first)("\n".join(said), hint=first.hint)
    return 0


def _print(histories: Mapping[str, Sequence[RunSummary]], args: argparse.Namespace) -> None:
    if args.format == "json":
        print(json.dumps({name: [_plain(one) for one in runs] for name, runs in histories.items()}, indent=2))
    elif len(histories) > FEW:
        print("\n".join(lines_of_many(histories, terminal_context(args.at).clock.now())))
    else:
        for name, runs in histories.items():
            print(table(name, runs))
            _print_plot(runs)


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
    lines += _rows(runs)
    if len(runs) > TABLE_ROWS:
        lines.append(f"and {len(runs) - TABLE_ROWS} older; --format json gives them all")
    return "\n".join(lines)


def _rows(runs: Sequence[RunSummary]) -> Iterator[str]:
    """The newest runs, newest first, with a line where runs are missing."""
    usual, newest = usual_seconds(runs), list(reversed(runs))[: TABLE_ROWS + 1]
    for run, before in zip_longest(newest[:TABLE_ROWS], newest[1:]):
        yield _line(run)
        hours = 0 if before is None else hours_without_a_run(before, run, usual)
        if hours:
            yield f"{WORD}: {no_run_for(hours)}"


def lines_of_many(histories: Mapping[str, Sequence[RunSummary]], now: datetime) -> Iterator[str]:
    """The last run of each of many targets, a line each, those whose last run is oldest first."""
    last = Counter(runs[-1].verdict for runs in histories.values() if runs)
    late = {name for name, runs in histories.items() if is_overdue(runs, now)}
    yield f"{len(histories)} targets, each with its last run, the oldest first"
    facts = [f"{count} {inert(word, 13)}" for word, count in sorted(last.items())]
    facts += [f"{len(late)} late (twice the usual time since the last run)"] * bool(late)
    facts += [f"{len(histories) - last.total()} without a run"] * (last.total() < len(histories))
    yield ", ".join(facts)
    yield _MANY_HEAD
    for name, runs in sorted(histories.items(), key=lambda item: item[1][-1].at if item[1] else ""):
        shown = f"{inert(name, 19):<20}"
        yield f"{shown}{_short(runs[-1], now)}{' late' if name in late else ''}" if runs else f"{shown}no run yet"


def _short(one: RunSummary, now: datetime) -> str:
    counts = "".join(f"{count:>5}" for count in run_counts(one)[:4])
    return f"{_when(one)}{counts}{age_words(max(timedelta(0), now - parse_iso(one.at))):>5}"


def _load(store: Store) -> tuple[RunSummary, ...] | StoreError:
    try:
        last_run, _ = store.load()
    except StoreError as error:
        return error
    return () if last_run is None else last_run.history


def _line(one: RunSummary) -> str:
    counts = "".join(f"{count:>5}" for count in run_counts(one))
    return f"{_when(one)}{counts}{ports_word(one):>10}{one.seconds:>6}{one.calls:>6}"


def _when(one: RunSummary) -> str:
    return f"{inert(one.at[:16].replace('T', ' '), 16):<17}{inert(one.verdict, 12):<13}"


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
