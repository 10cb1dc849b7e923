"""What the linter says: the closed list of its codes, and one message with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from handler.policy.problems import CODES

if TYPE_CHECKING:
    from handler.policy.rules import Location

WARNINGS: dict[str, tuple[str, str]] = {
    "W101": ("port-named-twice", "a port stands twice in one list"),
    "W102": ("one-port-range", "a range of one port; write the number"),
    "W103": ("rule-adds-nothing", "another rule at least as severe finds everything that this one finds"),
    "W104": ("different-severities", "two rules find the same ports with different severities"),
    "W105": ("unargued-rule", "a rule without rationale or remediation leaves its reader alone"),
    "W106": ("digit-slip", "a port without a name, one digit away from a well-known one"),
    "W107": ("tcp-only", "a TCP-only rule for a service that also speaks UDP"),
    "W108": ("one-by-one", "a long run of ports written one by one; write a range"),
    "W109": ("status-not-sent", "the rule needs a status and Open Telekom Cloud sends none: always inconclusive"),
    "W201": ("exemption-expired", "the exemption is over and switches nothing off"),
    "W202": ("exemption-expires-soon", "the exemption ends within fourteen days"),
    "W203": ("exemption-too-wide", "the exemption speaks of ports or categories that its rules do not find"),
    "W204": ("exemption-unused", "the exemption matches nothing in the given snapshot"),
    "W301": ("silence-without-reason", "a lint comment without a reason or for an unknown code does not count"),
}


class LintMessage(NamedTuple):
    """One thing to say about a policy file; `code` is a key of `WARNINGS` or of `problems.CODES`."""

    code: str
    severity: Literal["error", "warning"]
    location: Location
    message: str

    def __str__(self) -> str:
        return f"{self.location}: {self.message} [{self.code}]"


def warning(code: str, location: Location, message: str) -> LintMessage:
    """A warning with that code."""
    return LintMessage(code, "warning", location, message)


def explanation(code: str) -> str:
    """One line about a code."""
    return WARNINGS[code][1] if code in WARNINGS else CODES[code]


def code_name(code: str) -> str:
    """A code's readable name, such as `port-named-twice`; an error's is its code."""
    return WARNINGS[code][0] if code in WARNINGS else code
