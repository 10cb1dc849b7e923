"""A header and one line per finding, for spreadsheets; no cell is a formula."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from handler.formats.inert import inert
from handler.formats.words import host_words
from handler.models import worst_first

if TYPE_CHECKING:
    from handler.models import Finding, Report

COLUMNS = (
    "target",
    "severity",
    "rule_id",
    "title",
    "category",
    "port",
    "protocol",
    "num",
    "status",
    "first_seen",
    "message",
    "remediation",
    "hosts",
    "fingerprint",
)
_FORMULA = tuple("=+-@＝＋－＠")  # noqa: RUF001  a spreadsheet takes the full-width forms as well


def render_csv(*reports: Report) -> str:
    """One line per finding, ended by a line feed; the header stands also over no finding."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        _line(report, finding) for report in reports for finding in sorted(report.findings, key=worst_first)
    )
    return sheet.getvalue()


def _line(report: Report, finding: Finding) -> list[str]:
    hosts = "; ".join(host_words(host) for host in finding.hosts or ())
    cells = (
        report.target.name,
        finding.severity,
        finding.rule_id,
        finding.title,
        finding.category,
        finding.port,
        finding.protocol,
        finding.num,
        finding.status,
        finding.first_seen,
        finding.message,
        finding.remediation,
        hosts,
        finding.fingerprint,
    )
    return [cell("" if value is None else str(value)) for value in cells]


def cell(text: str) -> str:
    """The text on one line; a leading quote keeps a spreadsheet from computing it."""
    shown = inert(text, 2000)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
