"""A report with fewer of the servers behind its findings: their number stays, it is the finding's num."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handler.models import Finding, Report


def servers_cut(report: Report, most: int) -> Report:
    """The report with at most so many servers of each finding, exempted and announced ones too."""
    return report._replace(
        findings=tuple(_cut(one, most) for one in report.findings),
        exempted=tuple(one._replace(finding=_cut(one.finding, most)) for one in report.exempted),
        announced=tuple(one._replace(finding=_cut(one.finding, most)) for one in report.announced),
    )


def _cut(finding: Finding, most: int) -> Finding:
    return finding if finding.hosts is None else finding._replace(hosts=finding.hosts[:most])
