"""A header and one line per finding and server, for spreadsheets; no cell is a formula."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from handler.formats.inert import inert
from handler.formats.words import host_words
from handler.models import worst_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from handler.models import Finding, Host, Report

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
    "owner",
    "runbook",
    "hosts",
    "fingerprint",
    "result",
    "exemption",
    "ticket",
    "approved_by",
    "expires",
    "effective_from",
)
_FORMULA = tuple("=+-@＝＋－＠")  # noqa: RUF001  a spreadsheet takes the full-width forms as well


def render_csv(*reports: Report) -> str:
    """One line per finding (and server, where they are known), then what is exempted and announced.

    `result` tells them apart. Each line is ended by a line feed; the header stands also over no finding.
    """
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(COLUMNS)
    for report in reports:
        writer.writerows(
            _line(report, finding, host, more)
            for finding, more in sorted(
                _results(report), key=lambda told: (told[1][0] != "finding", worst_first(told[0]))
            )
            for host in finding.hosts or (None,)
        )
    return sheet.getvalue()


def _results(report: Report) -> Iterator[tuple[Finding, tuple[str, ...]]]:
    """Each finding, exempted and announced ones too, with the last cells of its line."""
    for finding in report.findings:
        yield finding, ("finding", "", "", "", "", "")
    for item in report.exempted:
        yield item.finding, ("exempted", item.exemption_id, item.ticket, item.approved_by, item.expires, "")
    for announced in report.announced:
        yield announced.finding, ("announced", "", "", "", "", announced.effective_from)


def _line(report: Report, finding: Finding, host: Host | None, more: tuple[str, ...]) -> list[str]:
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
        finding.owner,
        finding.runbook,
        "" if host is None else host_words(host),
        finding.fingerprint,
        *more,
    )
    return [cell("" if value is None else str(value)) for value in cells]


def cell(text: str) -> str:
    """The text on one line; a leading quote keeps a spreadsheet from computing it."""
    shown = inert(text, 2000)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
