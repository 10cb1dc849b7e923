"""The results as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def markdown(results: dict[str, Any]) -> str:
    """All sections that were measured; a section that was not is not in the table."""
    lines = [f"Medians of {results['rounds']} paired rounds; [quartiles]. {results['machine']}.", ""]
    for section, write in _SECTIONS.items():
        if results.get(section):
            lines += [f"### {section[0].upper()}{section[1:]}", "", *write(results[section]), ""]
    return "\n".join(lines)


def _cold(section: dict[str, Any]) -> Iterator[str]:
    yield "| setting | what | importable ms | first request ms | report ms | CPU ms | peak MiB | modules |"
    yield "|---|---|---|---|---|---|---|---|"
    for setting, result in section.items():
        for who, of in result["figures"].items():
            cells = [_ms(of.get(name)) for name in ("importable", "first", "done", "cpu")]
            yield f"| {setting} | {who} | {' | '.join(cells)} | {_mib(of['rss'])} | {of['modules'][0]:.0f} |"
    yield ""
    yield from _ratios(section)


def _whole(section: dict[str, Any]) -> Iterator[str]:
    yield "| rows | what | wall ms | CPU without imports ms | CPU ms | peak MiB | calls |"
    yield "|---|---|---|---|---|---|---|"
    sizes = {size: result for size, result in section.items() if size != "growth"}
    for size, result in sizes.items():
        for who, of in result["figures"].items():
            cells = [_ms(of[name]) for name in ("wall", "work_cpu", "cpu")]
            yield f"| {size} | {who} | {' | '.join(cells)} | {_mib(of['rss'])} | {of['calls'][0]:.0f} |"
    yield ""
    yield from _ratios(sizes)
    yield from _growth(section)


def _timed(section: dict[str, Any]) -> Iterator[str]:
    yield "| case | what | CPU ms |"
    yield "|---|---|---|"
    cases = {case: result for case, result in section.items() if case != "growth"}
    for case, result in cases.items():
        for who, of in result["figures"].items():
            speed = result.get("pages a second", {}).get(who)
            yield f"| {case} | {who} | {_ms(of['cpu'])}{f' ({speed:,.0f} pages a second)' if speed else ''} |"
    yield ""
    yield from _ratios(cases)
    yield from _growth(section)


def _render(section: dict[str, Any]) -> Iterator[str]:
    yield "| sink | 1,000 findings ms | 10,000 findings ms | exponent |"
    yield "|---|---|---|---|"
    for kind, result in section.items():
        of = result["figures"]
        yield f"| {kind} | {_ms(of['1000']['cpu'])} | {_ms(of['10000']['cpu'])} | {result['growth']:.2f} |"


def _calls(section: dict[str, Any]) -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    for name, value in section.items():
        if name != "rows":
            yield f"| {name} | {value:,.1f} |" if isinstance(value, float) else f"| {name} | {value:,} |"


def _c7n(section: dict[str, Any]) -> Iterator[str]:
    yield "| case | wall ms |"
    yield "|---|---|"
    for case, of in section.items():
        yield f"| {case} | {_ms(of['c7n']['wall'])} |"


def _weight(section: dict[str, Any]) -> Iterator[str]:
    names = list(next(iter(section.values())))
    yield f"| Python | {' | '.join(names)} |"
    yield "|---" * (len(names) + 1) + "|"
    for version, of in section.items():
        yield f"| {version} | {' | '.join(f'{of[name]:,}' for name in names)} |"


def _ratios(section: dict[str, Any]) -> Iterator[str]:
    yield "| case | ratio | median | quartiles |"
    yield "|---|---|---|---|"
    for case, result in section.items():
        for name, value in result.items():
            if isinstance(value, (list, tuple)) and len(value) == 3:
                yield f"| {case} | {name} | {value[0]:.2f} | {value[1]:.2f} - {value[2]:.2f} |"


def _growth(section: dict[str, Any]) -> Iterator[str]:
    if "growth" in section:
        yield ""
        yield "Fitted exponents: " + ", ".join(f"{name} {value:.2f}" for name, value in section["growth"].items()) + "."


def _ms(of: list[float] | None) -> str:
    return "-" if of is None else f"{of[0] * 1000:,.1f} [{of[1] * 1000:,.1f} - {of[2] * 1000:,.1f}]"


def _mib(of: list[float]) -> str:
    return f"{of[0] / 2**20:.1f}"


_SECTIONS = {
    "cold": _cold,
    "whole": _whole,
    "evaluate": _timed,
    "decode": _timed,
    "policy load": _timed,
    "render": _render,
    "commands": _timed,
    "calls": _calls,
    "c7n": _c7n,
    "weight": _weight,
}
