"""The HTML report in headless Chromium: no console error, filters, sorts, accessible. Install with tests/browser/run.sh."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from handler.formats.html_report import render_html
from tests.fakes import report
from tests.format_reports import hostile, inconclusive, violating
from tests.formats.test_html_report import history

BROWSER = Path(__file__).parents[1] / "browser"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
MISSING = [
    name
    for name, there in (
        ("node", shutil.which("node")),
        ("chromium", Path(CHROMIUM).exists()),
        ("the npm packages of tests/browser", (BROWSER / "node_modules" / "playwright-core").exists()),
    )
    if not there
]
pytestmark = [pytest.mark.real, pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")]


def used(page, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    done = subprocess.run(["node", BROWSER / "open.mjs", path], capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    return used(render_html(violating(), history(40)), tmp_path_factory.mktemp("page"))


def test_it_opens_without_console_errors_and_asks_nobody(seen):
    assert (seen["errors"], seen["requests"], seen["scripts"]) == ([], [], 1)


def test_axe_finds_nothing_in_light_dark_and_on_a_phone(seen):
    assert seen["axe_passes"] > 20
    assert seen["axe"] == {"light": [], "dark": [], "mobile": []}
    assert [seen[f"{name}_overflow"] for name in ("light", "dark", "mobile")] == [0, 0, 0]


def test_the_keyboard_sorts_by_port_both_ways(seen):
    assert seen["down"] == ["counter", "3389", "23", "23"]
    assert seen["up"] == ["23", "23", "3389", "counter"]
    assert seen["sorted"] == [["Port", "descending"]]


def test_filters_narrow_the_table_and_say_so(seen):
    assert (seen["searched"], seen["told"]) == (["3389"], "Showing 1 of 4")
    assert seen["severe"] == ["23", "23", "3389"]
    assert seen["changed"] == ["23"]


def test_a_row_can_be_linked_to(seen):
    assert seen["anchor"].startswith("#f-")
    assert seen["target"] == "TR"


@pytest.mark.parametrize("one", [report(), inconclusive(), hostile()], ids=["clean", "inconclusive", "hostile"])
def test_other_reports_open_as_well(one, tmp_path):
    seen = used(render_html(one, history(3)), tmp_path)
    assert (seen["errors"], seen["requests"], seen["scripts"]) == ([], [], 1)
    assert seen["axe"] == {"light": [], "dark": [], "mobile": []}
