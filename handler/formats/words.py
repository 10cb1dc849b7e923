"""What every format says in the same words: verdict, place, coverage, changes, hosts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from handler.decide.diff import no_run_for
from handler.formats.inert import inert
from handler.models import SEVERITIES, worst_first
from handler.named_tuple import NamedTuple
from handler.report.verdict import asked_at, narrowed_away

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from handler.models import (
        AnnouncedFinding,
        CategorySnapshot,
        Changes,
        ExemptedFinding,
        Finding,
        Report,
        Target,
    )
    from handler.models.listeners import Host

HOSTS_SHOWN = 5
NOT_SEEN_NOW = "open before, and not seen now: neither open nor ended"
_CHANGES = (
    *(("new", "new"), ("newly_forbidden", "newly forbidden"), ("grown", "grown"), ("raised", "raised")),
    *(("lowered", "lowered"), ("reopened", "reopened"), ("ongoing", "ongoing"), ("resolved", "ended")),
    ("unseen", "unseen"),
)
# What a rule's author says to who reads a finding: the field, a label, and a title.
_ADVICE = (
    ("rationale", "why", "Why"),
    ("remediation", "do", "What to do"),
    ("runbook", "how", "Runbook"),
    ("owner", "ask", "Whom to ask"),
)


class Advice(NamedTuple):
    """One thing that a rule's author says to who reads a finding."""

    label: str
    title: str
    text: str


def advice(finding: Finding) -> tuple[Advice, ...]:
    """What the rule's author says, in the order in which it is read; what is left out is not in it."""
    said = ((label, title, getattr(finding, field)) for field, label, title in _ADVICE)
    return tuple(Advice(label, title, text) for label, title, text in said if text)


def counted(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def severities(findings: Sequence[Finding]) -> str:
    """`1 critical, 2 high`; empty for no findings."""
    counts = ((sum(finding.severity == level for finding in findings), level) for level in SEVERITIES)
    return ", ".join(f"{count:,} {level}" for count, level in counts if count)


def place(finding: Finding) -> str:
    """`23/tcp`, or `counter` for a finding about one of the asset counters."""
    return "counter" if finding.port is None else f"{finding.port}/{inert(finding.protocol or '?', 12)}"


def target_words(target: Target) -> str:
    """`prod (otc, eu-de)`."""
    where = ", ".join(part for part in (target.cloud, target.region) if part)
    return inert(f"{target.name} ({where})" if where else target.name, 120)


def verdict_words(report: Report) -> str:
    """The verdict as one sentence that stands alone."""
    found = f"{counted(len(report.findings), 'finding')}: {severities(report.findings)}" if report.findings else ""
    if report.verdict == "violations":
        return f"{found}{_narrowed(report)}"
    if report.verdict == "compliant":
        seen = f"({counted(rows_seen(report), 'row')} seen)"
        return f"nothing that the policy forbids is open{_but_for(report)} {seen}{_narrowed(report)}"
    blind = "not everything was seen, so this is not an all-clear"
    return f"{blind}; so far {found}" if found else blind


def _narrowed(report: Report) -> str:
    """`; container not asked, by a setting`."""
    categories = narrowed_away(report)
    return f"; {' and '.join(inert(one, 40) for one in categories)} not asked, by a setting" if categories else ""


def _but_for(report: Report) -> str:
    """`, but for 30 exempted and 2 announced`."""
    counts = ((len(report.exempted), "exempted"), (len(report.announced), "announced"))
    said = [f"{count:,} {word}" for count, word in counts if count]
    return f", but for {' and '.join(said)}" if said else ""


def rows_seen(report: Report) -> int:
    """How many rows of all categories were read."""
    return sum(len(category.rows) for category in report.coverage)


def policy_words(report: Report) -> str:
    """`baseline (sha256:abababababab)`; `not read` where no policy was read."""
    if not report.policy_digest:
        return "not read"
    return f"{inert(report.policy_name, 60)} ({inert(report.policy_digest[:19])})"


def asked_words(report: Report) -> str:
    """`HSS asked 2026-11-22T06:00:00Z`, or that it was not."""
    when = asked_at(report)
    return f"HSS asked {inert(when, 40)}" if when else "HSS not asked"


def coverage_words(category: CategorySnapshot) -> str:
    """What was seen of a category, and how: `all 154 rows seen in 2 calls`."""
    if category.plan == "skipped":
        return "not asked: narrowed away by a setting"
    calls = f" in {counted(category.api_calls, 'call')}" if category.api_calls else ""
    total = "" if category.total_num is None else f" of {category.total_num:,}"
    if not category.complete:
        return f"NOT complete: {len(category.rows):,}{total} rows seen{calls}"
    if category.plan == "ports":
        return f"every port of the policy answered, {len(category.rows):,}{total} rows read{calls}"
    if category.plan == "sorted":
        return f"every port of the policy passed in order, {len(category.rows):,}{total} rows read{calls}"
    return f"all {counted(len(category.rows), 'row')} seen{calls}"


def not_seen(report: Report) -> list[str]:
    """Why the verdict is inconclusive, each reason once; empty for any other verdict."""
    if report.verdict != "inconclusive":
        return []
    by_category = [f"{category.category}: {reason}" for category in report.coverage for reason in _reasons(category)]
    known = " ".join(by_category)
    general = [str(problem) for problem in report.problems if str(problem) not in known]
    reasons = _said_once([*by_category, *general])
    return reasons or ["the run does not know what is open, and did not say why"]


def hints(report: Report) -> list[str]:
    """What to do about what was not seen, each advice once; empty unless the verdict is inconclusive."""
    if report.verdict != "inconclusive":
        return []
    problems = [*(problem for category in report.coverage for problem in category.problems), *report.problems]
    return _said_once(f"hint: {problem.hint}" for problem in problems if problem.hint)


def _said_once(sentences: Iterable[str]) -> list[str]:
    return [sentence for sentence in dict.fromkeys(map(inert, sentences)) if sentence]


def _reasons(category: CategorySnapshot) -> list[str]:
    if category.problems:
        return [str(problem) for problem in category.problems]
    return [] if category.complete or category.plan == "skipped" else [coverage_words(category)]


def notes(report: Report) -> list[str]:
    """Warnings, ending exemptions, and problems that did not make the run inconclusive; each once."""
    problems = [] if report.verdict == "inconclusive" else [str(problem) for problem in report.problems]
    gap = [] if report.gap_hours is None else [no_run_for(report.gap_hours)]
    omitted = [f"{counted(report.omitted, 'finding')} omitted here"] if report.omitted else []
    return _said_once([*gap, *omitted, *problems, *report.warnings])


def change_counts(changes: Changes) -> list[tuple[str, int]]:
    """How many findings are in each list, with the word for it: most that ended were closed, but not all."""
    return [(word, len(getattr(changes, name))) for name, word in _CHANGES]


def host_words(host: Host) -> str:
    """`web-1 (10.0.0.5) listens on 0.0.0.0, /usr/sbin/sshd`."""
    name = host.container_name or host.host_name or host.host_id
    address = f" ({host.host_ip})" if host.host_ip else ""
    listens = f" listens on {host.listen_address}" if host.listen_address else ""
    path = f", {host.path}" if host.path else ""
    return inert(f"{name}{address}{listens}{' (loopback only)' if host.loopback_only else ''}{path}", 200)


def servers_words(finding: Finding) -> list[str]:
    """The first servers behind a finding, and how many more there are."""
    hosts = finding.hosts or ()
    more = [f"and {len(hosts) - HOSTS_SHOWN} more"] if len(hosts) > HOSTS_SHOWN else []
    return [*map(host_words, hosts[:HOSTS_SHOWN]), *more]


def days_words(days: int) -> str:
    """`12 days left`, `last day today`, `over since 3 days`."""
    if days == 0:
        return "last day today"
    return f"{counted(days, 'day')} left" if days > 0 else f"over since {counted(-days, 'day')}"


def counts_from_words(item: AnnouncedFinding, report: Report) -> str:
    """`2026-12-14, in 13 days`: from when an announced row counts, as seen on the day of the run."""
    days = _days_between(report.started_at[:10], item.effective_from)
    when = "" if days is None or days < 1 else ", tomorrow" if days == 1 else f", in {counted(days, 'day')}"
    return f"{inert(item.effective_from, 20)}{when}"


def _days_between(first: str, last: str) -> int | None:
    try:
        return (date.fromisoformat(last) - date.fromisoformat(first)).days
    except ValueError:
        return None


def forbidden_now(report: Report) -> list[Finding]:
    """What was there before and counts now: a rule came, says more or began to rule, or an exemption ended."""
    known = frozenset(report.changes.newly_forbidden if report.changes else ())
    return [finding for finding in sorted(report.findings, key=worst_first) if finding.fingerprint in known]


def vouched_words(item: ExemptedFinding) -> str:
    """`ticket EXC-2026-017, approved by ciso@example.org`; empty where the exemption says neither."""
    told = (("ticket", item.ticket), ("approved by", item.approved_by))
    return ", ".join(f"{label} {inert(text, 160)}" for label, text in told if text)
