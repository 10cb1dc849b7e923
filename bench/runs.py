"""Cold start and whole run: fresh processes against the simulator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.fresh import FOUR, Place, floor, importing, one_core, ours, same_calls, sdk
from bench.measure import Figures, exponent, paired
from bench.serving import Serving

if TYPE_CHECKING:
    from handler.simulator.moving import ListOrder

Section = dict[str, object]
# how many rows, and in which order the service lists them: it decides how often a list must be read
LISTS: dict[str, tuple[int, ListOrder]] = {
    "40 rows": (40, "port"),
    "1,000 rows in order of port": (1_000, "port"),
    "1,000 rows in no order": (1_000, "insertion"),
    "10,000 rows in order of port": (10_000, "port"),
    "10,000 rows in no order": (10_000, "insertion"),
}


def cold(places: list[Place], rounds: int) -> Section:
    """Until importable, until the first request leaves, until the report is there; 40 rows."""
    results: dict[str, object] = {}
    for place in places:
        for latency in (0.0, 0.05):
            results[f"{place.version}, {latency * 1000:.0f} ms"] = _cold(place, latency, rounds)
        for quota, name in ((0.0, "one core"), (0.3, "0.3 of one core")):
            with one_core(quota) as prefix:
                if prefix:
                    results[f"{place.version}, 50 ms, {name}"] = _cold(replace(place, prefix=prefix), 0.05, rounds)
    return results


def _cold(place: Place, latency: float, rounds: int) -> Section:
    with Serving(40, latency=latency) as server:
        contestants = {
            "ours": ours(place, server),
            "nothing": importing(place, "pass"),
            "four packages": importing(place, FOUR),
            "requests alone": importing(place, "import requests"),
            "bare requests": floor(place, server),
            "bare requests for the same calls": same_calls(place, server),
        }
        if place.sdk_python:
            contestants["vendor SDK"] = sdk(place, server, 200)
        figures = paired(f"cold start {place.version}, {latency * 1000:.0f} ms", contestants, rounds)
    return {
        "figures": figures.plain(),
        "importable / four packages": figures.ratio("ours", "four packages", "importable", minus="nothing"),
        "importable / four packages, CPU": figures.ratio("ours", "four packages", "import_cpu"),
        "first request / bare requests": figures.ratio("ours", "bare requests", "first"),
        "report / bare requests": figures.ratio("ours", "bare requests", "done"),
        "report / bare requests, CPU": figures.ratio("ours", "bare requests", "cpu"),
        "report / the same calls": figures.ratio("ours", "bare requests for the same calls", "done"),
        "report / vendor SDK": figures.ratio("ours", "vendor SDK", "done") if place.sdk_python else None,
    }


def whole(place: Place, rounds: int) -> Section:
    """Every row listed and judged, without pacing; the CPU of imports is apart."""
    results: dict[str, object] = {}
    medians: dict[str, list[float]] = {}
    for case, (rows, order) in LISTS.items():
        with Serving(rows, order=order) as server:
            contestants = {
                "ours": ours(place, server),
                "ours, imports ahead": ours(place, server, imports_ahead=True),
                "floor": floor(place, server),
                "floor of the same calls": same_calls(place, server),
            }
            if place.sdk_python and order == "port":
                contestants |= {f"SDK, page {n or 10}": sdk(place, server, n) for n in (0, 200)}
            figures = paired(f"whole run of {case}", contestants, rounds if rows < 10_000 else min(rounds, 7))
        results[case] = {
            "rows": rows,
            "figures": figures.plain(),
            "CPU / floor, imports apart": figures.ratio("ours, imports ahead", "floor", "work_cpu"),
            "CPU / the same calls, imports apart": figures.ratio(
                "ours, imports ahead", "floor of the same calls", "work_cpu"
            ),
            "CPU / floor, late imports included": figures.ratio("ours", "floor", "work_cpu"),
            "whole CPU / floor": figures.ratio("ours", "floor", "cpu"),
        }
        for who in contestants if order == "port" else ():
            medians.setdefault(who, []).append(figures.median(who, "work_cpu"))
    results["growth"] = {who: exponent((1_000, 10_000), values[1:]) for who, values in medians.items()}
    return results


__all__ = ["Figures", "cold", "whole"]
