"""A header and one line per finding, or per finding and server, for spreadsheets; no cell is a formula."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from handler.formats.inert import inert
from handler.formats.not_asked import NOBODY, counts_as
from handler.formats.words import host_words, not_seen
from handler.models import worst_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.formats.not_asked import NotAsked
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
SERVER_COLUMNS = ("host_id", "host_name", "host_ip")  # what lines per server have besides
_FORMULA = tuple("=+-@＝＋－＠")  # noqa: RUF001  a spreadsheet takes the full-width forms as well


def render_csv(*reports: Report, servers: bool = False, not_asked: NotAsked = NOBODY) -> str:
    """One line per finding, then what is exempted and announced; `result` tells them apart.

    What could not be seen has a line too, with the `result` `inconclusive`, and so has a target that was not asked and
    is not known to be clean, `not asked`: a header alone says that all is well.

    With `servers` one line per finding and server, with more columns; a finding without known servers has one line.
    Each line is ended by a line feed; the header stands also over no finding.
    """
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    columns = (*COLUMNS, *SERVER_COLUMNS) if servers else COLUMNS
    writer.writerow(columns)
    for report in reports:
        ordered = sorted(_results(report), key=lambda told: (told[1][0] != "finding", worst_first(told[0])))
        for finding, more in ordered:
            writer.writerows(_server_lines(report, finding, more) if servers else [_line(report, finding, more)])
        reasons = not_seen(report)
        writer.writerows(_no_finding(columns, report.target.name, reason, "inconclusive") for reason in reasons)
    writer.writerows(_no_finding(columns, one.name, counts_as(one), "not asked") for one in not_asked.open)
    return sheet.getvalue()


def _no_finding(columns: Sequence[str], target: str, message: str, result: str) -> list[str]:
    """The line of what is not known of a target."""
    told = {"target": cell(target), "message": cell(message), "result": result}
    return [told.get(column, "") for column in columns]


def _results(report: Report) -> Iterator[tuple[Finding, tuple[str, ...]]]:
    """Each finding, exempted and announced ones too, with the last cells of its line."""
    for finding in report.findings:
        yield finding, ("finding", "", "", "", "", "")
    for item in report.exempted:
        yield item.finding, ("exempted", item.exemption_id, item.ticket, item.approved_by, item.expires, "")
    for announced in report.announced:
        yield announced.finding, ("announced", "", "", "", "", announced.effective_from)


def _server_lines(report: Report, finding: Finding, more: tuple[str, ...]) -> Iterator[list[str]]:
    if not finding.hosts:
        yield [*_line(report, finding, more), *("" for _ in SERVER_COLUMNS)]
    for host in finding.hosts or ():
        alone = finding._replace(hosts=(host,))
        yield [*_line(report, alone, more), *(cell(getattr(host, name)) for name in SERVER_COLUMNS)]


def _line(report: Report, finding: Finding, more: tuple[str, ...]) -> list[str]:
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
        finding.owner,
        finding.runbook,
        hosts,
        finding.fingerprint,
        *more,
    )
    return [cell("" if value is None else str(value)) for value in cells]


def cell(text: str) -> str:
    """The text on one line; a leading quote keeps a spreadsheet from computing it."""
    shown = inert(text, 2000)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
