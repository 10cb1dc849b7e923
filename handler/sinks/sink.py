"""What a sink is, and what it is told: the two nouns that `notify/` fills in and every kind reads."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol

from handler.models import Secret, Severity
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from handler.models import ExemptionNotice, Finding, Report, Target
    from handler.sinks.kinds import SinkKind


class Match(NamedTuple):
    """Which findings a sink wants; an empty part means all of them."""

    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


class Signer(Protocol):
    """What lets a request in at a service of the cloud itself. `request` is one of the transport."""

    def headers(self, request: Any) -> Mapping[str, str]:
        """The headers to send besides the request's own. Raises PortComplianceError where they cannot be had."""
        ...

    def refused(self) -> bool:
        """Called on a 401: whether the caller may try once more, with renewed credentials."""
        ...


class Sink(NamedTuple):
    """A place to tell, and how its kind is told. `send` is `changes` or `always`; None leaves it to kind and state."""

    name: str
    kind: SinkKind
    url: Secret
    min_severity: Severity = Severity.INFO
    send: str | None = None
    send_resolved: bool = True
    remind_after: timedelta | None = None
    heartbeat: timedelta | None = None
    digest: bool = False
    max_findings: int = 50
    new_servers: str = "tell"  # another server behind a known finding: tell, or count
    still_open: str = "count"  # what did not change: count, list, none
    match: Match = Match()
    headers: Mapping[str, Secret] = {}
    secret: Secret | None = None
    chat_id: str = ""
    routing_key: Secret | None = None
    style: str = ""  # how a check-in is spelt; empty: by the host
    fail_url: Secret | None = None  # where a check-in says that the run failed, if not in the style's own way
    topic_urn: str = ""
    group: str = "rule"  # what is one incident: a rule, a finding, a target
    signer: Signer | None = None  # signs each request with the run's own credentials
    hosts: bool = False
    allow_http: bool = False

    def incident_key(self, finding: Finding, place: str) -> str:
        """The key of the incident that a finding is in; of a finding alone its fingerprint."""
        if self.group == "finding":
            return finding.fingerprint
        parts = [place] if self.group == "target" else [place, finding.rule_id, finding.category]
        return f"{self.group}-{hashlib.sha256(chr(10).join(parts).encode(errors='replace')).hexdigest()}"


class Before(NamedTuple):
    """What a sink was last told of a finding, and how the finding ended: `because` is empty for one that is open.

    Of one that is steady again `ended_at` says since when. `key` is that of the incident that the message tells it
    under (empty: that of its group), `told_key` of the one under which the sink holds it open; empty: none. `also` are
    severities that it may have been told as well, without an answer.
    """

    severity: Severity | None = None
    num: int | None = None
    ended_at: str = ""
    because: str = ""
    key: str = ""
    told_key: str = ""
    also: tuple[Severity, ...] = ()


class Notification(NamedTuple):
    """What one sink is due in one message. Every tuple is worst first; nothing in it is escaped or cut yet.

    `report` is the whole run. `new` ... `resolved` are this sink's findings, already routed and filtered, each in one
    of them; `before` tells by fingerprint what they moved from, why they ended, and when what counts again had ended.
    `ongoing` are its other open findings, `missed` those that opened and closed while it could not be told (people
    read of them in `notes`). `not_seen` are sentences on categories that became inconclusive,
    `seen_again` names categories that are complete again. `delivery_id` stays the same when the same thing is told
    again.

    `parts` are the notifications that it was made of, one for each target; empty where it is of one. Then `report` is
    all their reports as one, which bears no target's name.
    """

    delivery_id: str
    report: Report
    new: tuple[Finding, ...] = ()
    newly_forbidden: tuple[Finding, ...] = ()
    grown: tuple[Finding, ...] = ()
    raised: tuple[Finding, ...] = ()
    lowered: tuple[Finding, ...] = ()
    reopened: tuple[Finding, ...] = ()
    flapping: tuple[Finding, ...] = ()  # opens and closes again and again; open now if the report has it
    steady: tuple[Finding, ...] = ()  # flapped, and has been open for a day
    reminded: tuple[Finding, ...] = ()
    ongoing: tuple[Finding, ...] = ()
    resolved: tuple[Finding, ...] = ()
    missed: tuple[Finding, ...] = ()
    rekeyed: tuple[Finding, ...] = ()  # unmoved, but told under another incident than its own
    not_seen: tuple[str, ...] = ()
    seen_again: tuple[str, ...] = ()
    blind_elsewhere: bool = False  # the run is inconclusive only by what this sink does not hear of
    exemptions: tuple[ExemptionNotice, ...] = ()
    announcements: tuple[str, ...] = ()  # sentences on rules that do not rule yet
    notes: tuple[str, ...] = ()  # "no run for 31 h", "no previous state: showing all 12", drift
    heartbeat: bool = False
    of_fleet: bool = False  # the fleet's digest: nothing was checked
    headline: str = ""  # what the message says first, where no finding says it
    explain: str = ""  # the command that explains a line
    run_interval: timedelta | None = None
    remembers: bool = True  # what is told is remembered, and its end will be told
    shard: str = ""  # which state or index the run belongs to; empty without one
    before: Mapping[str, Before] = {}
    formerly: Target | None = None  # the target as it was called when the sink was told last, if that was otherwise
    further: bool = False  # not the first of a run's messages to a machine: what is derived stands in that
    parts: tuple[Notification, ...] = ()

    @property
    def of_targets(self) -> tuple[Notification, ...]:
        """What each target is told, for whoever says it apart: the parts, or itself."""
        return self.parts or (self,)

    @property
    def is_blind(self) -> bool:
        """Whether something that the sink hears of could not be seen."""
        return self.report.verdict == "inconclusive" and not self.blind_elsewhere

    def ended_because(self, finding: Finding) -> str:
        """Why a resolved finding ended: one of `models.BECAUSE`."""
        known = self.before.get(finding.fingerprint)
        return known.because if known is not None and known.because else "closed"
