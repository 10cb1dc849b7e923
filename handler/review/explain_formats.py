"""Explanations as text or JSON. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler.formats.inert import inert
from handler.models import family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.review.explain import Explanation, Statement

_LONG = 400


def explain_text(explanations: Sequence[Explanation]) -> str:
    """One block per category: what comes of it, then each rule and exemption with its place and reasons."""
    return "\n".join(_block(explanation) for explanation in explanations)


def _block(explanation: Explanation) -> str:
    question = explanation.question
    num = "" if question.num is None else f", num {question.num}"
    status = "" if question.status is None else f", status {inert(question.status, 40)}"
    asked = f"{question.port}/{inert(question.protocol, 40)} in category {question.category}{num}{status}"
    lines = [f"{asked}, on {explanation.today}: {explanation.outcome}"]
    if family(question.protocol) is None:
        lines.append("  this type is neither TCP nor UDP: every rule on the port judges it")
    for statement in explanation.statements:
        lines.append(f"  {_head(statement)} ({statement.location})")
        lines += [f"    {inert(reason, _LONG)}" for reason in statement.reasons]
        if statement.outcome != "nothing":
            lines += [f"    {line}" for line in _whom_to_ask(statement)]
    if not explanation.statements:
        lines.append("  no rule or exemption speaks of it")
    return "\n".join(lines) + "\n"


def _head(statement: Statement) -> str:
    severity = "" if statement.severity is None else f", {statement.severity}"
    return f"{statement.kind} {statement.id}{severity}: {statement.outcome}"


def _whom_to_ask(statement: Statement) -> list[str]:
    told = (("owner", statement.owner), ("runbook", statement.runbook))
    return [f"{label} {inert(text, _LONG)}" for label, text in told if text]


def explain_json(explanations: Sequence[Explanation]) -> str:
    """One JSON array, an entry per category."""
    return json.dumps([_dict(explanation) for explanation in explanations], indent=2) + "\n"


def _dict(explanation: Explanation) -> dict[str, Any]:
    question = explanation.question
    return {
        "port": question.port,
        "protocol": question.protocol,
        "category": question.category,
        "num": question.num,
        "status": question.status,
        "today": explanation.today.isoformat(),
        "outcome": explanation.outcome,
        "statements": [
            {
                "kind": statement.kind,
                "id": statement.id,
                "severity": None if statement.severity is None else str(statement.severity),
                "outcome": statement.outcome,
                "reasons": list(statement.reasons),
                "owner": statement.owner,
                "runbook": statement.runbook,
                "file": statement.location.file,
                "line": statement.location.line,
            }
            for statement in explanation.statements
        ],
    }
