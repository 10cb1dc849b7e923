"""PagerDuty Events API v2: one event for each incident that opens, changes or ends.

Limits (developer.pagerduty.com): summary 1024 characters, dedup_key 255, 512 KB an event.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from handler.foreign_text import one_line
from handler.models import Severity
from handler.report.verdict import asked_at
from handler.sinks.answers import DELIVERED, DeliveryOutcome, SinkAnswer, because, by_status, fields_of, not_understood
from handler.sinks.message import SinkMessage, json_message
from handler.sinks.text.fitting import and_more
from handler.sinks.text.folding import fold
from handler.sinks.text.incidents import incidents_of
from handler.sinks.text.lines import LONG, how_many, links, servers, short_digest, where
from handler.sinks.text.moves import ended_words
from handler.sinks.text.wording import tolerance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink
    from handler.sinks.text.folding import PortLine
    from handler.sinks.text.incidents import Incident

_TRIGGER = {"event_action": "trigger", "client": "port-compliance"}
_SUMMARY, _KEY, _PAUSE = 1024, 255, 60.0
_MOVE = 2  # events: an incident under another key takes that many
_PORTS_NAMED, _PORTS_LISTED = 5, 50
_SEVERITIES = {Severity.CRITICAL: "critical", Severity.HIGH: "error", Severity.MEDIUM: "warning"}


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """A trigger for each incident that opens or changes, then a resolve for each that ended.

    `shrink` only drops texts, for what is not sent here must stay due.
    What could not be seen opens an incident of its own, which closes when everything is seen again. No event at all
    means that there is nothing to say here.
    """
    key = sink.routing_key.reveal() if sink.routing_key else ""
    incidents = incidents_of(notification, sink)[: max(_MOVE, sink.max_findings)]
    told = [(_event(notification, sink, one, rich=shrink == 0), one) for one in incidents]
    return (
        *(json_message({"routing_key": key, **event}) for event in _sight(notification)),
        *(json_message({"routing_key": key, **event}, findings=one.about) for event, one in told),
    )


def _event(notification: Notification, sink: Sink, incident: Incident, *, rich: bool) -> dict[str, Any]:
    dedup = one_line(incident.key, _KEY)
    if not incident.is_open:
        return {"event_action": "resolve", "dedup_key": dedup, "payload": _end(notification, incident)}
    worst, lines = incident.findings[0], fold(incident.findings)
    payload: dict[str, Any] = {
        "summary": one_line(_summary(notification, incident, lines), _SUMMARY),
        "source": _target(notification),
        "severity": _SEVERITIES.get(worst.severity, "info"),
        "component": where(lines[0]) if len(lines) == 1 else _target(notification),
        "group": one_line(worst.category, 80),
        "class": one_line(worst.rule_id, 80),
    }
    since = min((one.first_seen for one in incident.findings if one.first_seen), default="")
    payload |= {"timestamp": since} if since else {}
    details = {**(_details(notification, sink, incident, lines) if rich else {}), **_warning(notification)}
    if details:
        payload["custom_details"] = details
    return {
        "event_action": "trigger",
        "dedup_key": dedup,
        "client": "port-compliance",
        "payload": payload,
        "links": [{"href": url, "text": label} for label, url in links(worst)],
    }


def _summary(notification: Notification, incident: Incident, lines: Sequence[PortLine]) -> str:
    """`23/tcp is open on prod: Telnet is open (critical, 3 servers)`; of several the first ports, and how many more."""
    worst, target = incident.findings[0], _target(notification)
    what = one_line(worst.title or worst.rule_id, LONG)
    if len(lines) == 1:
        return f"{where(lines[0])} is open on {target}: {what} ({worst.severity}, {how_many(lines[0])})"
    shown = ", ".join(where(line) for line in lines[:_PORTS_NAMED])
    more = f" {and_more(len(lines) - _PORTS_NAMED)}" if len(lines) > _PORTS_NAMED else ""
    rules = len({one.rule_id for one in incident.findings})
    others = f" and {rules - 1} more rules" if rules > 1 else ""
    return f"{shown}{more} are open on {target}: {what}{others} (worst: {worst.severity})"


def _end(notification: Notification, incident: Incident) -> dict[str, Any]:
    """What the incident's log says of its end: why, or that it goes on under another key."""
    worst, lines = incident.findings[0], fold(incident.findings)
    gone = {one.fingerprint for one in notification.resolved}
    what = one_line(worst.title or worst.rule_id, LONG)
    named = ", ".join(where(line) for line in lines[:_PORTS_NAMED])
    because = notification.ended_because(worst) if worst.fingerprint in gone else "regrouped"
    words = ended_words(because) if worst.fingerprint in gone else "told in another incident now"
    return {
        "summary": one_line(f"{named} on {_target(notification)} is {words}: {what}", _SUMMARY),
        "source": _target(notification),
        "severity": _SEVERITIES.get(worst.severity, "info"),
        "custom_details": {"because": because},
    }


def _details(notification: Notification, sink: Sink, incident: Incident, lines: Sequence[PortLine]) -> dict[str, Any]:
    worst, asked = incident.findings[0], asked_at(notification.report)
    hosts = tuple(host for line in lines for host in line.hosts) if sink.hosts else ()
    several = {"ports": _named(lines)} if len(lines) > 1 else {"num": worst.num}
    return {
        **several,
        **({"ended": _named(fold(incident.ended))} if incident.ended else {}),
        "why": one_line(worst.rationale, LONG),
        "do": one_line(worst.remediation, LONG),
        **({"owner": one_line(worst.owner, LONG)} if worst.owner else {}),
        **({"hss_asked_at": asked} if asked else {}),
        "policy": f"{one_line(notification.report.policy_name, 60)} {short_digest(notification.report.policy_digest)}",
        **({"servers": servers(hosts)} if hosts else {}),
    }


def _named(lines: Sequence[PortLine]) -> list[str]:
    """Ports with their severity and number, the worst first, and how many more there are."""
    shown = [f"{where(line)}: {line.severity}, {how_many(line)}" for line in lines[:_PORTS_LISTED]]
    return [*shown, and_more(len(lines) - _PORTS_LISTED)] if len(lines) > _PORTS_LISTED else shown


def _warning(notification: Notification) -> dict[str, str]:
    tolerated = " ".join(tolerance(notification))
    return {"warning": tolerated} if tolerated else {}


def _target(notification: Notification) -> str:
    return one_line(notification.report.target.name, 60) or "default"


def _sight(notification: Notification) -> Iterable[dict[str, Any]]:
    """The event on what could not be seen, or its end."""
    target = notification.report.target
    place = f"{target.host}\n{target.project_id}\n{target.enterprise_project_id}"
    dedup = "unseen-" + hashlib.sha256(place.encode(errors="replace")).hexdigest()
    if notification.not_seen:
        sentences = "; ".join(one_line(sentence, LONG) for sentence in notification.not_seen[:10])
        summary = one_line(f"{_target(notification)} is inconclusive: {sentences}", _SUMMARY)
        payload: dict[str, Any] = {
            "summary": summary,
            "source": _target(notification),
            "severity": "error",
            "class": "inconclusive",
            **({"custom_details": warning} if (warning := _warning(notification)) else {}),
        }
        yield {**_TRIGGER, "dedup_key": dedup, "payload": payload}
    elif notification.seen_again and not notification.is_blind:
        yield {"event_action": "resolve", "dedup_key": dedup}


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is 202; over the limit a minute of patience is asked for."""
    said = fields_of(body) or {}
    words = str(said.get("message", ""))
    refused = by_status(status, headers, words)
    if refused is None:
        return DELIVERED if status == 202 and said.get("status", "success") == "success" else not_understood(status)
    if status == 429 and refused.retry_after is None:
        return SinkAnswer(DeliveryOutcome.RETRY_NOW, because(status, words), _PAUSE)
    return refused
