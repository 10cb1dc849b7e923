"""PagerDuty Events API v2: one event per finding, which the fingerprint opens and closes.

Limits (developer.pagerduty.com): summary 1024 characters, dedup_key 255, 512 KB an event.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from handler.foreign_text import one_line
from handler.models import Finding, Severity
from handler.sinks.answers import DELIVERED, because, by_status, fields_of, not_understood
from handler.sinks.post import json_message
from handler.sinks.sink import Judgement, Message, Outcome
from handler.sinks.text.dialects import safe_url
from handler.sinks.text.folding import fold
from handler.sinks.text.lines import LONG, how_many, servers, where
from handler.sinks.text.wording import owed_findings, short_digest, tolerance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.sinks.sink import Notice, Sink

CHAT = False
_TRIGGER = {"event_action": "trigger", "client": "port-compliance"}
_SUMMARY, _KEY, _PAUSE = 1024, 255, 60.0
_SEVERITIES = {Severity.CRITICAL: "critical", Severity.HIGH: "error", Severity.MEDIUM: "warning"}


def render(notice: Notice, sink: Sink, now: datetime, shrink: int) -> tuple[Message, ...]:  # noqa: ARG001
    """A trigger for each finding that is owed, a resolve for each that is gone; at most `max_findings`.

    `shrink` only drops texts: what is not sent here must stay owed.
    What could not be seen opens an incident of its own, which closes when everything is seen again. No event at all
    means that there is nothing to say here.
    """
    key = sink.routing_key.reveal() if sink.routing_key else ""
    triggers = [(finding, "trigger") for finding in owed_findings(notice)]
    events = [*triggers, *((finding, "resolve") for finding in notice.resolved)][: sink.max_findings]
    told = [(_event(notice, sink, finding, action, rich=shrink == 0), finding) for finding, action in events]
    return (
        *(json_message({"routing_key": key, **event}) for event in _sight(notice)),
        *(_message({"routing_key": key, **event}, finding) for event, finding in told),
    )


def _message(event: Mapping[str, Any], finding: Finding) -> Message:
    plain = json_message(event)
    return Message(plain.body, plain.headers, finding=finding.fingerprint)


def _event(notice: Notice, sink: Sink, finding: Finding, action: str, *, rich: bool) -> dict[str, Any]:
    dedup = one_line(finding.fingerprint, _KEY)
    if action == "resolve":
        return {"event_action": "resolve", "dedup_key": dedup}
    line = fold([finding])[0]
    what = one_line(finding.title or finding.rule_id, LONG)
    summary = f"{where(line)} is open on {_target(notice)}: {what} ({finding.severity}, {how_many(line)})"
    payload: dict[str, Any] = {
        "summary": one_line(summary, _SUMMARY),
        "source": _target(notice),
        "severity": _SEVERITIES.get(finding.severity, "info"),
        "component": where(line),
        "group": one_line(finding.category, 80),
        "class": one_line(finding.rule_id, 80),
        **({"timestamp": finding.first_seen} if finding.first_seen else {}),
    }
    details = {**(_details(notice, sink, finding) if rich else {}), **_warning(notice)}
    if details:
        payload["custom_details"] = details
    links = [{"href": url, "text": "Reference"} for url in map(safe_url, finding.references) if url][:5]
    return {
        "event_action": "trigger",
        "dedup_key": dedup,
        "client": "port-compliance",
        "payload": payload,
        "links": links,
    }


def _details(notice: Notice, sink: Sink, finding: Finding) -> dict[str, Any]:
    hosts = {"servers": servers(finding.hosts)} if sink.hosts and finding.hosts else {}
    return {
        "num": finding.num,
        "why": one_line(finding.rationale, LONG),
        "do": one_line(finding.remediation, LONG),
        "hss_asked_at": notice.report.taken_at or notice.report.started_at,
        "policy": f"{one_line(notice.report.policy_name, 60)} {short_digest(notice.report.policy_digest)}",
        **hosts,
    }


def _warning(notice: Notice) -> dict[str, str]:
    tolerated = " ".join(tolerance(notice))
    return {"warning": tolerated} if tolerated else {}


def _target(notice: Notice) -> str:
    return one_line(notice.report.target.name, 60) or "default"


def _sight(notice: Notice) -> Iterable[dict[str, Any]]:
    """The event on what could not be seen, or its end."""
    target = notice.report.target
    place = f"{target.host}\n{target.project_id}\n{target.enterprise_project_id}"
    dedup = "unseen-" + hashlib.sha256(place.encode(errors="replace")).hexdigest()
    if notice.not_seen:
        sentences = "; ".join(one_line(sentence, LONG) for sentence in notice.not_seen[:10])
        summary = one_line(f"{_target(notice)} is inconclusive: {sentences}", _SUMMARY)
        payload: dict[str, Any] = {
            "summary": summary,
            "source": _target(notice),
            "severity": "error",
            "class": "inconclusive",
            **({"custom_details": warning} if (warning := _warning(notice)) else {}),
        }
        yield {**_TRIGGER, "dedup_key": dedup, "payload": payload}
    elif notice.seen_again and notice.report.verdict != "inconclusive":
        yield {"event_action": "resolve", "dedup_key": dedup}


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Judgement:
    """Success is 202; over the limit a minute of patience is asked for."""
    said = fields_of(body) or {}
    words = str(said.get("message", ""))
    refused = by_status(status, headers, words)
    if refused is None:
        return DELIVERED if status == 202 and said.get("status", "success") == "success" else not_understood(status)
    if status == 429 and refused.retry_after is None:
        return Judgement(Outcome.RETRY_NOW, because(status, words), _PAUSE)
    return refused
