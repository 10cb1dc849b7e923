"""The fleet command in all its formats, from indexes in files."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from handler.cli import main
from handler.clock import iso
from handler.formats.fleet import CSV_COLUMNS
from handler.formats.inert import cells
from handler.state.content import to_bytes
from handler.state.index import Day, Index, IndexEntry, index_document
from tests.notices import HOSTILE

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=timezone.utc)
AT = "2026-11-26T08:00:00Z"
CHROMIUM = Path("/usr/bin/chromium")


def entry(verdict="compliant", minutes_ago=5, **more) -> IndexEntry:
    at = iso(NOW - timedelta(minutes=minutes_ago))
    days = (Day("2026-11-25", "compliant", 0, 1), Day("2026-11-26", verdict, 2, 0))
    known = {"last_run_at": at, "last_complete_at": at, "interval_seconds": 3600, "days": days, "project_id": "p" * 32}
    return IndexEntry(verdict, **(known | more))


@pytest.fixture
def fleet(tmp_path, capsys, surroundings):
    """Writes indexes and runs the command on them."""
    surroundings(STATE_URL=None)

    def run(*options, indexes=(), code=None):
        states = []
        for number, index in enumerate(indexes):
            (tmp_path / f"{number}-_index.json").write_bytes(to_bytes(index_document(index)))
            states += ["--state", f"file://{tmp_path}/{number}-{{target}}.json"]
        found = main(["fleet", *states, "--at", AT, *options])
        assert code in (None, found)
        return capsys.readouterr()

    return run


def company(number=300):
    """A fleet of which every third target has something wrong, in two indexes."""
    words = ("compliant", "violations", "compliant", "inconclusive", "compliant", "compliant")
    made = {
        f"team-{n:04}": entry(
            words[n % 6], 300 if n % 50 == 7 else 5, counts={"high": n % 6 % 3}, problem="HTTP 503" * (n % 6 == 3)
        )
        for n in range(number)
    }
    names = list(made)
    return Index({name: made[name] for name in names[::2]}), Index({name: made[name] for name in names[1::2]})


def test_the_first_screen_holds_what_is_wrong_and_the_sums(fleet):
    out = fleet(indexes=company(), code=3).out
    lines = out.splitlines()
    assert len(lines) <= 24
    assert max(cells(line) for line in lines) <= 80
    assert lines[0] == "300 targets at 2026-11-26 08:00 UTC: inconclusive"
    rows = [line.split()[1] for line in lines[3:18] if not line.startswith("and ")]
    assert rows == ["stale"] * 4 + ["inconclusive"] * 4 + ["violations"] * 4
    assert [line for line in lines if line.startswith("and ")] == [
        f"and {count}; --format csv or json lists all"
        for count in ("2 more stale", "44 more inconclusive", "44 more violations")
    ]
    assert lines[-4:-1] == [
        "198 compliant, 48 violations, 48 inconclusive, 6 stale, 0 never",
        "findings: 0 critical, 300 high, 0 medium, 0 low, 0 info",
        "not all is known of 50: 2+ is at least two, ? none seen so far, - never checked",
    ]


def test_what_is_not_known_is_no_zero(fleet):
    targets = {
        "blind": entry("inconclusive", counts={"high": 2}),
        "n": IndexEntry(first_seen=AT),
        "good": entry("compliant", counts={"high": 0}),
    }
    out = fleet(indexes=[Index(targets)]).out.splitlines()
    assert [line.split()[2:6] for line in out if line.startswith(("blind ", "n "))] == [
        ["-"] * 4,
        ["?", "2+", "?", "?"],
    ]
    rows = list(csv.DictReader(io.StringIO(fleet("--format", "csv", indexes=[Index(targets)]).out)))
    assert [row["high"] for row in rows] == ["", "2", "0"]
    assert "| blind | inconclusive | ? | 2+ |" in fleet("--format", "markdown", indexes=[Index(targets)]).out
    page = fleet("--format", "html", indexes=[Index(targets)]).out
    assert '<td class="n high" data-v="2">2+' in page
    assert '<td class="n " data-v="0">?' in page


def test_a_target_that_was_checked_and_never_seen_whole_is_not_marked_as_never_checked(fleet):
    index = Index({"dead": entry("inconclusive", last_complete_at="")})
    (row,) = (line.split() for line in fleet(indexes=[index]).out.splitlines() if line.startswith("dead"))
    assert row == ["dead", "stale", "?", "?", "?", "?", "never", "+2", "-1"]
    assert "| never | +2 -1 |" in fleet("--format", "markdown", indexes=[index]).out


def test_a_day_without_a_run_is_a_gap_in_the_month(fleet):
    days = (Day("2026-11-22", "compliant"), Day("2026-11-25", "violations"), Day("2026-11-26", "compliant"))
    index = Index({"a": entry(days=days), "b": entry(days=days[1:]), "today is not over": entry(days=days[:2])})
    page = fleet("--format", "html", indexes=[index]).out
    assert '<td class="month">c--vc<' in page
    assert '<td class="month">vc<' in page
    assert '<td class="month">c--v<' in page
    assert "2026-11-23: 0 inconclusive, 0 violations, 0 compliant, 2 not checked" in page
    assert "2026-11-25: 0 inconclusive, 3 violations, 0 compliant, 0 not checked" in page


@pytest.mark.parametrize(("verdict", "code"), [("compliant", 0), ("violations", 1), ("inconclusive", 3)])
def test_exit_codes(fleet, verdict, code):
    fleet(indexes=[Index({"a": entry(), "b": entry(verdict)})], code=code)


def test_stale_after_is_what_is_said(fleet):
    index = [Index({"a": entry(minutes_ago=45)})]
    fleet(indexes=index, code=0)
    fleet("--stale-after", "30m", indexes=index, code=3)
    assert "--stale-after: must be a length of time" in fleet("--stale-after", "soon", indexes=index, code=2).err


def test_json_is_what_the_contract_says(fleet):
    never = IndexEntry(first_seen=AT, owner="x@example.org")
    document = json.loads(fleet("--format", "json", indexes=[Index({"a": entry("violations"), "n": never})]).out)
    assert list(document) == ["version", "taken_at", "counts", "targets"]
    assert document["counts"] == {
        "targets": 2, "compliant": 0, "violations": 1, "inconclusive": 0, "stale": 0, "never": 1,
    }  # fmt: skip
    first, second = document["targets"]
    assert list(first) == [
        "name", "verdict", "counts", "last_run_at", "last_complete_at", "age_seconds", "stale", "problem", "days",
        "cloud", "region", "project_id", "owner", "link",
    ]  # fmt: skip
    assert (first["name"], first["last_run_at"], first["age_seconds"]) == ("n", None, None)
    assert (second["age_seconds"], second["days"][0]["resolved"], second["stale"]) == (300, 1, False)


def test_what_is_not_known_is_an_empty_cell_and_no_zero(fleet):
    targets = {"a": entry("inconclusive", counts={"high": 2, "low": 0}), "b": entry("compliant", counts={})}
    rows = list(csv.DictReader(io.StringIO(fleet("--format", "csv", indexes=[Index(targets)]).out)))
    assert [(row["high"], row["low"]) for row in rows] == [("2", ""), ("0", "0")]


def test_csv_has_a_line_for_each_target_and_no_formula(fleet):
    out = fleet("--format", "csv", indexes=[Index({"=1+1": entry(problem="@x"), "b": entry()})]).out
    rows = list(csv.reader(io.StringIO(out)))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [row[0] for row in rows[1:]] == ["'=1+1", "b"]
    assert "'@x" in rows[1]


def test_openmetrics_are_read_by_prometheus(fleet):
    out = fleet("--format", "openmetrics", indexes=[*company(12), Index({"team-0001": entry()})]).out
    families = {family.name: family for family in text_string_to_metric_families(out)}
    standing = {s.labels["standing"]: s.value for s in families["port_compliance_fleet_targets"].samples}
    assert standing == {"never": 0, "stale": 1, "inconclusive": 2, "violations": 1, "compliant": 9}
    ends = families["port_compliance_fleet_last_complete_timestamp_seconds"].samples
    assert len(ends) == 12
    assert {sample.value for sample in ends} <= {NOW.timestamp() - 300, NOW.timestamp() - 18000}


def test_markdown_fits_a_comment(fleet):
    out = fleet("--format", "markdown", indexes=company(5000)).out
    assert len(out) < 65_000
    assert out.startswith("## 5000 targets: inconclusive\n\n0 never, 100 stale, ")
    assert re.search(r"\nand \d+ more\n", out)


@pytest.mark.parametrize("form", ["text", "json", "markdown", "csv", "openmetrics", "html"])
def test_hostile_text_stays_text(fleet, form):
    targets = {
        f"{number}{text[:100]}": entry("inconclusive", problem=text, owner=text, link=text, region=text[:50])
        for number, text in enumerate(HOSTILE)
    }
    clean = {name.encode("utf-8", "replace").decode(): one for name, one in targets.items()}
    out = fleet("--format", form, indexes=[Index(clean)]).out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066\ufeff]", out)
    if form == "html":
        assert "<script>alert" not in out
        assert "javascript:" not in out
    if form == "text":
        assert max(cells(line) for line in out.splitlines()) <= 80


def test_an_index_that_is_missing_or_damaged_is_named_and_hides_nobody(fleet, tmp_path):
    (tmp_path / "x-_index.json").write_text("{")
    missing = ["--state", f"file://{tmp_path}/y-{{target}}.json", "--state", f"file://{tmp_path}/x-{{target}}.json"]
    out = fleet(*missing, indexes=[Index({"a": entry("violations")})], code=3)
    assert "not read: state 2: there is no index yet" in out.err
    assert "not read: state 3: " in out.err
    assert "a                              violations" in out.out
    assert [path.name for path in tmp_path.iterdir() if "damaged" in path.name] == []


def test_states_come_from_the_settings_too(fleet, tmp_path, surroundings):
    assert "no state is configured" in fleet(code=2).err
    fleet(indexes=[Index({"a": entry()}), Index({"b": entry()})])
    urls = [f"file://{tmp_path}/{number}-{{target}}.json" for number in range(2)]
    surroundings(STATE_URL=urls[0])
    assert json.loads(fleet("--format", "json", code=0).out)["counts"]["targets"] == 1
    surroundings(FLEET_STATE_URLS=", ".join(urls))
    assert json.loads(fleet("--format", "json", code=0).out)["counts"]["targets"] == 2
    surroundings(FLEET_STATE_URLS="file:///a.json")
    assert "FLEET_STATE_URLS: must list states" in fleet(code=2).err
    surroundings(FLEET_STATE_URLS=None)
    assert "holds {target}" in fleet("--state", "file:///a.json", code=2).err


SCRIPT = """<script>
const rows = () => [...document.querySelectorAll("#targets-table tbody tr")].map((row) => row.cells[1].textContent);
const told = () => document.querySelector("#shown").textContent;
const set = (id, value) => {
  const control = document.querySelector(id);
  control.value = value;
  control.dispatchEvent(new Event("input"));
};
const out = {first: rows().length, told: told(), bars: document.querySelectorAll("tbody td.month i").length};
document.querySelector("#more").click();
out.more = rows().length;
set("#filter-text", "TEAM-0007");
out.searched = rows();
set("#filter-text", "");
set("#filter-standing", "stale");
out.stale = rows().length;
set("#filter-standing", "");
set("#filter-severity", "1");
out.severe = told();
set("#filter-severity", "");
const heads = [...document.querySelectorAll("th button")];
heads.find((head) => head.textContent === "High").click();
out.worst = Number(document.querySelector("tbody tr").cells[3].textContent);
heads.find((head) => head.textContent === "Target").click();
out.names = [rows()[0]];
heads.find((head) => head.textContent === "Target").click();
out.names.push(rows()[0]);
document.title = JSON.stringify(out);
</script>"""


@pytest.mark.real
@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium")
def test_the_page_is_searched_filtered_and_sorted_in_a_browser(fleet, tmp_path):
    page = fleet("--format", "html", indexes=company()).out
    assert "script-src 'sha256-" in page
    used = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", page).replace(
        "</body>", SCRIPT + "</body>"
    )
    path = tmp_path / "page.html"
    path.write_text(used, encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/u", "--dump-dom"]
    done = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=240, check=True)
    out = json.loads(re.search(r"<title>(.*?)</title>", done.stdout)[1])
    assert (out["first"], out["told"], out["more"]) == (200, "Showing 200 of 300 (300 in all)", 300)
    assert (out["bars"], out["searched"], out["stale"]) == (400, ["team-0007"], 6)
    assert (out["severe"], out["worst"]) == ("Showing 200 of 200 (300 in all)", 2)
    assert sorted(out["names"]) == ["team-0000", "team-0299"]
