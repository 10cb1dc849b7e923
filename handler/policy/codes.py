"""Everything that is said about a policy file: the closed lists of codes, and a problem or message with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from handler.foreign_text import UNSEEN, visible
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from handler.policy.rules import Location

CODES: dict[str, str] = {
    "E101": "the file cannot be read: missing, larger than 4 MiB, not UTF-8, a file of test cases, or of another name",
    "E102": "the text is not YAML",
    "E103": "unsafe YAML: a tag, a second document, deep nesting, aliases that unfold without end",
    "E104": "a key stands twice in one mapping",
    "E105": "a value that YAML reads as something else than it looks",
    "E201": "the shape is wrong: unknown or missing key, wrong type or value (the JSON Schema sees it too)",
    "E301": "a reversed range",
    "E302": "a range beyond 1-65535",
    "E303": "a service name that the IANA list does not know",
    "E304": "an impossible date",
    "E305": "the same id twice over all files of the policy",
    "E306": "no rule at all",
    "E307": "an exemption for a rule that does not exist",
    "E308": "disallowed_ports in two files with different defaults",
    "E309": "an exemption that breaks a limit of the policy; in a run it does not apply",
}  # why a file is refused
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
    "W110": ("servers-not-told", "the rule goes by server and Open Telekom Cloud tells none: always inconclusive"),
    "W111": ("servers-of-every-port", "an allow list by server needs a call for each open port"),
    "W112": ("container-address", "a container has no address of its own, so a network cannot be judged there"),
    "W113": ("network-matches-nothing", "no server in the given snapshot is in a network that the rule names"),
    "W201": ("exemption-expired", "the exemption is over and switches nothing off"),
    "W202": ("exemption-expires-soon", "the exemption ends within fourteen days"),
    "W203": ("exemption-too-wide", "the exemption speaks of ports, categories or servers that its rules do not find"),
    "W204": ("exemption-unused", "the exemption matches nothing in the given snapshot"),
    "W205": ("exemption-by-its-owner", "who owns the exemption has approved it as well"),
    "W206": ("exemption-of-a-whole-rule", "the exemption names no port, so it switches off every port of its rules"),
    "W207": ("exemption-of-both-protocols", "the exemption names no protocols, and its rules look at both"),
    "W208": ("exemption-by-name", "servers choose their own names: prefer ids or networks"),
    "W209": ("exemption-never-applies", "the exemption goes by server and Open Telekom Cloud tells none"),
    "W301": ("silence-without-reason", "a lint comment without a reason or for an unknown code does not count"),
}  # what the linter says besides: name and meaning


class LoadProblem(NamedTuple):
    """One reason to refuse a policy; `code` is a key of `CODES`."""

    code: str
    location: Location
    message: str

    def __str__(self) -> str:
        return f"{_shown(self.code, self.location)}: {visible(self.message, unseen=UNSEEN)}"


class LintMessage(NamedTuple):
    """One thing to say about a policy file; `code` is a key of `WARNINGS` or of `CODES`."""

    code: str
    severity: Literal["error", "warning"]
    location: Location
    message: str

    def __str__(self) -> str:
        return f"{_shown(self.code, self.location)}: {self.shown} [{self.code}]"

    @property
    def shown(self) -> str:
        """The message on one line: it may quote what somebody wrote."""
        return visible(self.message, unseen=UNSEEN)


def _shown(code: str, location: Location) -> str:
    """The place; of a file that could not be read no line is named, for none was seen."""
    return location.shown_file if code == "E101" else str(location)


def warning(code: str, location: Location, message: str) -> LintMessage:
    """A warning with that code."""
    return LintMessage(code, "warning", location, message)


def explanation(code: str) -> str:
    """One line about a code."""
    return WARNINGS[code][1] if code in WARNINGS else CODES[code]


def code_name(code: str) -> str:
    """A code's readable name, such as `port-named-twice`; an error's is its code."""
    return WARNINGS[code][0] if code in WARNINGS else code
