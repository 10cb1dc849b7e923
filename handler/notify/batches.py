"""What a sink is told in one message: its items, which of them must arrive some day, and its id. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from handler.models import Severity
from handler.state.memory import Batch, Item, place_of

if TYPE_CHECKING:
    from handler.models import Report
    from handler.sinks.sink import Sink

# items whose key is a fingerprint
BEGINNINGS: Final = ("new", "newly_forbidden", "reopened")
ENDED_ITEMS: Final = ("resolved", "missed")
FINDING_ITEMS: Final = (
    *BEGINNINGS,
    *("grown", "raised", "lowered", "flapping", "steady", "reminded", *ENDED_ITEMS, "rekeyed"),
)

_SEVERITIES: Final = {str(one): one for one in Severity}


def batch_of(sink: Sink, report: Report, items: list[Item]) -> Batch:
    """A message of these items; one of a single run's worth bears the run."""
    if not any(lasting(item) for item in items):
        items = [*items, Item("run", report.run_id)]
    return Batch(delivery_id(sink.name, items, place_of(report.target)), tuple(items))


def lasting(item: Item) -> bool:
    """Whether the item must reach the sink some day; the others are worth nothing after their run."""
    return item.what not in ("run", "heartbeat", "drift")


def severity_of(item: Item) -> Severity | None:
    """How severe the finding was when the item was made; None where it does not say so."""
    return _SEVERITIES.get(item.text)


def delivery_id(sink_name: str, items: list[Item], place: str = "") -> str:
    """An id made of the sink and of what it is told, so that it is the same after a crash, and no other event's.

    Fingerprints hold the place; where there is none, it has to be said.
    """
    parts = sorted([item.what, item.key, item.mark] for item in items)
    if place and not any(item.what in FINDING_ITEMS for item in items):
        parts.append(["place", place, ""])
    return id_of(sink_name, parts)


def id_of(sink_name: str, parts: object) -> str:
    """A digest of what a sink is told, in plain values."""
    return hashlib.sha256(json.dumps([sink_name, parts]).encode()).hexdigest()[:32]
