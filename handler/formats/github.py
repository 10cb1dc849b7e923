"""Workflow commands that GitHub Actions shows as annotations."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from handler.formats.inert import inert
from handler.formats.not_asked import NOBODY
from handler.formats.words import days_words, not_seen, notes, place, target_words, verdict_words
from handler.models import Severity, worst_first

if TYPE_CHECKING:
    from handler.formats.not_asked import NotAsked
    from handler.models import Finding, Report


def render_github(*reports: Report, not_asked: NotAsked = NOBODY) -> str:
    """A command per thing not seen, finding, exempted and announced row, and warning; the verdict last.

    Before them what was not asked, each as an error where that makes the run fail; that some are still to come does so
    only where nothing is known of any target.
    """
    nothing_known = not reports and not any(one.stands for one in not_asked.deferred)
    fails = ("inconclusive", "violations", *((None,) if nothing_known else ()))
    told = ((said, "error" if stands in fails else "notice") for stands, said in not_asked.told())
    others = [_command(level, "Not asked in this run", said) for said, level in told]
    return "".join(f"{line}\n" for line in (*others, *chain.from_iterable(map(_commands, reports))))


def _commands(report: Report) -> list[str]:
    lines = [_command("error", "Inconclusive", reason) for reason in not_seen(report)]
    lines += [_finding(finding) for finding in sorted(report.findings, key=worst_first)]
    lines += [
        _command("notice", f"Exempted by {item.exemption_id}", f"{_short(item.finding)}; {days_words(item.days_left)}")
        for item in report.exempted
    ]
    lines += [
        _command("notice", f"Announced for {item.effective_from}", _short(item.finding)) for item in report.announced
    ]
    lines += [_command("warning", "Warning", warning) for warning in notes(report)]
    level = "notice" if report.verdict == "compliant" else "error"
    lines.append(_command(level, f"{report.verdict} on {target_words(report.target)}", verdict_words(report)))
    return lines


def _finding(finding: Finding) -> str:
    level = "error" if finding.severity >= Severity.HIGH else "warning"
    level = level if finding.severity >= Severity.MEDIUM else "notice"
    advice = f" {finding.remediation}" if finding.remediation else ""
    return _command(level, f"{finding.severity}: {finding.title}", f"{_short(finding)}.{advice}")


def _short(finding: Finding) -> str:
    return f"{place(finding)} on {finding.category}, num {finding.num} ({finding.rule_id})"


def _command(level: str, title: str, message: str) -> str:
    return workflow_command(level, inert(message), title=inert(title, 200))


def workflow_command(level: str, message: str, **properties: str) -> str:
    """A command on one line, `::level key=value,...::message`; in a property `:` and `,` are escaped too."""
    listed = ",".join(
        f"{key}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in properties.items()
    )
    return f"::{level} {listed}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
