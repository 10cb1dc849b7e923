"""Which incidents a message opens, changes and ends: findings that share a rule, or a target, are one incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.models import worst_first
from handler.named_tuple import NamedTuple
from handler.sinks.text.moves import due_findings
from handler.state.memory import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.models import Finding
    from handler.sinks.sink import Notification, Sink


class Incident(NamedTuple):
    """What is said of one incident: that its findings are open (one that is open already changes), or that it ended.

    `findings` are all that are open in it, worst first, and of one that ended those with which it did; `about` are the
    fingerprints that this tells, `ended` the findings that left it and leave others open.
    """

    key: str
    is_open: bool
    findings: tuple[Finding, ...]
    about: tuple[str, ...]
    ended: tuple[Finding, ...] = ()


def incidents_of(notification: Notification, sink: Sink) -> tuple[Incident, ...]:
    """The incidents of a message: those that open or change, worst first, then those that end."""
    return _Incidents(notification, sink).all()


class _Incidents:
    """The findings of one message by the keys of their incidents: the one they are told under now, and that before."""

    def __init__(self, notification: Notification, sink: Sink) -> None:
        self._notification, self._sink = notification, sink
        self._place = place_of(notification.report.target)
        self._due = due_findings(notification)
        self._moved = (*self._due, *notification.rekeyed)
        self._kept = {self._told(one) for one in notification.ongoing}
        self._open = self._opened()

    def all(self) -> tuple[Incident, ...]:
        members = self._by_key((*self._moved, *self._notification.ongoing))
        opened = [self._changed(key, members[key]) for key in self._open]
        ended = [key for key in self._left() if key not in self._open and key not in self._kept]
        return (*sorted(opened, key=lambda one: worst_first(one.findings[0])), *map(self._ended, ended))

    def _opened(self) -> list[str]:
        """The keys that open or change: those of what is due, moves to them, or leaves others behind in them."""
        keys = dict.fromkeys(self._key(one) for one in self._due)
        keys |= dict.fromkeys(key for one in self._notification.rekeyed if (key := self._key(one)) not in self._kept)
        still = {self._key(one) for one in (*self._moved, *self._notification.ongoing)}
        left = (self._told(one) for one in self._notification.resolved)
        return list(keys | dict.fromkeys(key for key in left if key in still and (key in self._kept or key in keys)))

    def _left(self) -> Iterable[str]:
        """The keys that a finding of the message has left."""
        moved = (told for one in self._moved if (told := self._told(one)) not in ("", self._key(one)))
        return dict.fromkeys((*moved, *(self._told(one) for one in self._notification.resolved)))

    def _changed(self, key: str, findings: list[Finding]) -> Incident:
        ended = tuple(one for one in self._notification.resolved if self._told(one) == key)
        about = (one.fingerprint for one in (*self._moved, *ended) if one in ended or self._key(one) == key)
        return Incident(key, True, tuple(sorted(findings, key=worst_first)), tuple(about), ended)

    def _ended(self, key: str) -> Incident:
        gone = [one for one in (*self._notification.resolved, *self._moved) if self._told(one) == key]
        return Incident(key, False, tuple(sorted(gone, key=worst_first)), tuple(one.fingerprint for one in gone))

    def _by_key(self, findings: Iterable[Finding]) -> dict[str, list[Finding]]:
        members: dict[str, list[Finding]] = {}
        for one in findings:
            members.setdefault(self._key(one), []).append(one)
        return members

    def _key(self, finding: Finding) -> str:
        """The key under which the message tells it."""
        before = self._notification.before.get(finding.fingerprint)
        known = "" if before is None else before.key
        return known or self._sink.incident_key(finding, self._place)

    def _told(self, finding: Finding) -> str:
        """The key under which it was told; empty if it was not. Where nothing is known, what ended was told."""
        before = self._notification.before.get(finding.fingerprint)
        if before is not None:
            return before.told_key
        return self._key(finding) if finding in self._notification.resolved else ""
