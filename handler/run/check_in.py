"""The check-ins of a run: one call to each dead man's switch, after everything else, by the worst verdict of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import iso
from handler.logs import LOGGER
from handler.models import Report, Target
from handler.models.delivery import Delivery
from handler.notify.send import Acceptance, DeliveryContext, SendResult, send
from handler.report.verdict import verdict_of_run
from handler.sinks.sink import Notification

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from handler.clock import Deadline
    from handler.decide.schedule import Deferred
    from handler.run.wiring import Wiring
    from handler.sinks.sink import Sink


def check_in(
    sinks: Iterable[Sink],
    run_id: str,
    started_at: datetime,
    reports: Sequence[Report],
    wiring: Wiring,
    deadline: Deadline,
    *,
    deferred: Sequence[Deferred] = (),
    dry_run: bool,
) -> tuple[Report, ...]:
    """Call each of the sinks that are told once a run. Gives the reports, the first of them with what came of it.

    Raises nothing; what is not taken is named in the log.
    """
    at = iso(started_at)
    whole = Report(run_id, at, at, verdict_of_run(reports, deferred), "", "", (), Target())
    once = [sink for sink in sinks if sink.kind.once_a_run]
    told = tuple(_told(sink, whole, wiring, deadline, dry_run=dry_run) for sink in once)
    if not reports:
        return ()
    return (reports[0]._replace(deliveries=(*reports[0].deliveries, *told)), *reports[1:])


def _told(sink: Sink, whole: Report, wiring: Wiring, deadline: Deadline, *, dry_run: bool) -> Delivery:
    if dry_run:
        return Delivery(sink.name, sink.kind.name, "dry_run")
    warm = wiring.context.warm
    try:
        sent = send(Notification(whole.run_id, whole), sink, DeliveryContext(warm.web, deadline, warm.random))
    except Exception as error:  # noqa: BLE001 - named by its type only: the targets have their reports, whatever it is
        sent = SendResult(Acceptance.UNKNOWN, "failed", f"internal error {type(error).__name__}")
    status = sent.status if sent.acceptance is Acceptance.TAKEN else "failed"  # the next run's call is its own
    delivery = Delivery(sink.name, sink.kind.name, status, wiring.redactor.text(sent.reason))
    if status == "failed":
        marks = {"run_id": whole.run_id, "sink": sink.name}
        LOGGER.warning("%s (%s) did not take it: %s", sink.name, sink.kind.name, delivery.reason, extra=marks)
    return delivery
