"""A harmless message, marked as a test, for each sink: whether it would take a real one. Nothing is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.clock import iso
from handler.models import Finding, Problem, Report, Severity, Target
from handler.models.delivery import Delivery
from handler.notify.send import DeliveryContext, send
from handler.sinks.sink import Notification

if TYPE_CHECKING:
    from datetime import datetime

    from handler.sinks.sink import Sink

SAID: Final = "This is a test message of port-compliance: nothing was checked, and there is nothing to do."


def try_sinks(sinks: tuple[Sink, ...], context: DeliveryContext, test_id: str) -> tuple[Delivery, ...]:
    """Send each sink its test, within its share of the time, and tell what came of it as in a run."""
    deliveries = []
    for done, sink in enumerate(sinks):
        share = context.deadline.share(len(sinks) - done)
        sent = send(_notification(sink, share.clock.now(), test_id), sink, context._replace(deadline=share))
        deliveries.append(Delivery(sink.name, sink.kind.name, sent.status, sent.reason))
    return tuple(deliveries)


def _notification(sink: Sink, now: datetime, test_id: str) -> Notification:
    """A run that checked nothing; where each finding is an alert of its own, the end of one that never began.

    A check-in is one that went well, marked: the other would call somebody.
    """
    report = _report(now, test_id)
    if sink.kind.once_a_run:
        return Notification(test_id, report._replace(verdict="compliant", problems=()), notes=(SAID,))
    if sink.kind.mirrors or sink.kind.event_per_finding:
        return Notification(test_id, report._replace(verdict="compliant", problems=()), resolved=(_finding(now),))
    return Notification(test_id, report, not_seen=(SAID,))


def _report(now: datetime, test_id: str) -> Report:
    """Inconclusive, because nothing was asked: a test never says that all is well."""
    return Report(
        run_id=test_id,
        started_at=iso(now),
        finished_at=iso(now),
        verdict="inconclusive",
        policy_name="test",
        policy_digest="",
        policy_files=(),
        target=Target(name="TEST"),
        problems=(Problem(SAID),),
        warnings=(SAID,),
    )


def _finding(now: datetime) -> Finding:
    return Finding(
        fingerprint="port-compliance-test",
        rule_id="test",
        title=SAID,
        severity=Severity.INFO,
        category="host",
        port=0,
        protocol="tcp",
        num=0,
        message=SAID,
        first_seen=iso(now),
    )
