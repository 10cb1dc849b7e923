"""The fleet in each of its formats but HTML: text of 80 columns, JSON, Markdown, CSV, OpenMetrics."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from handler.clock import parse_iso
from handler.decide.fleet import SEVERITY_NAMES, STANDINGS
from handler.formats.columns import Ink
from handler.formats.csv_table import cell
from handler.formats.inert import cells, inert
from handler.formats.markdown import escaped, table_row, table_within, whom
from handler.formats.not_known import count_word
from handler.formats.openmetrics import labels_of, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta

    from handler.decide.fleet import FleetStatus, FleetTarget

WRONG_LINES = 15  # with heading and sums they fill the 24 lines of a terminal
MARKDOWN_BYTES = 60_000  # a comment on a forge holds 65,536
CSV_COLUMNS = (
    "target", "standing", "verdict", *SEVERITY_NAMES, "last_run_at", "last_complete_at", "age_seconds", "new_7d",
    "resolved_7d", "problem", "cloud", "region", "project_id", "owner", "link",
)  # fmt: skip
_HEAD = f"{'target':<31}{'standing':<12}{'crit':>5}{'high':>5}{'med':>5}{'low':>5}{'age':>6}{'week':>10}"


def render_fleet_text(fleet: FleetStatus, *, color: bool = False) -> str:
    """What is wrong, worst first, as far as a screen holds it; then the sums."""
    ink = Ink(color)
    wrong = [target for target in fleet.targets if target.standing != "compliant"]
    lines = [f"{fleet.counts['targets']} targets at {fleet.taken_at[:16].replace('T', ' ')} UTC: {fleet.verdict}"]
    lines += [f"NOT READ: {_padded(text, 69).rstrip()}" for text in fleet.unread[:5]]
    if wrong:
        lines += ["", ink.bold(_HEAD), *_screen(wrong, ink)]
    lines += ["", *_sums(fleet)]
    return "\n".join(lines) + "\n"


def _screen(wrong: Sequence[FleetTarget], ink: Ink) -> Iterator[str]:
    """As many lines as a screen holds, shared out so that it shows something of everything that is wrong."""
    for standing, share in _shares(Counter(target.standing for target in wrong)).items():
        group = [target for target in wrong if target.standing == standing]
        shown = share if share == len(group) else share - 1
        yield from (_line(target, ink) for target in group[:shown])
        if shown < len(group):
            yield f"and {len(group) - shown} more {standing}; --format csv or json lists all"


def _shares(counts: Mapping[str, int]) -> dict[str, int]:
    """How many lines each standing gets, the worst first: an equal share, and what the smaller ones leave."""
    room, shares = WRONG_LINES, {}
    smallest_first = sorted(counts, key=lambda standing: counts[standing])
    for place, standing in enumerate(smallest_first):
        shares[standing] = min(counts[standing], room // (len(counts) - place))
        room -= shares[standing]
    return {standing: shares[standing] for standing in STANDINGS if standing in shares}


def _padded(text: str, width: int) -> str:
    """As much of the text as so many columns hold, however wide its letters are."""
    shown = inert(text, width)
    while cells(shown) > width:
        shown = shown[:-1]
    return shown + " " * (width - cells(shown))


def _line(target: FleetTarget, ink: Ink) -> str:
    counts = "".join(f"{count_words(target, level):>5}" for level in SEVERITY_NAMES[:4])
    week = f"+{target.new} -{target.resolved}"
    shown = f"{_padded(target.name, 30)} {target.standing:<12}{counts}{age_words(target.age):>6}{week:>10}"
    return ink.verdict("violations" if target.standing == "violations" else "inconclusive", shown)


def _sums(fleet: FleetStatus) -> Iterator[str]:
    counts = fleet.counts
    yield ", ".join(f"{counts[standing]} {standing}" for standing in STANDINGS[::-1])
    found = {level: sum(target.counts.get(level, 0) for target in fleet.targets) for level in SEVERITY_NAMES}
    blind = sum(one.verdict in (None, "inconclusive") for one in fleet.targets)
    yield "findings: " + ", ".join(f"{count} {level}" for level, count in found.items())
    if blind:
        yield f"not all is known of {blind}: 2+ is at least two, ? none seen so far, - never checked"
    new, resolved = sum(one.new for one in fleet.targets), sum(one.resolved for one in fleet.targets)
    yield f"in a week: {new} new, {resolved} ended"


def count_words(target: FleetTarget, level: str) -> str:
    """How many findings of a level a target has; what is not known is no zero: `2+`, `?`, or `-` for never checked."""
    if target.verdict is None:
        return "-"
    return count_word(target.counts.get(level, 0), known=target.verdict != "inconclusive")


def age_words(age: timedelta | None) -> str:
    """`45m`, `7h`, `12d`; `never` where there was no whole run: `-` says of a target that it was never checked."""
    if age is None:
        return "never"
    minutes = int(age.total_seconds()) // 60
    if minutes < 120:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 2880 else f"{minutes // 1440}d"


def _target_dict(target: FleetTarget) -> dict[str, Any]:
    return {
        "name": target.name,
        "verdict": target.verdict,
        "counts": dict(target.counts),
        "last_run_at": target.last_run_at or None,
        "last_complete_at": target.last_complete_at or None,
        "age_seconds": _seconds(target),
        "stale": target.stale,
        "problem": target.problem,
        "days": [day._asdict() for day in target.days],
        "cloud": target.cloud,
        "region": target.region,
        "project_id": target.project_id,
        "owner": target.owner,
        "link": target.link,
    }


def _seconds(target: FleetTarget) -> int | None:
    return None if target.age is None else int(target.age.total_seconds())


def render_fleet_json(fleet: FleetStatus) -> str:
    """One JSON document, pure ASCII, a line for each target; times are null where nothing happened."""
    head = json.dumps({"version": "1", "taken_at": fleet.taken_at, "counts": fleet.counts})
    lines = ",\n".join(json.dumps(_target_dict(target), allow_nan=False) for target in fleet.targets)
    return f'{head[:-1]}, "targets": [\n{lines}\n]}}\n'


def render_fleet_markdown(fleet: FleetStatus) -> str:
    """Sums and a table of what is wrong, as much as a comment on a forge holds."""
    counts = fleet.counts
    lines = [f"## {counts['targets']} targets: {fleet.verdict}", ""]
    lines += [f"**Not read:** {escaped(text)}" for text in fleet.unread]
    lines += [", ".join(f"{counts[standing]} {standing}" for standing in STANDINGS), ""]
    wrong = [_row(target) for target in fleet.targets if target.standing != "compliant"]
    if wrong:
        levels = (level.capitalize() for level in SEVERITY_NAMES)
        columns = ("Target", "Standing", *levels, "Age", "Week", "Why", "Owner")
        lines.append(table_within(columns, wrong, MARKDOWN_BYTES))
    return "\n".join([*lines, "", f"As of {fleet.taken_at}."]) + "\n"


def _row(target: FleetTarget) -> str:
    return table_row(
        escaped(target.name, 80),
        target.standing,
        *(count_words(target, level) for level in SEVERITY_NAMES),
        age_words(target.age),
        f"+{target.new} -{target.resolved}",
        escaped(target.problem, 120),
        whom(target.owner),
    )


def render_fleet_csv(fleet: FleetStatus) -> str:
    """A header and one line per target, worst first; no cell is a formula."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows([cell(value) for value in _cells(target)] for target in fleet.targets)
    return sheet.getvalue()


def _number(target: FleetTarget, level: str) -> str:
    """How many findings of a level are known; an empty cell where none is and there may be some."""
    found = target.counts.get(level, 0)
    return str(found) if found or target.verdict not in (None, "inconclusive") else ""


def _cells(target: FleetTarget) -> tuple[str, ...]:
    age = _seconds(target)
    return (
        target.name,
        target.standing,
        target.verdict or "",
        *(_number(target, level) for level in SEVERITY_NAMES),
        target.last_run_at,
        target.last_complete_at,
        "" if age is None else str(age),
        str(target.new),
        str(target.resolved),
        target.problem,
        target.cloud,
        target.region,
        target.project_id,
        target.owner,
        target.link,
    )


def render_fleet_openmetrics(fleet: FleetStatus) -> str:
    """Gauges: how many targets stand how, and of each target its findings and its last whole run."""
    return "\n".join([*_metrics(fleet), "# EOF"]) + "\n"


def _metrics(fleet: FleetStatus) -> Iterator[str]:
    counts = fleet.counts
    name = "port_compliance_fleet_targets"
    yield from (f"# TYPE {name} gauge", f"# HELP {name} Targets by how they stand.")
    yield from (f"{name}{labels_of({'standing': one})} {counts[one]}" for one in STANDINGS)
    name = "port_compliance_fleet_findings"
    yield from (f"# TYPE {name} gauge", f"# HELP {name} Findings of the last run of each target.")
    for place, target in _labelled(fleet):
        for level in SEVERITY_NAMES:
            if target.counts.get(level):
                yield f"{name}{labels_of({**place, 'severity': level})} {target.counts[level]}"
    name = "port_compliance_fleet_last_complete_timestamp_seconds"
    yield from (f"# TYPE {name} gauge", f"# UNIT {name} seconds", f"# HELP {name} When its last whole run began.")
    for place, target in _labelled(fleet):
        if target.last_complete_at:
            yield f"{name}{labels_of(place)} {number_of(parse_iso(target.last_complete_at).timestamp())}"


def _labelled(fleet: FleetStatus) -> Iterator[tuple[dict[str, str], FleetTarget]]:
    """Each target with labels of its own; of two with one name, in two indexes, the worse is shown."""
    seen: set[str] = set()
    for target in fleet.targets:
        labels = {"target": target.name, "project": target.project_id, "region": target.region}
        key = labels_of(labels)
        if key not in seen:
            seen.add(key)
            yield labels, target
