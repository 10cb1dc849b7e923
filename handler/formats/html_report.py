"""The report as one HTML file that needs nothing else: no request leaves it, and only its own script may run."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jinja2 import Environment, StrictUndefined, Template

from handler.formats import words
from handler.formats.inert import inert
from handler.formats.not_known import RUNS_DRAWN, count_word, ports_word, run_counts
from handler.formats.plots import findings_plot, ports_plot
from handler.models import SEVERITIES, worst_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.models import Finding, PastFinding, Report
    from handler.state.memory import RunSummary

_TABLE_RUNS = 30  # the newest runs that are also told as a table


def render_html(report: Report, history: Sequence[RunSummary] = ()) -> str:
    """The whole page; below 300 KB for 1,000 findings."""
    return render_page(
        "report",
        ("report.css",),
        report=report,
        findings=sorted(report.findings, key=worst_first),
        rules=_rules(report),
        changed=_changed(report),
        gone=_gone(report),
        plots=_plots(history),
        runs=list(reversed(history[-_TABLE_RUNS:])),
        drawn=min(len(history), RUNS_DRAWN),
        count_word=partial(count_word, known=report.verdict != "inconclusive", form=","),
        run_counts=run_counts,
        ports_word=ports_word,
        words=words,
        severities=SEVERITIES,
    )


def anchor(finding: Finding) -> str:
    """The id of a finding's row: the same in every report, and harmless whatever the fingerprint holds."""
    return f"f-{hashlib.sha256(_bytes(finding.fingerprint)).hexdigest()[:8]}"


def rule_anchor(finding: Finding) -> str:
    """The id of the paragraph on a finding's rule."""
    return f"r-{hashlib.sha256(_bytes(finding.rule_id)).hexdigest()[:6]}"


def safe_link(url: str) -> str:
    """The address if it is plain http or https, else nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return inert(url, 2000) if parts.scheme in {"http", "https"} and parts.netloc else ""


def render_page(name: str, styles: Sequence[str], **values: object) -> str:
    """A page of the template and script `name` in these styles: everything is escaped, nothing may be missing."""
    css, script = "".join(map(_part, styles)), _part(f"{name}.js")
    hashes = {"css_hash": _digest_of(css), "script_hash": _digest_of(script)}
    return _template(name).render(css=css, script=script, **hashes, **values)


@cache
def _template(name: str) -> Template:
    """The template, compiled: that takes most of the time of a page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(inert=inert, anchor=anchor, rule_anchor=rule_anchor, safe_link=safe_link)
    return environment.from_string(_part(f"{name}.html.j2"))


def _part(name: str) -> str:
    """A file beside this one."""
    return files("handler.formats").joinpath(name).read_text(encoding="utf-8")


def _digest_of(text: str) -> str:
    """What the page's content security policy names its style and script by."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _rules(report: Report) -> list[Finding]:
    """One finding of each rule, for what is said once: title, rationale, remediation, references."""
    told = [*report.findings, *(item.finding for item in report.exempted), *(item.finding for item in report.announced)]
    return list({finding.rule_id: finding for finding in sorted(told, key=worst_first, reverse=True)}.values())[::-1]


def _changed(report: Report) -> dict[str, str]:
    """What is said beside a finding that changed, by fingerprint."""
    if report.changes is None:
        return {}
    moves = ("grown", "lowered", "raised", "new", "newly_forbidden", "reopened")
    lists = ((name.replace("_", " "), getattr(report.changes, name)) for name in moves)
    return {fingerprint: word for word, fingerprints in lists for fingerprint in fingerprints}


def _gone(report: Report) -> list[tuple[str, str, tuple[PastFinding, ...]]]:
    """What was open in the last run and is no finding now: what ended, and what nobody knows of; id, heading, which."""
    if report.changes is None:
        return []
    lists = (
        ("ended", "Ended", report.changes.resolved),
        ("unseen", words.NOT_SEEN_NOW.capitalize(), report.changes.unseen),
    )
    return [one for one in lists if one[2]]


def _plots(history: Sequence[RunSummary]) -> list[tuple[str, str]]:
    """Title and SVG of each plot; one run is no history."""
    if len(history) < 2:
        return []
    return [("Open ports", ports_plot(history)), ("Findings by severity", findings_plot(history))]
