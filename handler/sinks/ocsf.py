"""OCSF Compliance Findings (class 2003) as a JSON array: what is due, what is closed, what was not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.formats.ocsf import ocsf_event, ocsf_events
from handler.sinks.answers import by_status_alone
from handler.sinks.message import json_message
from handler.sinks.text.cutting import is_cut, listed_findings, most_listed
from handler.sinks.text.moves import ended_words
from handler.sinks.text.wording import tolerance

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from handler.models import Finding
    from handler.sinks.message import SinkMessage
    from handler.sinks.sink import Notification, Sink

_SUPPRESSED = {"status_id": 3, "status": "Suppressed"}


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """One POST of an array; from the third step on `shrink` halves the number of events."""
    tolerated = " ".join(tolerance(notification))
    warning = {"status_detail": tolerated} if tolerated else {}
    events = (event for part in notification.of_targets for event in _events(part, sink, shrink))
    return (json_message([warning | event for event in events]),)


def _events(notification: Notification, sink: Sink, shrink: int) -> Iterable[dict[str, Any]]:
    begun = (*notification.new, *notification.newly_forbidden, *notification.reopened)
    fresh = {finding.fingerprint for finding in begun}
    for finding in listed_findings(notification, sink, shrink):
        shown = _shown(finding, sink, shrink)
        yield ocsf_event(notification.report, shown, "create" if finding.fingerprint in fresh else "update")
    for finding in (*notification.resolved, *notification.missed)[: most_listed(sink, shrink)]:
        because = notification.ended_because(finding)
        said = {"status_detail": ended_words(because)} | (_SUPPRESSED if because == "exempted" else {})
        yield ocsf_event(notification.report, _shown(finding, sink, shrink), "close") | said
    if not notification.further:
        yield from ocsf_events(notification.report._replace(findings=()))[: most_listed(sink, shrink)]


def _shown(finding: Finding, sink: Sink, shrink: int) -> Finding:
    """Without servers where the sink may not know them, without long texts where the first try was too large."""
    shown = finding if sink.hosts else finding._replace(hosts=None)
    return shown._replace(rationale="", remediation="", references=(), hosts=None) if is_cut(shrink) else shown


judge = by_status_alone  # any 2xx is success
