"""A timer with `{"fleet": true}`: the digest of all targets, from the indexes; HSS is asked nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from handler.clock import Deadline
from handler.decide.fleet import STANDINGS, fleet_of
from handler.decide.fleet_digest import digest_for
from handler.errors import DeliveryError, SettingsError, UnknownError
from handler.models import Problem, Report, Target
from handler.models.delivery import Delivery
from handler.notify.send import Acceptance, DeliveryContext, send
from handler.run.indexes import fleet_urls, read_indexes
from handler.sinks.sink import Notification
from handler.state.shared_index import SharedIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.decide.fleet import FleetStatus
    from handler.decide.fleet_digest import FleetDigest
    from handler.run.wiring import Wiring
    from handler.sinks.sink import Sink

SUBJECT = "the fleet"
LINES_TOLD = 9  # a chat shows ten sentences of a kind
SUM_WORDS = {"never": "never checked", "violations": "with violations"}


def tell_fleet(wiring: Wiring, seconds: float, *, dry_run: bool = False) -> dict[str, Any]:
    """Tell each sink with `digest: true` what is silent or worse than last time; gives counts and deliveries.

    What was told is kept in the first index, by sink and target. Raises SettingsError, and UnknownError or
    DeliveryError where the platform must count a failure: nobody could be told.
    """
    problems = list(wiring.problems)
    sinks = tuple(sink for sink in wiring.sinks(problems, with_state=True) if sink.digest)
    urls = fleet_urls(wiring)
    if not problems and not (sinks and urls):
        problems.append("a fleet digest needs a sink with `digest: true`, and STATE_URL or FLEET_STATE_URLS")
    if problems:
        raise SettingsError(problems)
    wiring.begin(seconds)
    clock = wiring.context.clock
    indexes, unread = read_indexes(wiring, urls)
    fleet = fleet_of(indexes, clock.now(), unread=unread)
    store = wiring.index_store(urls[0], wiring.settings.place, read_only=dry_run)
    assert store is not None
    memory = SharedIndex(store, "fleet", clock, read_only=dry_run)
    memory.load()
    deliveries, whole = [], Deadline.after(seconds, clock)
    for done, sink in enumerate(sinks):
        share = whole.share(len(sinks) - done)
        deliveries.append(_tell(sink, fleet, memory, wiring, share, dry_run=dry_run))
    memory.save()
    _fail_where_nobody_knows(fleet, deliveries)
    return {
        "version": "1",
        "taken_at": fleet.taken_at,
        "counts": fleet.counts,
        "deliveries": [delivery._asdict() for delivery in deliveries],
    }


def _tell(
    sink: Sink, fleet: FleetStatus, memory: SharedIndex, wiring: Wiring, share: Deadline, *, dry_run: bool
) -> Delivery:
    """Tell one sink what it is due, and remember it if it was taken."""
    told = memory.fleet_told(sink.name)
    digest = digest_for(fleet, told, share.clock.now(), sink.remind_after)
    tells = bool(digest.lines) or (digest.seen_again and sink.kind.holds_incidents)
    if not tells or dry_run:
        if not tells:
            memory.tell_fleet(sink.name, digest.told)
        return Delivery(sink.name, sink.kind.name, "dry_run" if tells else "quiet")
    context = DeliveryContext(wiring.context.warm.web, share, wiring.context.warm.random)
    sent = send(_notification(sink, fleet, digest, len(fleet_urls(wiring))), sink, context)
    if sent.acceptance is Acceptance.TAKEN:
        memory.tell_fleet(sink.name, digest.told)
    return Delivery(sink.name, sink.kind.name, sent.status, wiring.redactor.text(sent.reason))


def _notification(sink: Sink, fleet: FleetStatus, digest: FleetDigest, states: int) -> Notification:
    """The digest as what every kind can say: lines on what is not seen or worse, then the sums.

    The report holds them too, for those that read it and no message. What holds an incident of the fleet knows it by a
    name that stays, however many targets there are.
    """
    counts = fleet.counts
    sums = ", ".join(f"{counts[standing]} {SUM_WORDS.get(standing, standing)}" for standing in STANDINGS)
    report = Report(
        run_id=f"fleet-{fleet.taken_at}",
        started_at=fleet.taken_at,
        finished_at=fleet.taken_at,
        verdict=digest.verdict if sink.kind.holds_incidents else fleet.verdict,
        policy_name="",
        policy_digest="",
        policy_files=(),
        target=Target(
            name=SUBJECT if sink.kind.holds_incidents else f"fleet of {counts['targets']} targets",
            cloud="",
            region="" if sink.kind.holds_incidents else f"{states} state{'s' * (states != 1)}",
        ),
        problems=tuple(map(Problem, _cut(digest.not_seen))),
        warnings=(*_cut(digest.violations), sums),
    )
    delivery_id = f"msg_{hashlib.sha256(f'{sink.name}|{digest.key}'.encode()).hexdigest()[:32]}"
    return Notification(
        delivery_id,
        report,
        not_seen=tuple(map(str, report.problems)),
        notes=report.warnings[:-1],
        seen_again=(SUBJECT,) if digest.seen_again else (),
        headline=f"{sums}.",
        of_fleet=True,
    )


def _cut(lines: Sequence[str]) -> tuple[str, ...]:
    """As many lines as a chat shows, and how many more there are."""
    more = len(lines) - LINES_TOLD
    return (*lines[:LINES_TOLD], *((f"and {more} more: see `port-compliance fleet`",) if more > 0 else ()))


def _fail_where_nobody_knows(fleet: FleetStatus, deliveries: list[Delivery]) -> None:
    bad = [delivery for delivery in deliveries if delivery.missed]
    if any(delivery.taken for delivery in deliveries) or not bad:
        return
    reasons = "; ".join(f"{delivery.sink}: {delivery.reason}" for delivery in bad)
    if fleet.unread:
        raise UnknownError(f"not all indexes could be read, and nobody was told: {reasons}")
    raise DeliveryError(f"no sink accepted the fleet's digest: {reasons}")
