"""Lint messages for people, programs, code scanning and pull requests; each a pure function to one text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler.formats.artifact import artifact_uri, message_string
from handler.formats.github import workflow_command
from handler.policy.codes import CODES, WARNINGS, LintMessage, code_name, explanation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_text(messages: Sequence[LintMessage]) -> str:
    """One line each, `file:line:column: message [code]`; empty when there is nothing to say."""
    return "".join(f"{message}\n" for message in messages)


def as_json(messages: Sequence[LintMessage]) -> str:
    """A JSON array of objects with code, name, severity, file, line, column, message."""
    return json.dumps([_plain(message) for message in messages], indent=2) + "\n"


def _plain(message: LintMessage) -> dict[str, Any]:
    return {
        "code": message.code,
        "name": code_name(message.code),
        "severity": message.severity,
        "file": message.location.file,
        "line": message.location.line,
        "column": message.location.column,
        "message": message.message,
    }


def as_github(messages: Sequence[LintMessage]) -> str:
    """Workflow commands that GitHub shows beside the lines of a pull request."""
    return "".join(f"{_command(message)}\n" for message in messages)


def _command(message: LintMessage) -> str:
    place = message.location
    return workflow_command(
        message.severity,
        message.shown,
        file=place.shown_file,
        line=str(place.line),
        col=str(place.column),
        title=f"{message.code} {code_name(message.code)}" if message.code in WARNINGS else message.code,
    )


def as_sarif(messages: Sequence[LintMessage]) -> str:
    """SARIF 2.1.0 with the linter's codes as rules."""
    codes = [*CODES, *WARNINGS]
    driver = {
        "name": "port-compliance policy validate",
        "rules": [
            {"id": code, "name": code_name(code), "shortDescription": {"text": explanation(code)}} for code in codes
        ],
    }
    results = [_result(message, codes) for message in messages]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _result(message: LintMessage, codes: Sequence[str]) -> dict[str, Any]:
    place = message.location
    return {
        "ruleId": message.code,
        "ruleIndex": codes.index(message.code),
        "level": message.severity,
        "message": message_string(message.shown),
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": artifact_uri(place.file)},
                    "region": {"startLine": place.line, "startColumn": place.column},
                }
            }
        ],
    }


LINT_FORMATS: Mapping[str, Callable[[Sequence[LintMessage]], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
