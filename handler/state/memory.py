"""What is remembered between runs: what was found, what was told to whom, and what is being told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.models import Finding, Target

HISTORY_LENGTH: Final = 400
LONGEST_INTERVAL: Final = 10**9  # seconds; beyond it, an interval is a damaged one
INCIDENT: Final = "incident="  # how the part of a mark begins that names the incident it is told under
SERVERS: Final = "servers="  # how the part of a mark begins that says how many servers were seen


class Receipt(NamedTuple):
    """What one sink was last told of one finding: `open`, `resolved` or `flapping`, in which episode, with which num.

    `severity` is None where an earlier version, which did not heed it, wrote the receipt. `key` is that of the incident
    under which it was told; empty: its own. `also` are the severities under which a mirror that did not answer may fire
    as well.
    """

    transition: str
    episode: int
    num: int
    at: str
    severity: int | None = None
    servers: int | None = None  # how many had been seen behind it until then; None: not known
    key: str = ""
    also: tuple[int, ...] = ()


class Item(NamedTuple):
    """One thing that a sink is told.

    `what`: new, newly_forbidden, grown, raised, lowered, reopened, flapping, steady, reminded, resolved, missed,
    rekeyed (`key`: a fingerprint); not_seen, seen_again (a category, empty: the run as a whole); exemption (its id);
    drift (its text); gap, policy (when it began); announced (a rule); digest, heartbeat, run (a time or run id). `mark`
    tells apart what happens to the same key twice: episode and num, reason, stage, digest. `text` is a reason, an
    owner, what a rule will forbid; the severity that is told; of what is resolved, why it ended.
    """

    what: str
    key: str
    mark: str = ""
    text: str = ""


class Batch(NamedTuple):
    """Items of one message, saved before it is sent. `lease_until` is empty where nobody is sending it now."""

    delivery_id: str
    items: tuple[Item, ...]
    claimed_by: str = ""
    lease_until: str = ""


class Remembered(NamedTuple):
    """A finding as last seen. Each opening after a closing begins a new `episode`, at `opened_at`."""

    finding: Finding
    first_seen: str
    last_seen: str
    opened_at: str
    status: str = "open"  # or "resolved"
    episode: int = 1
    reopened: bool = False  # this episode began less than 30 days after the one before
    base_num: int = 0  # what growth is measured against while no sink was told
    resolved_at: str | None = None
    because: str = ""
    told: Mapping[str, Receipt] = {}
    forbidden: bool = False  # this episode began because the policy says more, or something no longer excused it
    was_severity: int | None = None  # before it last changed in this episode
    ended_at: str | None = None  # when and why the episode before ended
    ended_because: str = ""
    severity_at: str | None = None  # when it last changed
    servers: tuple[str, ...] = ()  # ids of those seen behind it in this episode, shortened, in order of first sight
    server_count: int = 0  # how many that were, those that are no longer kept included
    closings: tuple[str, ...] = ()  # the last three times that it closed
    flapping_since: str | None = None  # set while it opens and closes again and again


class SinkMemory(NamedTuple):
    """What one sink was told beside findings. `since`: when it was first known."""

    since: str
    last_told: str | None = None
    pending: tuple[Batch, ...] = ()
    not_seen: Mapping[str, tuple[str, ...]] = {}  # category: reasons told
    exemptions: Mapping[str, str] = {}  # id, end and stage: when told
    drift: tuple[str, ...] = ()
    blind_since: Mapping[str, str] = {}  # category: when what was told as not seen had begun
    gap: str = ""  # the beginning of the last gap that was told
    policy: str = ""  # when the last change of the policy that was told had come
    announced: Mapping[str, str] = {}  # rule: its day, and the last stage before it that was told
    told_as: tuple[str, ...] = ()  # what the target was called when it was told last, in the order of its fields
    kind: str = ""  # of which it was in the last run


class RunSummary(NamedTuple):
    """One line of history. `counts` are critical, high, medium, low, info; `ports` is the open ports in total."""

    run_id: str
    at: str
    verdict: str
    counts: tuple[int, ...]
    ports: int
    seconds: int
    calls: int


class LastRun(NamedTuple):
    """Everything one run leaves for the next.

    `began_at` is the first run of this memory, empty where none is kept; `lost`: a state before it could not be read.
    `excused` are the nums of what was exempted or only announced, `rules` what each rule spoke of when its category was
    last seen whole (by category and rule id): both tell whether a finding is new or newly forbidden.
    `blind_since` says since when a category (empty: the run as a whole) has not been seen whole. `target` is the one
    that was checked, in the order of its fields, `interval_seconds` how often it was due, 0 where that is not known.
    `others` are the other places that the same state remembers, without
    their history.
    """

    run_at: str
    policy_digest: str = ""
    place: str = ""
    findings: Mapping[str, Remembered] = {}
    sinks: Mapping[str, SinkMemory] = {}
    drift: tuple[str, ...] = ()
    history: tuple[RunSummary, ...] = ()
    began_at: str = ""
    lost: bool = False
    excused: Mapping[str, int] = {}
    rules: Mapping[str, Mapping[str, tuple[Any, ...]]] = {}
    blind_since: Mapping[str, str] = {}
    target: tuple[str, ...] = ()
    gap: tuple[str, ...] = ()  # the last time without runs: when it began and ended, and its hours
    policy_change: tuple[str, ...] = ()  # the policy that last took another's place: its digest, and when
    interval_seconds: int = 0
    others: Mapping[str, LastRun] = {}


def place_of(target: Target) -> str:
    """How a state calls the place that a target checks; its name in messages is no part of it."""
    return f"{target.host}|{target.project_id}|{target.enterprise_project_id}"


def place_parts(place: str) -> tuple[str, str, str]:
    """Host, project and enterprise project of a place; empty where it does not say them."""
    host, project_id, enterprise_project_id = (*place.split("|"), "", "")[:3]
    return host, project_id, enterprise_project_id


def at_place(last_run: LastRun | None, place: str) -> tuple[LastRun | None, Mapping[str, LastRun]]:
    """What is remembered of a place, and of all others; a memory without a place is of whatever is asked first."""
    if last_run is None:
        return None, {}
    if not place or last_run.place in ("", place):
        return last_run._replace(others={}), last_run.others
    places = {**last_run.others, last_run.place: last_run._replace(others={}, history=())}
    return places.pop(place, None), places
