"""The check-ins of a run: one call to each dead man's switch, after everything else, by the worst verdict of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import iso
from handler.logs import LOGGER
from handler.models import Delivery, Report, Target
from handler.notify.send import Acceptance, DeliveryContext, send
from handler.sinks.sink import Notification

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from handler.clock import Deadline
    from handler.models import Verdict
    from handler.run.wiring import Wiring
    from handler.sinks.sink import Sink

RESERVED = 3.0  # seconds of a run that are kept for its check-ins


def check_in(
    sinks: Iterable[Sink],
    run_id: str,
    started_at: datetime,
    verdict: Verdict,
    wiring: Wiring,
    deadline: Deadline,
    *,
    dry_run: bool,
) -> tuple[Delivery, ...]:
    """Call each of the sinks that are told once a run. Raises nothing; what is not taken is named in the log."""
    at = iso(started_at)
    report = Report(run_id, at, at, verdict, "", "", (), Target())
    deliveries = []
    for sink in (one for one in sinks if one.kind.once_a_run):
        if dry_run:
            deliveries.append(Delivery(sink.name, sink.kind.name, "dry_run"))
            continue
        warm = wiring.context.warm
        sent = send(Notification(run_id, report), sink, DeliveryContext(warm.web, deadline, warm.random))
        status = sent.status if sent.acceptance is Acceptance.TAKEN else "failed"  # the next run's call is its own
        delivery = Delivery(sink.name, sink.kind.name, status, wiring.redactor.text(sent.reason))
        if status == "failed":
            marks = {"run_id": run_id, "sink": sink.name}
            LOGGER.warning("%s (%s) did not take it: %s", sink.name, sink.kind.name, delivery.reason, extra=marks)
        deliveries.append(delivery)
    return tuple(deliveries)


def with_check_ins(reports: Sequence[Report], deliveries: tuple[Delivery, ...]) -> tuple[Report, ...]:
    """The reports of a run, the first of which holds the deliveries that belong to the run as a whole."""
    if not reports:
        return ()
    first = reports[0]
    return (first._replace(deliveries=(*first.deliveries, *deliveries)), *reports[1:])
