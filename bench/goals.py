"""What the figures are aimed at, and what they are: the one table of `docs/performance.md`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PLACE = "<!-- the table -->"
SETTINGS = ("0 ms", "50 ms")  # how long the server waits with each answer


class Goal(NamedTuple):
    """A figure: the median and quartiles of a ratio of paired rounds, or a plain value, and the most that it may be.

    One that is there to be compared with has no such aim (infinity).
    """

    what: str
    most: float
    value: tuple[float, float, float] | float

    def line(self) -> str:
        """As a row of the table."""
        if isinstance(self.value, (int, float)):
            is_now, shown, aim = self.value, f"{self.value:,.10g}", f"{self.most:,.10g}"
        else:
            is_now, low, high = self.value
            shown, aim = f"{is_now:.2f} ({low:.2f} - {high:.2f})", f"{self.most:g}"
        if self.most == math.inf:
            return f"| {self.what} | - | {shown} | - |"
        return f"| {self.what} | {aim} | {shown} | {'yes' if is_now <= self.most else 'no'} |"


def write_page(template: Path, page: Path, results: Mapping[str, Any]) -> None:
    """The page: its prose, with the table of what was measured in its place."""
    lines = ["| figure | at most | is | reached |", "|---|---|---|---|", *(goal.line() for goal in goals(results))]
    rounds = sorted(set(results["rounds of each"].values()))
    lines += ["", f"Medians of {' or '.join(map(str, rounds))} paired rounds, with quartiles. {results['machine']}."]
    page.write_text(template.read_text(encoding="utf-8").replace(PLACE, "\n".join(lines)), encoding="utf-8")


def goals(results: Mapping[str, Any]) -> Iterator[Goal]:
    """Every figure that has an aim and was measured."""
    yield from _pages(results.get("decode", {}))
    yield from _whole(results.get("whole", {}))
    yield from _cold(results.get("cold", {}))
    yield from _commands(results.get("commands", {}))
    yield from _others(results)


def _pages(section: Mapping[str, Any]) -> Iterator[Goal]:
    for case, result in section.items():
        if "drift" not in case:
            yield Goal(f"{case}, CPU / `json.loads`", 3.0, result["ours / json.loads"])


def _whole(section: Mapping[str, Any]) -> Iterator[Goal]:
    most = {10_000: 1.8, 1_000: 2.0, 40: 2.5}
    peak = 0.0
    for case, result in section.items():
        if case == "growth":
            continue
        of = result["figures"]
        calls = f"{of['ours']['calls'][0]:.0f} calls beside {of['floor']['calls'][0]:.0f}"
        yield Goal(f"{case}: CPU / floor ({calls})", most[result["rows"]], result["CPU / floor, imports apart"])
        yield Goal(
            f"{case}: CPU / bare requests for the same calls", math.inf, result["CPU / the same calls, imports apart"]
        )
        peak = max(peak, of["ours"]["rss"][0])
    if peak:
        yield Goal("peak memory at 10,000 rows, MiB", 40, round(peak / 2**20, 1))


def _cold(section: Mapping[str, Any]) -> Iterator[Goal]:
    for setting in (f"{version}, {wait}" for version in ("3.10", "3.12") for wait in SETTINGS):
        if setting in section:
            result = section[setting]
            for suffix in ("", ", CPU"):  # the time is what is wanted, the CPU what a busy machine can still tell
                name = f"report from a cold start / bare requests, {setting}{suffix}"
                yield Goal(name, 1.4, result[f"report / bare requests{suffix}"])
            same = f"report from a cold start / bare requests for the same calls, {setting}"
            yield Goal(same, math.inf, result["report / the same calls"])
            yield Goal(
                f"importable / the four packages, {setting}, CPU", 0.6, result["importable / four packages, CPU"]
            )


def _commands(section: Mapping[str, Any]) -> Iterator[Goal]:
    most = {"--help": 6.0, "policy validate": 10.0, "policy explain": 10.0, "check --snapshot": 12.0}
    for version, result in section.items():
        for name, limit in most.items():
            yield Goal(f"`{name}`, CPU / bare Python {version}", limit, result[f"{name} / bare Python"])


def _others(results: Mapping[str, Any]) -> Iterator[Goal]:
    cases = {case: one for case, one in results.get("evaluate", {}).items() if case != "growth"}
    for case, result in cases.items():
        yield Goal(f"judging {case}, CPU / a dictionary", 3.0, result["ours / dictionary"])
    if "calls" in results:
        yield Goal(
            "plans with more calls than can be promised",
            0,
            results["calls"]["more than the fewest that can be promised"],
        )
    for version, of in results.get("weight", {}).items():
        yield Goal(f"zip for {version}, bytes", 6_000_000, of["zip bytes"])
