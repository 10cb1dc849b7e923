"""The linter's look at single lists of ports, as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.policy.codes import LintMessage, warning
from handler.policy.services import names_of_ports, service_of
from handler.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.policy.build import WrittenPort

LONG_RUN = 32  # ports in a row, one by one
WELL_KNOWN = (
    110, 111, 135, 139, 143, 161, 389, 443, 445, 465, 514, 587, 636, 873, 993, 995, 1433, 1434, 1521, 2049, 2181, 2375,
    2379, 3128, 3306, 3389, 4333, 5432, 5672, 5900, 5985, 6379, 6443, 8080, 8443, 9200, 9300, 10250, 11211, 27017,
)  # fmt: skip


def lint_ports(written: Sequence[WrittenPort]) -> Iterator[LintMessage]:
    """Ports named twice, one-port ranges, digit slips, long runs written one by one."""
    yield from _twice(written)
    yield from _one_port_ranges(written)
    yield from _digit_slips(written)
    yield from _long_runs(written)


def _twice(written: Sequence[WrittenPort]) -> Iterator[LintMessage]:
    reach: WrittenPort | None = None
    for port in sorted(written, key=lambda port: (port.low, port.location.line, port.location.column)):
        if reach is not None and port.low <= reach.high:
            first, later = sorted((reach, port), key=lambda one: (one.location.line, one.location.column))
            shared = port.low if port.low == min(port.high, reach.high) else f"{port.low}-{min(port.high, reach.high)}"
            message = f"{shared} is named twice: in {first.entry} on line {first.location.line} and in {later.entry}"
            yield warning("W101", later.location, message)
        if reach is None or port.high > reach.high:
            reach = port


def _one_port_ranges(written: Sequence[WrittenPort]) -> Iterator[LintMessage]:
    for port in written:
        if port.entry == f"{port.low}-{port.low}":
            yield warning("W102", port.location, f"the range {port.entry} is one port; write {port.low}")


def _digit_slips(written: Sequence[WrittenPort]) -> Iterator[LintMessage]:
    listed = PortSet.of((port.low, port.high) for port in written)
    for port in written:
        if not isinstance(port.entry, int) or not _rare(port.entry):
            continue
        meant = next((known for known in WELL_KNOWN if known not in listed and _slipped(port.entry, known)), None)
        if meant is not None:
            name = service_of(meant)
            shown = f"{meant} ({name})" if name else str(meant)
            yield warning("W106", port.location, f"{port.entry} has no well-known service; was {shown} meant?")


def _rare(port: int) -> bool:
    """Neither registered nor a round number, which is chosen on purpose."""
    return port not in names_of_ports() and port not in WELL_KNOWN and port % 1000 != 0


def _slipped(port: int, known: int) -> bool:
    """Whether one digit was mistyped (once, or wherever it stands), or two neighbours changed places."""
    typed, meant = str(port), str(known)
    if len(typed) != len(meant) or abs(port - known) == 1:  # the next number is a second instance, not a slip
        return False
    wrong = [at for at in range(len(meant)) if typed[at] != meant[at]]
    if len({(typed[at], meant[at]) for at in wrong}) == 1:
        return True
    neighbours = len(wrong) == 2 and wrong[1] == wrong[0] + 1
    return neighbours and typed[wrong[0]] == meant[wrong[1]] and typed[wrong[1]] == meant[wrong[0]]


def _long_runs(written: Sequence[WrittenPort]) -> Iterator[LintMessage]:
    singles = sorted((port for port in written if isinstance(port.entry, int)), key=lambda port: port.low)
    run: list[WrittenPort] = []
    for port in [*singles, None]:
        if port is not None and run and port.low <= run[-1].low + 1:
            run.append(port)
            continue
        if run and run[-1].low - run[0].low >= LONG_RUN - 1:
            ends = f"{run[0].low}-{run[-1].low}"
            yield warning("W108", run[0].location, f"{ends} is written port by port; write the range {ends}")
        run = [port] if port is not None else []
