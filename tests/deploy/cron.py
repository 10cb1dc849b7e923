"""FunctionGraph's cron expressions: six fields, seconds first, Sunday is 0. Source: OTC user manual, 2026-04."""

import re

FIELDS = (("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 6))
PART = re.compile(r"(\*|(\d+)(-(\d+))?)(/\d+)?")


def cron_problems(expression: str) -> list[str]:
    """What is wrong with it; nothing for a good one."""
    fields = expression.removeprefix("CRON_TZ=Europe/Berlin ").split()
    if len(fields) != len(FIELDS):
        return [f"{len(fields)} fields, not 6"]
    return [
        f"{name}: {field}"
        for (name, low, high), field in zip(FIELDS, fields, strict=True)
        if not _fits(name, field, low, high)
    ]


def _fits(name: str, field: str, low: int, high: int) -> bool:
    if field == "?":
        return name in ("day", "weekday")
    matches = [PART.fullmatch(part) for part in field.split(",")]
    return all(match and all(low <= int(match[group] or low) <= high for group in (2, 4)) for match in matches)
