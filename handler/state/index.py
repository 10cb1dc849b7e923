"""The index: one small document over all targets of a state: who was checked when, with what verdict. Pure.

Every run of a shard reads and writes it, so two that wrote at once are merged, never overwritten; what is lost in a
merge only asks HSS once more. Its JSON is part of the public surface (docs/design.md, "Fleet").
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from handler.clock import iso, parse_iso
from handler.errors import StoreDamagedError
from handler.named_tuple import NamedTuple
from handler.state.memory import LONGEST_INTERVAL
from handler.state.parts import PartLines, compact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime, timedelta

    from handler.models import Verdict

VERSION = "1"
DAYS_KEPT = 31
STARTS_KEPT = 5  # calls per API and credential: what one minute allows
_VERDICTS = ("inconclusive", "violations", "compliant")  # worst first
_STAMPS = ("last_run_at", "last_complete_at", "first_seen")


class Day(NamedTuple):
    """One UTC day of a target: its worst verdict, and how many findings came and went."""

    date: str
    verdict: Verdict
    new: int = 0
    resolved: int = 0


class IndexEntry(NamedTuple):
    """What the index knows of one target. All times are ISO 8601, empty where it never happened.

    `last_run_at` is the start of the last run, `last_complete_at` the start of the last one that was not inconclusive.
    `calls` is how many calls of one API the last run made, `place` whose findings these are (host, project, enterprise
    project), `interval_seconds` how often the target is due, 0 where that is not known.
    """

    verdict: Verdict | None = None
    counts: Mapping[str, int] = {}
    last_run_at: str = ""
    last_complete_at: str = ""
    run_id: str = ""
    problem: str = ""
    first_seen: str = ""
    calls: int = 0
    days: tuple[Day, ...] = ()
    interval_seconds: float = 0
    cloud: str = ""
    region: str = ""
    project_id: str = ""
    owner: str = ""
    link: str = ""
    place: str = ""


_TYPES = {name: (type(value),) for name, value in IndexEntry._field_defaults.items()} | {
    "verdict": (str, type(None)),
    "days": (list,),
    "interval_seconds": (int, float),
}  # what the values of an entry are in JSON


class Lease(NamedTuple):
    """Which run works on this shard, and until when at the latest."""

    run_id: str
    until: str


class Index(NamedTuple):
    """All targets of a state, the starts of the last calls by lane, the lease, and what the fleet digest told."""

    targets: Mapping[str, IndexEntry] = {}
    starts: Mapping[str, tuple[float, ...]] = {}  # seconds since 1970, ascending; by credential and API
    lease: Lease | None = None
    fleet_told: Mapping[str, str] = {}


def index_document(index: Index, line: Callable[[str, IndexEntry], bytes] | None = None) -> dict[str, Any]:
    """The JSON of an index, its targets last and one at a time; `line` may know that of an entry already."""
    return {
        "version": VERSION,
        "starts": {lane: list(starts) for lane, starts in index.starts.items()},
        "lease": None if index.lease is None else index.lease._asdict(),
        "fleet_told": dict(index.fleet_told),
        "targets": PartLines(partial(_lines, index.targets, line or line_of)),
    }


def _lines(targets: Mapping[str, IndexEntry], line: Callable[[str, IndexEntry], bytes]) -> Iterator[bytes]:
    return (line(name, entry) for name, entry in targets.items())


def line_of(name: str, entry: IndexEntry) -> bytes:
    """The line of an entry: its name and its JSON."""
    plain = compact({**entry._asdict(), "days": ()})
    days = ",".join(map(_written, entry.days))
    return f"{compact(name)}:{plain}".replace('"days":[]', f'"days":[{days}]', 1).encode()  # in a text it is escaped


@lru_cache(maxsize=1024)
def _written(day: Day) -> str:
    """The JSON of a day: those of all targets are a few hundred different ones, which a run writes several times."""
    return compact(day._asdict())


def index_of(document: Mapping[str, Any]) -> Index:
    """The index of a document; keys of a newer version are passed over. Raises StoreDamagedError."""
    version = document.get("version") if isinstance(document, dict) else None
    if version != VERSION:
        raise StoreDamagedError(f"the index has version {version!r:.20}; this program reads {VERSION}")
    known: dict[Any, Any] = {}  # most targets have the same days, owners and places: each is kept once
    try:
        return Index(
            targets={name: _entry(plain, known) for name, plain in document["targets"].items()},
            starts={lane: tuple(map(float, starts)) for lane, starts in document["starts"].items()},
            lease=_lease(document["lease"]),
            fleet_told={name: str(what) for name, what in document["fleet_told"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise StoreDamagedError(f"the index does not read as one ({type(error).__name__})") from None


def _lease(plain: Mapping[str, Any] | None) -> Lease | None:
    if plain is None:
        return None
    parse_iso(plain["until"])
    return Lease(plain["run_id"], plain["until"])


def _entry(plain: Mapping[str, Any], once: dict[Any, Any]) -> IndexEntry:
    """An entry, every value of the type that it is used as. Raises what `index_of` takes for damage."""
    known = {name: _value(name, plain[name], once) for name in IndexEntry._fields if name in plain}
    if known.get("verdict") not in (*_VERDICTS, None) or not 0 <= known.get("interval_seconds", 0) <= LONGEST_INTERVAL:
        raise ValueError("verdict or interval")
    counts = known.get("counts", {})
    known["counts"] = once.get(("counts", *counts.items())) or _kept(counts, once)
    return IndexEntry(**{**known, "days": tuple(_day(day, once) for day in plain.get("days", ()))})


def _value(name: str, value: Any, once: dict[Any, Any]) -> Any:
    """The value of a field; a text that was read before is that text."""
    if type(value) not in _TYPES[name]:
        raise TypeError(name)
    if name in _STAMPS and value:
        parse_iso(value)
    return once.setdefault(value, value) if isinstance(value, str) else value


def _kept(counts: Mapping[str, Any], once: dict[Any, Any]) -> Mapping[str, int]:
    if any(type(count) is not int for count in counts.values()):
        raise TypeError("counts")
    return once.setdefault(("counts", *counts.items()), counts)  # type: ignore[no-any-return]


def _day(plain: Mapping[str, Any], once: dict[Any, Any]) -> Day:
    day = Day(plain["date"], plain["verdict"], plain["new"], plain["resolved"])
    if day not in once:
        parse_iso(day.date)
        if day.verdict not in _VERDICTS or {type(day.new), type(day.resolved)} != {int}:
            raise ValueError("day")
    return once.setdefault(day, day)  # type: ignore[no-any-return]


def merged_index(theirs: Index, ours: Index) -> Index:
    """What two runs that wrote at once know together: of each target the later run, of each lane the last starts."""
    changed = {name: _later(theirs.targets.get(name), entry) for name, entry in ours.targets.items()}
    later = {lane: _last_starts(theirs.starts.get(lane, ()), starts) for lane, starts in ours.starts.items()}
    lease = max((one for one in (theirs.lease, ours.lease) if one), key=lambda one: one.until, default=None)
    told = {**theirs.fleet_told, **ours.fleet_told}
    return Index({**theirs.targets, **changed}, {**theirs.starts, **later}, lease, told)


def _later(one: IndexEntry | None, other: IndexEntry) -> IndexEntry:
    """The later of theirs and ours; of two places the one that the name stands for now, which is ours."""
    if one is None or ("" not in (one.place, other.place) and one.place != other.place):
        return other
    is_later = (one.last_run_at, one.last_complete_at) > (other.last_run_at, other.last_complete_at)
    earlier, later = (other, one) if is_later else (one, other)
    first_seen = min(filter(None, (one.first_seen, other.first_seen)), default="")
    complete = max(earlier.last_complete_at, later.last_complete_at)
    return later._replace(first_seen=first_seen, last_complete_at=complete)


def _last_starts(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    """The last of all starts, each as often as where it stands more often."""
    only_one = [] if one == other else list(one)
    for start in other if only_one else ():
        if start in only_one:
            only_one.remove(start)
    return tuple(sorted((*other, *only_one))[-STARTS_KEPT:])


def leased(index: Index, now: datetime, budget: timedelta) -> bool:
    """Whether another run works on the shard. A lease that lasts longer than a run can is of a clock that was wrong."""
    if index.lease is None:
        return False
    until = parse_iso(index.lease.until)
    return now < until <= now + budget


def believed(index: Index, now: datetime) -> Index:
    """The index without what a clock wrote that was ahead: a time in the future counts as never."""
    at = iso(now)
    return index._replace(targets={name: _believed(entry, at) for name, entry in index.targets.items()})


def _believed(entry: IndexEntry, now: str) -> IndexEntry:
    if max(entry.last_run_at, entry.last_complete_at, entry.first_seen) <= now:
        return entry
    return entry._replace(
        last_run_at=entry.last_run_at if entry.last_run_at <= now else "",
        last_complete_at=entry.last_complete_at if entry.last_complete_at <= now else "",
        first_seen=min(entry.first_seen, now),
        days=tuple(day for day in entry.days if day.date <= now[:10]),
    )


def with_day(days: tuple[Day, ...], now: datetime, verdict: Verdict, new: int, resolved: int) -> tuple[Day, ...]:
    """The days with this run's: of one day the worst verdict and the sums, of all the last 31."""
    today = iso(now)[:10]
    before = next((day for day in days if day.date == today), Day(today, verdict))
    worst = min(before.verdict, verdict, key=_VERDICTS.index)
    changed = before._replace(verdict=worst, new=before.new + new, resolved=before.resolved + resolved)
    others = (day for day in days if day.date != today)
    return tuple(sorted((*others, changed))[-DAYS_KEPT:])
