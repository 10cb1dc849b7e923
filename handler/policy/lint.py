"""The linter of policy files: every error of the loader, and warnings that a reason in the file can silence.

    rules:
      # lint: allow W107 because the load balancer in front drops UDP
      - id: ...

The comment stands on the line that is warned about, or on comment lines right above it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from handler.named_tuple import NamedTuple
from handler.policy.codes import WARNINGS, LintMessage, warning
from handler.policy.lint_exemptions import lint_exemptions
from handler.policy.lint_ports import lint_ports
from handler.policy.lint_rules import lint_rules
from handler.policy.lint_servers import lint_networks, lint_servers
from handler.policy.rules import Location

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from handler.models import Snapshot
    from handler.policy.load import Reading
    from handler.policy.yaml_positions import PositionedFile

_ALLOW = re.compile(r"#\s*lint:\s*allow\b(.*)$")


class _Silence(NamedTuple):
    line: int
    column: int
    codes: tuple[str, ...]
    reason: str

    @property
    def counts(self) -> bool:
        return bool(self.reason and self.codes) and all(code in WARNINGS for code in self.codes)


def lint(
    reading: Reading, *, today: date | None = None, cloud: str | None = None, snapshot: Snapshot | None = None
) -> tuple[LintMessage, ...]:
    """All errors and the warnings that the files do not silence, in the order of the files.

    Without `today` dates are not judged; `cloud` is `otc` or `huaweicloud`; `snapshot` shows unused exemptions.
    """
    messages = [LintMessage(one.code, "error", one.location, one.message) for one in reading.problems]
    messages += _written(reading)
    if reading.policy is not None:
        messages += lint_rules(reading.policy.rules, cloud, reading.policy.exemptions)
        messages += [] if snapshot is None else lint_networks(reading.policy.rules, snapshot)
        messages += lint_exemptions(reading.policy, today, snapshot)
        messages += lint_servers(reading.policy, cloud)
    kept = _unsilenced(list(dict.fromkeys(messages)), reading)
    order = {file.file.name: at for at, file in enumerate(reading.files)}
    return tuple(sorted(kept, key=lambda one: (order.get(one.location.file, -1), *_place(one))))


def _place(message: LintMessage) -> tuple[int, int, str, str]:
    return message.location.line, message.location.column, message.code, message.message


def _written(reading: Reading) -> Iterator[LintMessage]:
    for file in reading.files:
        for _, ports in file.written:
            yield from lint_ports(ports)


def _unsilenced(messages: Sequence[LintMessage], reading: Reading) -> Iterator[LintMessage]:
    silences = {built.file.name: _silences(built.file) for built in reading.files}
    lines = {built.file.name: built.file.text.splitlines() for built in reading.files}
    for message in messages:
        name = message.location.file
        if message.severity == "error" or not _silenced(message, silences.get(name, {}), lines.get(name, [])):
            yield message
    for name, found in silences.items():
        for silence in found.values():
            if not silence.counts:
                text = "this lint comment does not count; write: # lint: allow W101 because ..."
                yield warning("W301", Location(name, silence.line, silence.column), text)


def _silences(file: PositionedFile) -> dict[int, _Silence]:
    found: dict[int, _Silence] = {}
    for number, line in enumerate(file.text.splitlines(), start=1):
        match = _ALLOW.search(line)
        if match is not None:
            codes, _, reason = match[1].partition(" because")
            listed = tuple(codes.replace(",", " ").split())
            found[number] = _Silence(number, match.start() + 1, listed, reason.strip())
    return found


def _silenced(message: LintMessage, silences: dict[int, _Silence], lines: Sequence[str]) -> bool:
    line = message.location.line
    here = [silences[line]] if line in silences else []
    above = line - 1
    while 0 < above <= len(lines) and lines[above - 1].lstrip().startswith("#"):
        here += [silences[above]] if above in silences else []
        above -= 1
    return any(silence.counts and message.code in silence.codes for silence in here)
