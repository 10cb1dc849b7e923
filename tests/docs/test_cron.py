"""Cron lines in what people copy from: FunctionGraph reads six fields, seconds first."""

import re
from pathlib import Path

import pytest

from tests.deploy.cron import cron_problems

ROOT = Path(__file__).resolve().parents[2]
READ = (
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "serverless.yml",
    "docs/**/*.md",
    "docs/**/*.yml",
    "deploy/**/*.tf",
    "handler/**/*.py",
)
FIELD = r"[\d*?][\d*?/,-]*"
LINE = re.compile(rf"(?<![\w*?/.,-]){FIELD}(?: {FIELD}){{3,7}}(?![\w*/.,-])")
QUOTED = re.compile(r"[\"'`]([^\"'`\n]+)[\"'`]")
FIVE_FIELDS = re.compile(r"crontab|CronJob|GitLab")  # other clocks than FunctionGraph's


def cron_lines(text):
    """Everything that looks like a cron line and is not said to be another clock's."""
    for line in text.splitlines():
        if not FIVE_FIELDS.search(line):
            yield from (found for found in LINE.findall(line) if "*" in found)


def shown():
    for pattern in READ:
        for path in sorted(ROOT.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            for cron in cron_lines("\n".join(QUOTED.findall(text)) if path.suffix == ".py" else text):
                yield pytest.param(cron, id=f"{path.relative_to(ROOT)}: {cron}")


@pytest.mark.parametrize("cron", list(shown()))
def test_it_has_six_fields_and_the_platform_takes_it(cron):
    assert cron_problems(cron) == []


def test_every_place_that_recommends_a_timer_is_looked_at():
    files = {param.id.partition(":")[0] for param in shown()}
    assert {"serverless.yml", "docs/deploy.md", "docs/sinks.md"} <= files


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("another minute (`7 * * * *`)", ["7 * * * *"]),
        ("cron `17 7 * * * ?`.", ["17 7 * * * ?"]),
        ("schedule: 0 0/15 8-18 * * 1-5 # weekdays", ["0 0/15 8-18 * * 1-5"]),
        ("`0 0 12 * * ? 2026`", ["0 0 12 * * ? 2026"]),
        ("a CronJob takes `7 * * * *`", []),
        ("2 * 3 = 6, on 1 2 3 4 5, **a * b**", []),
    ],
)
def test_what_a_cron_line_is(text, found):
    assert list(cron_lines(text)) == found
