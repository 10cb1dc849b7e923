"""The output formats by name, for one report or several; a format's module is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from handler.errors import MissingExtraError, UsageError
from handler.formats.not_asked import NOBODY
from handler.report.verdict import worst_target_first

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from handler.formats.not_asked import NotAsked
    from handler.models import Report
    from handler.state.memory import RunSummary

_WHERE = {
    "text": "text:render_text",
    "json": "json_report:render_json",
    "markdown": "markdown:render_markdown",
    "sarif": "sarif:render_sarif",
    "junit": "junit:render_junit",
    "ocsf": "ocsf:render_ocsf",
    "csv": "csv_table:render_csv",
    "html": "html_report:render_html",
    "openmetrics": "openmetrics:render_openmetrics",
    "github": "github:render_github",
}
_EXTRA_MODULES = frozenset({"jinja2", "pygal"})
FORMATS: tuple[str, ...] = tuple(_WHERE)
MERGED = frozenset(FORMATS) - {"html"}  # those that can hold several targets


def render_all(
    name: str,
    reports: Sequence[Report],
    *,
    several: bool,
    color: bool = False,
    history: Sequence[RunSummary] = (),
    servers: bool = False,
    not_asked: NotAsked = NOBODY,
) -> str:
    """One report as it is; several worst first: joined, or merged where the format is one document.

    With `several` JSON is the document of several targets, even if there is one, or none was asked. Only formats in
    `MERGED` take another number than one report; UsageError for others.
    """
    ordered = worst_target_first(reports)
    if several and name == "json":
        return _imported("json_report:render_targets")(ordered, not_asked.deferred, not_asked.run_id)
    return render_report(name, *ordered, color=color, history=history, servers=servers, not_asked=not_asked)


def render_report(
    name: str,
    *reports: Report,
    color: bool = False,
    history: Sequence[RunSummary] = (),
    servers: bool = False,
    not_asked: NotAsked = NOBODY,
) -> str:
    """The report in that format, or those of several targets in one document; ends in a newline.

    Only `text` knows colours, only `csv` a line for each of `servers`, only `html` draws the history, of one target.
    What was `not_asked` is said beside the reports, but for a single report as `json` or `html`.
    Raises UsageError for an unknown name and for several targets in `html`, MissingExtraError where `html` lacks its
    libraries.
    """
    function = demand(name)
    if name == "text":
        return function(*reports, color=color, not_asked=not_asked)
    if name == "csv":
        return function(*reports, servers=servers, not_asked=not_asked)
    if name == "json":
        return function(*reports)
    if name != "html":
        return function(*reports, not_asked=not_asked)
    if len(reports) != 1:
        raise UsageError(
            "html shows one target at a time", hint="Choose one with --target NAME: it is asked even if it is not due."
        )
    return function(*reports, history=history)


def demand(name: str) -> Callable[..., str]:
    """What renders the format. Raises UsageError for an unknown name, MissingExtraError where libraries lack."""
    if name not in _WHERE:
        raise UsageError(f"unknown format {name!r}", hint=f"One of: {', '.join(FORMATS)}.")
    try:
        return _imported(_WHERE[name])
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA_MODULES:
            raise
        raise MissingExtraError(f"the format {name}", "report") from error


def _imported(where: str) -> Callable[..., str]:
    module, function = where.split(":")
    return cast("Callable[..., str]", getattr(import_module(f"handler.formats.{module}"), function))
