"""The runbook has exactly one entry per error class, and the operator's figures are the program's."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

from handler import errors
from handler.function.gateway import HTTP_STATUS
from handler.logs import _FIELDS
from tests.faults.scene import scene

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/operations.md").read_text()
CLASSES = [
    name
    for name, one in inspect.getmembers(errors, inspect.isclass)
    if issubclass(one, errors.PortComplianceError) and not name.startswith("_")
]


def test_each_error_has_one_entry_and_each_entry_an_error():
    assert sorted(re.findall(r"^### (\w+)$", TEXT, re.MULTILINE)) == sorted(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_an_entry_says_what_to_do(name):
    entry = TEXT.split(f"### {name}\n")[1].split("\n#")[0]
    assert len(entry.split()) >= 8


@pytest.mark.parametrize("name", CLASSES)
def test_an_exit_code_of_an_error_is_in_the_table(name):
    assert f"| {getattr(errors, name).exit_code} |" in TEXT


def test_the_fields_of_log_lines_are_named():
    assert all(f"`{field}`" in TEXT for field in (*_FIELDS, "time", "level", "message"))


def test_the_gateways_answers_are_named():
    assert all(str(status) in TEXT for status in HTTP_STATUS.values())


def test_a_run_logs_one_line_with_its_run_and_target():
    with scene() as world:
        ran = world.run()
        (line,) = [json.loads(text) for text in ran.printed.splitlines()]
        assert (line["run_id"], line["target"]) == (ran.report["run_id"], ran.report["target"]["name"])
        assert (line["level"], "request_id" in line) == ("warning", True)


@pytest.mark.parametrize("name", ["security", "operations"])
def test_every_test_that_a_page_names_exists(name):
    model = (ROOT / f"docs/{name}.md").read_text()
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for name in re.findall(r"`(test_[a-z_]+)`", model):
        assert f"def {name}(" in tests, name
    for path in re.findall(r"`(tests/[\w/]+\.py)`", model):
        assert (ROOT / path).exists(), path
