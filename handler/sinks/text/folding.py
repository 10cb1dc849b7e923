"""Findings as people read them: a port once with its rules, neighbouring ports as a range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.models import CATEGORIES, Finding, Severity, family
from handler.models.listeners import server_of
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from handler.models.listeners import Host


class PortLine(NamedTuple):
    """Findings that are told together: all rules on one port, or on a range of neighbouring ports.

    `first` and `last` are the ports (None: a counter); `nums` the smallest and largest count of one row.
    """

    findings: tuple[Finding, ...]
    first: int | None
    last: int | None

    @classmethod
    def of(cls, finding: Finding) -> PortLine:
        """The line of one finding, as `fold` makes it of that alone."""
        return cls((finding,), finding.port, finding.port)

    @property
    def worst(self) -> Finding:
        """The finding whose texts are told."""
        return self.findings[0]

    @property
    def severity(self) -> Severity:
        """The severity of the worst."""
        return self.worst.severity

    @property
    def nums(self) -> tuple[int, int]:
        """The smallest and the largest count of a row."""
        counts = [finding.num for finding in self.findings]
        return min(counts), max(counts)

    @property
    def protocols(self) -> tuple[str, ...]:
        """`("tcp", "tcp6")`, each once, sorted."""
        return tuple(sorted({finding.protocol for finding in self.findings if finding.protocol}))

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule ids, worst first, each once."""
        return tuple(dict.fromkeys(finding.rule_id for finding in self.findings))

    @property
    def first_seen(self) -> str | None:
        """When the oldest of them was first seen."""
        return min((finding.first_seen for finding in self.findings if finding.first_seen), default=None)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The servers behind them, each once, in the order of the findings."""
        behind = (host for finding in self.findings for host in finding.hosts or ())
        seen = {server_of(host): host for host in behind}
        return tuple(seen.values())


def fold(findings: Iterable[Finding]) -> tuple[PortLine, ...]:
    """Lines for these findings: worst first, then by category and port; the order of the input does not matter."""
    places: dict[_Key, list[Finding]] = {}
    for finding in findings:
        places.setdefault(_place_key(finding), []).append(finding)
    ports = [PortLine(_ordered(places[key]), *_span(key)) for key in sorted(places)]
    return tuple(sorted(map(_joined, _runs(ports)), key=lambda line: -line.severity))


_Key = tuple[int, str, str, int, str]
_RANKS = {category: rank for rank, category in enumerate(CATEGORIES)}


def _place_key(finding: Finding) -> _Key:
    """Where the finding is; a counter is a place of its own."""
    rank = _RANKS.get(finding.category, len(CATEGORIES))
    kind = (family(finding.protocol) or finding.protocol) if finding.protocol else ""
    own = finding.rule_id if finding.port is None else ""
    return rank, finding.category, kind, -1 if finding.port is None else finding.port, own


def _ordered(same: list[Finding]) -> tuple[Finding, ...]:
    """The findings of one place, worst first; most places have one, of thousands."""
    return tuple(same if len(same) == 1 else sorted(same, key=_worst_first))


def _worst_first(finding: Finding) -> tuple[int, str, str, str]:
    return -finding.severity, finding.rule_id, finding.protocol or "", finding.fingerprint


def _span(key: _Key) -> tuple[int | None, int | None]:
    return (None, None) if key[3] < 0 else (key[3], key[3])


def _runs(ports: Iterable[PortLine]) -> Iterator[list[PortLine]]:
    """Neighbouring ports of which the same is said, each looked at once: thousands in a row are one range."""
    run: list[PortLine] = []
    for line in ports:
        if run and _neighbours(run[-1], line):
            run.append(line)
            continue
        if run:
            yield run
        run = [line]
    if run:
        yield run


def _joined(run: list[PortLine]) -> PortLine:
    """One line for all ports of a run."""
    if len(run) == 1:
        return run[0]
    findings = tuple(finding for line in run for finding in line.findings)
    return PortLine(findings, run[0].first, run[-1].last)


def _neighbours(line: PortLine, following: PortLine) -> bool:
    """Whether two ports follow each other and the same is said of them."""
    if line.last is None or following.first != line.last + 1:
        return False
    return _sameness(line) == _sameness(following)


def _sameness(line: PortLine) -> tuple[object, ...]:
    worst = line.worst
    return worst.category, line.severity, set(line.rules), worst.title, line.protocols
