"""PagerDuty Events API v2: one event per finding, which the fingerprint opens and closes.

Limits (developer.pagerduty.com): summary 1024 characters, dedup_key 255, 512 KB an event.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from handler.foreign_text import one_line
from handler.models import Finding, Severity
from handler.sinks.answers import DELIVERED, DeliveryOutcome, SinkAnswer, because, by_status, fields_of, not_understood
from handler.sinks.message import SinkMessage, json_message
from handler.sinks.text.folding import fold
from handler.sinks.text.lines import LONG, how_many, links, servers, short_digest, where
from handler.sinks.text.moves import due_findings, ended_words
from handler.sinks.text.wording import tolerance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink

_TRIGGER = {"event_action": "trigger", "client": "port-compliance"}
_SUMMARY, _KEY, _PAUSE = 1024, 255, 60.0
_SEVERITIES = {Severity.CRITICAL: "critical", Severity.HIGH: "error", Severity.MEDIUM: "warning"}


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """A trigger for each finding that is due, a resolve for each that is gone; at most `max_findings`.

    `shrink` only drops texts, for what is not sent here must stay due.
    What could not be seen opens an incident of its own, which closes when everything is seen again. No event at all
    means that there is nothing to say here.
    """
    key = sink.routing_key.reveal() if sink.routing_key else ""
    triggers = [(finding, "trigger") for finding in due_findings(notification)]
    events = [*triggers, *((finding, "resolve") for finding in notification.resolved)][: sink.max_findings]
    told = [(_event(notification, sink, finding, action, rich=shrink == 0), finding) for finding, action in events]
    return (
        *(json_message({"routing_key": key, **event}) for event in _sight(notification)),
        *(json_message({"routing_key": key, **event}, finding=one.fingerprint) for event, one in told),
    )


def _event(notification: Notification, sink: Sink, finding: Finding, action: str, *, rich: bool) -> dict[str, Any]:
    dedup = one_line(finding.fingerprint, _KEY)
    line = fold([finding])[0]
    what = one_line(finding.title or finding.rule_id, LONG)
    if action == "resolve":
        return {"event_action": "resolve", "dedup_key": dedup, "payload": _end(notification, finding, what)}
    summary = f"{where(line)} is open on {_target(notification)}: {what} ({finding.severity}, {how_many(line)})"
    payload: dict[str, Any] = {
        "summary": one_line(summary, _SUMMARY),
        "source": _target(notification),
        "severity": _SEVERITIES.get(finding.severity, "info"),
        "component": where(line),
        "group": one_line(finding.category, 80),
        "class": one_line(finding.rule_id, 80),
        **({"timestamp": finding.first_seen} if finding.first_seen else {}),
    }
    details = {**(_details(notification, sink, finding) if rich else {}), **_warning(notification)}
    if details:
        payload["custom_details"] = details
    return {
        "event_action": "trigger",
        "dedup_key": dedup,
        "client": "port-compliance",
        "payload": payload,
        "links": [{"href": url, "text": label} for label, url in links(finding)],
    }


def _end(notification: Notification, finding: Finding, what: str) -> dict[str, Any]:
    """What the incident's log says of its end."""
    because = notification.ended_because(finding)
    summary = f"{where(fold([finding])[0])} on {_target(notification)} is {ended_words(because)}: {what}"
    return {
        "summary": one_line(summary, _SUMMARY),
        "source": _target(notification),
        "severity": _SEVERITIES.get(finding.severity, "info"),
        "custom_details": {"because": because},
    }


def _details(notification: Notification, sink: Sink, finding: Finding) -> dict[str, Any]:
    hosts = {"servers": servers(finding.hosts)} if sink.hosts and finding.hosts else {}
    return {
        "num": finding.num,
        "why": one_line(finding.rationale, LONG),
        "do": one_line(finding.remediation, LONG),
        **({"owner": one_line(finding.owner, LONG)} if finding.owner else {}),
        "hss_asked_at": notification.report.taken_at or notification.report.started_at,
        "policy": f"{one_line(notification.report.policy_name, 60)} {short_digest(notification.report.policy_digest)}",
        **hosts,
    }


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
    elif notification.seen_again and notification.report.verdict != "inconclusive":
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
