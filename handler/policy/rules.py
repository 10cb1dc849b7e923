"""What a policy says once it has been read: rules and exemptions, frozen and complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from handler.foreign_text import UNSEEN, visible
from handler.models import CATEGORIES, Severity
from handler.named_tuple import NamedTuple
from handler.ports import ALL_PORTS, PortSet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

PROTOCOLS: Final = ("tcp", "udp")  # what a rule can name; each covers its form for IPv6 too
STATUSES: Final = ("danger", "normal", "unknown")
ROW_KEYS: Final = ("protocols", "status", "hosts", "listening")  # what has no meaning beside a counter
NOTICE_DAYS: Final = 14  # so many days before its last day an exemption is warned of
LISTENING: Final = ("any", "beyond-loopback")  # which addresses of a listener count
RuleKind = Literal["ports", "allowed_ports", "status", "statistic"]


class Location(NamedTuple):
    """Where in which file something was written; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.shown_file}:{self.line}:{self.column}"

    @property
    def shown_file(self) -> str:
        """The file's name on one line; whoever adds a file to a folder names it, and may not write in our name."""
        return visible(self.file, unseen=UNSEEN)


class Rule(NamedTuple):
    """One statement of what may not be open.

    `ports` is what it forbids: as listed (kind `ports`), everything but what is listed, port 0 included
    (`allowed_ports`), 1-65535 (`status` alone), nothing (`statistic`).
    """

    id: str
    kind: RuleKind
    title: str = ""
    severity: Severity = Severity.HIGH
    ports: PortSet = PortSet()
    categories: tuple[str, ...] = ("host",)
    protocols: tuple[str, ...] = PROTOCOLS
    status: tuple[str, ...] = ()  # empty: any
    statistic: str | None = None
    above: int = 0
    hosts: tuple[str, ...] = ()  # empty: every server
    listening: str = "any"
    rationale: str = ""
    remediation: str = ""
    references: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owner: str = ""
    runbook: str = ""
    effective_from: date | None = None
    location: Location = Location("policy")

    @property
    def listed(self) -> PortSet:
        """The ports as they are written."""
        if self.kind == "allowed_ports":
            return ALL_PORTS - self.ports
        return self.ports if self.kind == "ports" else PortSet()

    def announced(self, today: date) -> bool:
        """Whether the rule is only announced on that day."""
        return self.effective_from is not None and today < self.effective_from

    @property
    def host_aware(self) -> bool:
        """Whether it speaks of servers or addresses, so that only the listeners behind a row decide it."""
        return bool(self.hosts) or self.listening != "any"

    @property
    def needs_every_row(self) -> bool:
        """Whether only a whole listing answers the rule (design section 9)."""
        return self.kind in ("allowed_ports", "status")


class Exemption(NamedTuple):
    """Rules switched off for some ports or places, until and including `expires` (a UTC day).

    Empty `rules` means every rule, `ports` None means every port, empty `enterprise_projects` any.
    """

    id: str
    reason: str
    owner: str
    expires: date
    rules: tuple[str, ...] = ()
    ports: PortSet | None = None
    categories: tuple[str, ...] = CATEGORIES
    enterprise_projects: tuple[str, ...] = ()
    up_to: int | None = None
    hosts: tuple[str, ...] = ()  # empty: every server
    protocols: tuple[str, ...] = PROTOCOLS
    ticket: str = ""
    approved_by: str = ""
    location: Location = Location("policy")

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return today > self.expires

    def days_left(self, today: date) -> int:
        """Days until its last day; 0 on that day, negative after it."""
        return (self.expires - today).days


class Limits(NamedTuple):
    """What exemptions are held to: at most so many days from today to the last one, and these keys said."""

    exemption_days: int | None = None
    require: tuple[str, ...] = ()

    def breaches(self, exemption: Exemption, today: date | None) -> tuple[str, ...]:
        """What an exemption breaks, in words; one that is over is not judged, nor are days without a today."""
        if today is not None and exemption.expired(today):
            return ()
        missing = tuple(f"has no {key}" for key in self.require if getattr(exemption, key) in _UNSAID)
        days, most = (0 if today is None else exemption.days_left(today)), self.exemption_days
        too_long = () if most is None or days <= most else (f"lasts {days} more days, and {most} are the limit",)
        return missing + too_long


_UNSAID: Final = (None, "", ())
NO_LIMITS: Final = Limits()


class Policy(NamedTuple):
    """All rules and exemptions of one policy (a file, or a folder of files).

    `digest` is `sha256:` and the hex digest of the canonical form; `files` are the names read, in order.
    """

    name: str
    digest: str
    rules: tuple[Rule, ...]
    exemptions: tuple[Exemption, ...] = ()
    expect_rows: Mapping[str, int] = {}
    limits: Limits = NO_LIMITS
    description: str = ""
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that the policy speaks of, in the API's order."""
        spoken = {category for rule in self.rules for category in rule.categories} | set(self.expect_rows)
        return tuple(category for category in CATEGORIES if category in spoken)
