"""The nouns that cross rooms: what was seen, what was found, what is reported. All frozen, no I/O."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal

from handler.models.delivery import Delivery  # noqa: TC001 - the hints of a Report are read
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.models.gaps import Gaps
    from handler.models.listeners import Host, PortListeners

Verdict = Literal["inconclusive", "violations", "compliant"]
CATEGORIES: tuple[str, ...] = ("host", "container")
COUNTERS: tuple[str, ...] = (  # in the order of the vendor's table (ShowAssetStatistic, 2026-04-03, table 4)
    "account_num", "port_num", "process_num", "app_num", "auto_launch_num", "web_framework_num", "web_site_num",
    "jar_package_num", "kernel_module_num", "web_service_num", "web_app_num", "database_num",
)  # fmt: skip


class Severity(IntEnum):
    """How bad a finding is; ordered, `str()` gives the word used in policies and reports."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Severity:
        """The severity of that name. Raises KeyError."""
        return cls[word.upper()]


SEVERITIES: tuple[Severity, ...] = tuple(sorted(Severity, reverse=True))  # worst first


class Secret:
    """A text that is never shown: `str` and `repr` give `***`, only `reveal` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __str__(self) -> str:
        return "***"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)


class Row(NamedTuple):
    """One line of port statistics.

    `protocol` is the row's type in lower case (`tcp`, `tcp6`, `udp`, `udp6`, or what the API sent);
    `num` is HSS's count for the line; `status` is `danger`, `normal`, `unknown` or None where the cloud sends none.
    """

    port: int
    protocol: str
    num: int
    status: str | None = None


def family(protocol: str) -> str | None:
    """`tcp` for TCP and TCP6, `udp` for UDP and UDP6, None for anything else."""
    return protocol[:3] if protocol.startswith(("tcp", "udp")) else None


class Problem(NamedTuple):
    """Something that stopped us from knowing, or a breach of a schema. `path` is a JSON path or empty."""

    message: str
    path: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class Target(NamedTuple):
    """One cloud, region, project and enterprise project to check. `host` is the HSS endpoint's host name."""

    name: str = "default"
    cloud: str = "huaweicloud"
    region: str = ""
    host: str = ""
    project_id: str = ""
    enterprise_project_id: str = "all_granted_eps"


class CategorySnapshot(NamedTuple):
    """What the API said about one category.

    `plan` names how it was asked: `pages` (every row), `ports` (first page and exact queries), `sorted` (stopped
    early in a proven order), `skipped` (narrowed away by a setting), `none` (nothing came). `every_row` tells whether
    `rows` is the whole listing; else it holds the rows of the ports that the policy asks for, and of the pages seen.
    `statistics` is None where the counters could not be read. `complete` is the promise: whatever the
    policy asks about this category can be answered from here.
    """

    category: str
    rows: tuple[Row, ...] = ()
    total_num: int | None = None
    statistics: Mapping[str, int] | None = None
    plan: str = "none"
    every_row: bool = False
    complete: bool = False
    api_calls: int = 0
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    raw_rows: tuple[Mapping[str, Any], ...] = ()  # as received; only kept where a snapshot is recorded
    raw_statistics: Mapping[str, Any] | None = None
    listeners: tuple[PortListeners, ...] = ()  # of the ports for which they were asked


class Snapshot(NamedTuple):
    """What the API said at one moment (`taken_at`: ISO 8601, UTC), category by category."""

    target: Target
    taken_at: str
    categories: tuple[CategorySnapshot, ...] = ()


class Finding(NamedTuple):
    """A row (or counter, then `port` and `protocol` are None) that a rule forbids."""

    fingerprint: str
    rule_id: str
    title: str
    severity: Severity
    category: str
    port: int | None
    protocol: str | None
    num: int
    status: str | None = None
    message: str = ""
    rationale: str = ""
    remediation: str = ""
    references: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    first_seen: str | None = None  # ISO 8601; None until compared with a state
    hosts: tuple[Host, ...] | None = None  # None: not asked
    owner: str = ""  # whom to ask
    runbook: str = ""  # the page where the steps are


# What a finding says in its rule's words.
RULE_TEXTS = ("title", "rationale", "remediation", "references", "tags", "owner", "runbook")
_CATEGORY_RANK = {category: rank for rank, category in enumerate(CATEGORIES)}


def worst_first(finding: Finding) -> tuple[int, int, int, str, str]:
    """The sort key of findings everywhere: severity, then category in the API's order, port, protocol and rule."""
    return (
        -finding.severity,
        _CATEGORY_RANK.get(finding.category, len(CATEGORIES)),  # a report read from a file may name another one
        -1 if finding.port is None else finding.port,
        finding.protocol or "",
        finding.rule_id,
    )


class ExemptedFinding(NamedTuple):
    """A finding that an exemption switches off; counted and shown."""

    finding: Finding
    exemption_id: str
    reason: str
    owner: str
    expires: str  # the last day on which it holds, YYYY-MM-DD
    days_left: int
    ticket: str = ""
    approved_by: str = ""


EXEMPTION_TEXTS = ("reason", "owner", "ticket", "approved_by")  # what it says in the exemption's words


class AnnouncedFinding(NamedTuple):
    """A finding of a rule that is not in force yet."""

    finding: Finding
    effective_from: str  # YYYY-MM-DD


class ExemptionNotice(NamedTuple):
    """An exemption that nears its end (`days_left` >= 0) or ended (negative)."""

    exemption_id: str
    owner: str
    expires: str
    days_left: int


class Evaluation(NamedTuple):
    """What a policy says of a snapshot; what it could not decide stands in the problems."""

    findings: tuple[Finding, ...] = ()
    exempted: tuple[ExemptedFinding, ...] = ()
    announced: tuple[AnnouncedFinding, ...] = ()
    exemption_notices: tuple[ExemptionNotice, ...] = ()
    coverage: tuple[CategorySnapshot, ...] = ()  # the snapshot's, with what the policy makes of them added
    vendor: Gaps | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


BECAUSE = ("closed", "policy", "exempted", "status", "tolerated", "lowered", "unchecked")  # why a finding ends


class PastFinding(NamedTuple):
    """A finding of an earlier run that is not found now, and why."""

    finding: Finding  # as last seen
    because: str  # one of BECAUSE; for an unseen one "unseen"


class Changes(NamedTuple):
    """Findings against the last run; lists of fingerprints, but for what is gone or was not seen.

    `newly_forbidden`: what was there counts now, by a rule or because an exemption ended. One may be in `grown` and in
    `raised` or `lowered` at once; else each is in one list only.
    """

    new: tuple[str, ...] = ()
    newly_forbidden: tuple[str, ...] = ()
    grown: tuple[str, ...] = ()
    raised: tuple[str, ...] = ()
    lowered: tuple[str, ...] = ()
    ongoing: tuple[str, ...] = ()
    resolved: tuple[PastFinding, ...] = ()
    reopened: tuple[str, ...] = ()
    unseen: tuple[PastFinding, ...] = ()


class Report(NamedTuple):
    """The result of one run on one target."""

    run_id: str
    started_at: str
    finished_at: str
    verdict: Verdict
    policy_name: str
    policy_digest: str
    policy_files: tuple[str, ...]
    target: Target
    coverage: tuple[CategorySnapshot, ...] = ()
    findings: tuple[Finding, ...] = ()
    exempted: tuple[ExemptedFinding, ...] = ()
    announced: tuple[AnnouncedFinding, ...] = ()
    exemption_notices: tuple[ExemptionNotice, ...] = ()
    vendor: Gaps | None = None
    changes: Changes | None = None
    deliveries: tuple[Delivery, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    omitted: int = 0
    counts: Mapping[str, int] | None = None  # by severity, where findings were left out; else they are counted
    taken_at: str = ""  # when HSS was asked
    previous_run_at: str | None = None
    gap_hours: int | None = None  # set when the run before is longer ago than twice RUN_INTERVAL
    rule_places: Mapping[str, tuple[str, int]] = {}  # file and line of each rule, where the policy is at hand
