"""Every way a policy file can be refused: a closed list of codes, and a problem with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from handler.policy.rules import Location

CODES: dict[str, str] = {
    "E101": "the file cannot be read: missing, larger than 4 MiB, not UTF-8, or a file of test cases",
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
}
LOADER_ONLY = frozenset(CODES) - {"E201"}  # what the JSON Schema of the file cannot see


class LoadProblem(NamedTuple):
    """One reason to refuse a policy; `code` is a key of `CODES`."""

    code: str
    location: Location
    message: str

    def __str__(self) -> str:
        return f"{self.location}: {self.message}"
