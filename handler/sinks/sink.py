"""What a sink is, what it is told, and what its answer meant: the three nouns of this room."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from handler.models import Secret, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from handler.models import ExemptionNotice, Finding, Report


class Match(NamedTuple):
    """Which findings a sink wants; an empty part means all of them."""

    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


class Sink(NamedTuple):
    """A place to tell. `send` is `changes` or `always`; None: the kind's and state's default (design section 6)."""

    name: str
    kind: str
    url: Secret
    min_severity: Severity = Severity.INFO
    send: str | None = None
    send_resolved: bool = True
    remind_after: timedelta | None = None
    heartbeat: timedelta | None = None
    max_findings: int = 50
    match: Match = Match()
    headers: Mapping[str, Secret] = {}
    secret: Secret | None = None
    chat_id: str = ""
    routing_key: Secret | None = None
    hosts: bool = False
    allow_http: bool = False


class Notice(NamedTuple):
    """What one sink is owed in one message. Every tuple is worst first; nothing in it is escaped or cut yet.

    `report` is the whole run. `new` ... `resolved` are this sink's findings, already routed and filtered;
    `ongoing` are its other open findings, `missed` those that opened and closed while it could not be told (people
    read of them in `notes`). `not_seen` are sentences on categories that became inconclusive,
    `seen_again` names categories that are complete again. `delivery_id` stays the same when the same thing is told
    again.
    """

    delivery_id: str
    report: Report
    new: tuple[Finding, ...] = ()
    grown: tuple[Finding, ...] = ()
    reopened: tuple[Finding, ...] = ()
    reminded: tuple[Finding, ...] = ()
    ongoing: tuple[Finding, ...] = ()
    resolved: tuple[Finding, ...] = ()
    missed: tuple[Finding, ...] = ()
    not_seen: tuple[str, ...] = ()
    seen_again: tuple[str, ...] = ()
    exemptions: tuple[ExemptionNotice, ...] = ()
    notes: tuple[str, ...] = ()  # "no run for 31 h", "no previous state: showing all 12", drift
    heartbeat: bool = False
    explain: str = ""  # the command that explains a line
    run_interval: timedelta | None = None


class Message(NamedTuple):
    """One HTTP POST, ready to go: body, headers and, where the kind signs its URL, what is added to the query."""

    body: bytes
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    finding: str | None = None  # pagerduty: the fingerprint that this event is about


class Outcome(Enum):
    """What an answer meant."""

    DELIVERED = "delivered"
    ACCEPTED = "accepted"  # taken for processing; the target never says more
    RETRY_NOW = "retry_now"  # network, 5xx, 429, a busy platform
    RETRY_NEXT_RUN = "retry_next_run"
    PERMANENT = "permanent"  # a dead hook, a refused signature: the same body will never pass
    TOO_LARGE = "too_large"  # shrink, then send again


class Judgement(NamedTuple):
    """An outcome and, in words without secrets, why; `retry_after` in seconds where the target says so."""

    outcome: Outcome
    reason: str = ""
    retry_after: float | None = None


class Kind(Protocol):
    """A module in this room that speaks one target's language. Both functions are pure."""

    CHAT: bool  # chat kinds are told less often than machine kinds

    def render(self, notice: Notice, sink: Sink, now: datetime, shrink: int) -> tuple[Message, ...]:
        """The messages for a notice, within the target's true limits.

        `shrink` is 0 at first; each further step must give a smaller message, and at last a minimal plain one
        (`PLAIN`), which is also sent after a permanent refusal of the rich form.
        """
        ...

    def judge(self, status: int, headers: Mapping[str, str], body: bytes) -> Judgement:
        """What the answer meant, by the target's own rules."""
        ...


PLAIN = 9  # the last step of `shrink`: text without any markup
