"""Prometheus Alertmanager, `POST .../api/v2/alerts`: all open findings on every run, resolved ones with their end.

An alert is its label set, so labels hold what never changes while a finding is open: no counts, no texts. That we stop
must not look like its end, so it lasts: what ends three run intervals after the last run is the watchdog. Without a
state nobody would tell its end, and it ends like that itself. What does change (severity, the target's name or region)
ends the alert under the old labels in the same POST.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from handler.foreign_text import one_line
from handler.report.verdict import asked_at
from handler.sinks.answers import by_status_alone
from handler.sinks.message import json_message
from handler.sinks.text.folding import PortLine
from handler.sinks.text.lines import LONG, how_many, links, servers, where
from handler.sinks.text.moves import ended_words, open_findings
from handler.sinks.text.wording import tolerance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from handler.models import Finding, Severity
    from handler.sinks.message import SinkMessage
    from handler.sinks.sink import Notification, Sink

_LASTING = timedelta(days=30)
_INTERVALS, _UNKNOWN_INTERVAL = 3, timedelta(days=1)


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:
    """One POST. It is never cut, for a missing alert would look resolved; `shrink` only drops the texts."""
    soon = now + (notification.run_interval * _INTERVALS if notification.run_interval else _UNKNOWN_INTERVAL)
    end = now + _LASTING if notification.remembers else soon
    until, at = _stamp(end), _stamp(now)
    alerts = [_alert(notification, sink, one, until, rich=shrink == 0) for one in open_findings(notification)]
    alerts += [_ended(notification, sink, finding, at) for finding in _gone(notification)]
    before = _as_told_last(notification)
    alerts += [_alert(before, sink, finding, at, rich=False) for finding in _under_old_labels(notification)]
    watchdog = [] if notification.of_fleet else [_watchdog(notification, now, soon)]
    return (json_message([*alerts, *_sight(notification, now, end), *watchdog]),)


def _alert(notification: Notification, sink: Sink, finding: Finding, end: str, *, rich: bool) -> dict[str, Any]:
    line = PortLine.of(finding)
    labels = {
        "alertname": "DisallowedPort" if finding.port is not None else "AssetCounter",
        **_place(notification),
        "rule": finding.rule_id,
        "severity": str(finding.severity),
        "category": finding.category,
        "port": "" if finding.port is None else str(finding.port),
        "protocol": finding.protocol or "",
        "fingerprint": finding.fingerprint,
    }
    name = one_line(finding.title or finding.rule_id, LONG)
    annotations = {
        "summary": f"{where(line)} on {one_line(notification.report.target.name, 60)}: {name}",
        "warning": " ".join(tolerance(notification)),
    }
    if rich:
        asked = asked_at(notification.report)
        told = f"{how_many(line)}, HSS asked {asked}" if asked else f"{how_many(line)} when HSS was last asked"
        annotations |= {"description": told, **_texts(sink, finding)}
    return {
        "labels": _filled(labels),
        "annotations": _filled(annotations),
        "startsAt": _start(finding.first_seen or _now(notification), end),
        "endsAt": end,
    }


def _gone(notification: Notification) -> Iterable[Finding]:
    """The findings that ended, once with each severity under which they may fire."""
    for finding in notification.resolved:
        yield from (finding._replace(severity=one) for one in _severities(notification, finding))


def _severities(notification: Notification, finding: Finding) -> tuple[Severity, ...]:
    """With which severities it may fire: the one that was told, and those that were told without an answer."""
    before = notification.before.get(finding.fingerprint)
    if before is None:
        return (finding.severity,)
    told = finding.severity if before.severity is None else before.severity
    return tuple(dict.fromkeys((told, *before.also)))


def _ended(notification: Notification, sink: Sink, finding: Finding, end: str) -> dict[str, Any]:
    """The end of an alert, under the labels that it was told with, and why it ended."""
    alert = _alert(_as_told_last(notification), sink, finding, end, rich=False)
    because = {"because": ended_words(notification.ended_because(finding))}
    return {**alert, "annotations": {**alert["annotations"], **because}}


def _as_told_last(notification: Notification) -> Notification:
    """The notification with the target as it was called before."""
    if notification.formerly is None:
        return notification
    return notification._replace(report=notification.report._replace(target=notification.formerly))


def _is_renamed(notification: Notification) -> bool:
    """Whether the labels of the place are others than those that it was told with last."""
    return _filled(_place(_as_told_last(notification))) != _filled(_place(notification))


def _under_old_labels(notification: Notification) -> Iterable[Finding]:
    """The open findings whose labels changed, with the severity of before: under those labels they end.

    Where the target was renamed that is all of them: a run that died may have told even what is new now.
    """
    renamed = _is_renamed(notification)
    for finding in open_findings(notification):
        for one in _severities(notification, finding):
            if renamed or one != finding.severity:
                yield finding._replace(severity=one)


def _texts(sink: Sink, finding: Finding) -> dict[str, str]:
    addresses = [url for _, url in links(finding)]
    return {
        "why": one_line(finding.rationale, LONG),
        "do": one_line(finding.remediation, LONG),
        "runbook_url": addresses[0] if addresses else "",
        "owner": one_line(finding.owner, LONG),
        "servers": servers(finding.hosts) if sink.hosts and finding.hosts else "",
    }


def _sight(notification: Notification, now: datetime, end: datetime) -> Iterable[dict[str, Any]]:
    """The alert on an incomplete run; it ends when everything is seen again."""
    blind = notification.is_blind
    if _is_renamed(notification):
        yield _not_seen(_as_told_last(notification), now)
    if blind or notification.seen_again:
        yield _not_seen(notification, end if blind else now)


def _not_seen(notification: Notification, end: datetime) -> dict[str, Any]:
    """The alert on an incomplete run, with its end."""
    labels = {"alertname": "PortComplianceInconclusive", "severity": "high", **_place(notification)}
    reasons = notification.not_seen or tuple(str(problem) for problem in notification.report.problems)
    summary = one_line("; ".join(reasons[:10]), LONG) or "Not everything was seen"
    return {
        "labels": _filled(labels),
        "annotations": _filled({"summary": summary, "warning": " ".join(tolerance(notification))}),
        "startsAt": _start(_now(notification), _stamp(end)),
        "endsAt": _stamp(end),
    }


def _watchdog(notification: Notification, now: datetime, end: datetime) -> dict[str, Any]:
    """The alert that always fires: where it ends, no run has come for long. For a dead man's switch."""
    summary = "port-compliance runs; when this ends, it has stopped"
    return {
        "labels": _filled({"alertname": "PortComplianceWatchdog", "severity": "info", "shard": notification.shard}),
        "annotations": _filled({"summary": summary, "warning": " ".join(tolerance(notification))}),
        "startsAt": _stamp(now),
        "endsAt": _stamp(end),
    }


def _now(notification: Notification) -> str:
    return notification.report.taken_at or notification.report.started_at


def _place(notification: Notification) -> dict[str, str]:
    target = notification.report.target
    return {
        "target": target.name,
        "region": target.region,
        "project": target.project_id,
        "enterprise_project": target.enterprise_project_id,
    }


def _filled(pairs: Mapping[str, str]) -> dict[str, str]:
    """Clean values; an empty one would be dropped by the receiver anyway."""
    return {name: clean for name, value in pairs.items() if value and (clean := one_line(value, LONG))}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _start(stamp: str, end: str) -> str:
    """Never after the end, which is refused."""
    return min(stamp, end) if stamp else end


judge = by_status_alone  # success is 200; a 400 names a bad alert, and the good ones beside it were stored all the same
