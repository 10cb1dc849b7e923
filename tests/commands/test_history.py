"""The history command: a table, a plot, and one clear line for a state that cannot be read."""

import argparse
import json
import re
from datetime import datetime, timedelta, timezone

import pytest

from handler.clock import iso
from handler.commands import history
from handler.errors import SettingsError, StoreDamagedError
from handler.formats.inert import cells
from handler.formats.not_known import slots
from handler.formats.terminal_plot import draw_history
from handler.state.document import encode
from handler.state.memory import LastRun, RunSummary
from tests.fakes import MemoryStore


def runs(number):
    return tuple(
        RunSummary(f"run-{n}", f"2026-11-{n % 28 + 1:02}T08:07:00Z", "violations", (1, n % 3, 0, 0, 2), 100 + n, 5, 4)
        for n in range(number)
    )


def store_with(number):
    return MemoryStore(encode(LastRun(run_at="2026-11-22T12:00:00Z", history=runs(number))))


def shown(capsys, stores, *options):
    parser = argparse.ArgumentParser()
    history.arguments(parser)
    code = history.run(parser.parse_args(options), lambda _url: stores)
    out, err = capsys.readouterr()
    assert code == 0
    return out, err


def test_the_newest_runs_come_first_and_the_rest_is_counted(capsys):
    out, _ = shown(capsys, [("prod", store_with(50))])
    lines = out.splitlines()
    assert lines[0] == "prod: 50 runs, newest first"
    assert lines[2].split() == ["2026-11-22", "08:07", "violations", "1", "1", "0", "0", "2", "149", "5", "4"]
    assert "and 30 older; --format json gives them all" in lines


def test_table_and_plot_fit_80_columns(capsys):
    out, _ = shown(capsys, [("prod", store_with(400))])
    assert max(cells(line) for line in out.splitlines()) <= 80


def test_the_plot_shows_ports_and_findings_with_their_bounds(capsys):
    out, _ = shown(capsys, [("prod", store_with(50))])
    assert "Open ports" in out
    assert "Findings" in out
    assert "149┤" in out.replace(" ", "")
    assert "\x1b" not in out


@pytest.mark.parametrize("number", [0, 1])
def test_one_run_or_none_is_no_plot(capsys, number):
    out, _ = shown(capsys, [("prod", store_with(number))])
    assert out.startswith(f"prod: {'1 run' if number else 'no run yet'}")
    assert draw_history(runs(number)) == ""


def test_a_flat_history_can_be_drawn():
    assert "Findings" in draw_history([RunSummary("r", "2026-11-01T00:00:00Z", "compliant", (0,) * 5, 0, 0, 0)] * 3)


def test_no_document_yet_is_no_run_yet(capsys):
    out, _ = shown(capsys, [("prod", MemoryStore())])
    assert out == "prod: no run yet\n"


def test_several_targets_each_have_their_table(capsys):
    out, _ = shown(capsys, [("prod", store_with(2)), ("test", store_with(3))])
    assert "prod: 2 runs" in out
    assert "test: 3 runs" in out


def test_json_gives_every_run(capsys):
    out, _ = shown(capsys, [("prod", store_with(50))], "--format", "json")
    (name, listed), = json.loads(out).items()  # fmt: skip
    assert (name, len(listed)) == ("prod", 50)
    assert listed[-1]["counts"] == {"critical": 1, "high": 1, "medium": 0, "low": 0, "info": 2}


def test_without_the_library_only_the_plot_is_missing(capsys, uninstalled):
    uninstalled("plotext", "handler.formats.terminal_plot")
    out, err = shown(capsys, [("prod", store_with(5))])
    assert out.count("\n") == 7
    assert err == (
        "the plot needs the extra 'report', which is not installed: "
        "pip install '.[report]' in a checkout of port-compliance (from its wheel: README, Install)\n"
    )


@pytest.mark.parametrize("change", [{"checksum": "sha256:0"}, {"schema": 3}, {"last_run": []}])
def test_a_damaged_history_is_one_clear_line(capsys, change):
    store = store_with(3)
    store.document.update(change)
    with pytest.raises(StoreDamagedError) as caught:
        shown(capsys, [("prod", store)])
    assert "\n" not in caught.value.message
    assert caught.value.hint == "A run goes on without it, and keeps this document beside the new one."


@pytest.mark.parametrize("options", [[], ["--format", "json"]])
def test_a_state_that_cannot_be_read_is_named_and_hides_no_other(capsys, options):
    damaged, foreign = store_with(3), store_with(3)
    damaged.document.update(checksum="sha256:0")
    foreign.document.update(schema=3)
    with pytest.raises(StoreDamagedError) as caught:
        shown(capsys, [("a", damaged), ("prod", store_with(5)), ("z", foreign)], *options)
    assert [line[:3] for line in caught.value.message.splitlines()] == ["a: ", "z: "]
    out = capsys.readouterr().out
    assert list(json.loads(out)) == ["prod"] if options else out.startswith("prod: 5 runs, newest first\n")


def test_a_state_url_on_the_command_line_is_read(capsys, tmp_path):
    ((name, store),) = history.configured_stores(f"file://{tmp_path}/state.json")
    store.save(encode(LastRun(run_at="2026-11-22T12:00:00Z", history=runs(2))), None)
    out, _ = shown(capsys, history.configured_stores(f"file://{tmp_path}/state.json"))
    assert out.startswith(f"{name}: 2 runs")


def test_no_state_is_a_settings_error(surroundings):
    surroundings(STATE_URL=None)
    with pytest.raises(SettingsError, match="no state is configured"):
        history.configured_stores(None)


def test_hostile_text_in_a_history_is_inert():
    line = history.table("x\x1b[31m", [RunSummary("r", "\x1b[2J\x1b[2J", "\u202e", (0,) * 5, 0, 0, 0)])
    assert not set(line) & {"\x1b", "\u202e"}


def test_many_targets_have_a_line_each_the_oldest_first(capsys):
    stores = [(f"target-{n}", store_with(n)) for n in range(9)]
    lines = shown(capsys, stores, "--at", "2026-11-08T10:07:00Z")[0].splitlines()
    assert lines[0].startswith("9 targets, each with its last run")
    assert lines[1] == "8 violations, 4 late (twice the usual time since the last run), 1 without a run"
    assert [line.split()[0] for line in lines[3:]] == [f"target-{n}" for n in range(9)]
    assert lines[3].split()[1:] == ["no", "run", "yet"]
    assert lines[11].split()[:5] == ["target-8", "2026-11-08", "08:07", "violations", "1"]
    assert [line.split()[8:] for line in lines[6:12]] == [
        ["5d", "late"],
        ["4d", "late"],
        ["3d", "late"],
        ["2d", "late"],
        ["26h"],
        ["2h"],
    ]
    assert max(cells(line) for line in lines) <= 80


def hourly(*verdicts, gap_before=()):
    """A run an hour; ten hours without one before each of those."""
    at, made = datetime(2026, 11, 1, tzinfo=timezone.utc), []
    for number, verdict in enumerate(verdicts):
        at += timedelta(hours=11 if number in gap_before else 1)
        known = verdict != "inconclusive"
        counts = (0, 2, 0, 0, 0) if known else (0, 1, 0, 0, 0)
        made.append(RunSummary(f"r{number}", iso(at), verdict, counts, 40 if known else 0, 5, 4))
    return tuple(made)


def test_what_a_run_does_not_know_is_a_word_and_no_zero():
    lines = history.table("prod", hourly("violations", "violations", "inconclusive")).splitlines()
    assert lines[2].split()[2:] == ["inconclusive", "?", "1+", "?", "?", "?", "not", "known", "5", "4"]
    assert lines[3].split()[2:] == ["violations", "0", "2", "0", "0", "0", "40", "5", "4"]


def test_a_gap_without_runs_is_a_line_of_the_table():
    lines = history.table("prod", hourly(*["compliant"] * 5, gap_before=[3])).splitlines()
    assert lines[4] == "not known: no run for 11 h, or none that could save its state"
    assert len(lines) == 8


def test_a_gap_that_ends_where_the_table_ends_is_said_too():
    lines = history.table("prod", hourly(*["compliant"] * 25, gap_before=[5])).splitlines()
    assert lines[-2:] == [
        "not known: no run for 11 h, or none that could save its state",
        "and 5 older; --format json gives them all",
    ]


def test_of_many_targets_what_is_not_known_is_no_zero_either():
    histories = {f"t{n}": hourly("violations", "inconclusive") for n in range(6)}
    lines = list(history.lines_of_many(histories, datetime(2026, 11, 1, 3, tzinfo=timezone.utc)))
    assert lines[1] == "6 inconclusive"
    assert lines[3].split()[3:] == ["inconclusive", "?", "1+", "?", "?", "60m"]


@pytest.mark.parametrize("middle", [["inconclusive"] * 12, None])
def test_in_a_plot_of_the_terminal_what_is_not_known_is_a_gap(middle):
    """Forty ports all the time: without the gap a line from end to end, with a zero one that falls."""
    gap = () if middle else (20,)
    picture = draw_history(hourly(*["violations"] * 20, *(middle or []), *["violations"] * 20, gap_before=gap))
    ports, findings = picture.split("\n\n")
    for plot in (ports, findings):
        (line,) = [row for row in plot.splitlines() if re.search("[▖-▟▀▄]", row)]
        assert re.search("[▖-▟▀▄] {8,}[▖-▟▀▄]", line)
    assert "Open ports (a gap: not known)" in ports


def test_a_run_that_is_known_between_two_that_are_not_is_seen():
    blind = ["inconclusive"] * 9
    picture = draw_history(hourly(*blind, "violations", *blind))
    assert re.search(" {20,}[▖-▟▀▄]+ {20,}", picture)


def test_where_no_run_knows_anything_there_is_no_plot_but_a_word():
    assert draw_history(hourly("inconclusive", "inconclusive")) == (
        "Open ports: not known in any of these runs\n\nFindings: not known in any of these runs\n"
    )


def test_a_run_beside_the_hour_is_no_gap():
    assert [slot.run is None for slot in slots(hourly(*["compliant"] * 4, gap_before=[2]))] == [
        *[False] * 2,
        *[True] * 10,
        *[False] * 2,
    ]
    extra = sorted(
        (*hourly(*["compliant"] * 4), RunSummary("x", "2026-11-01T02:20:00Z", "compliant", (0,) * 5, 1, 1, 1)),
        key=lambda run: run.at,
    )
    assert all(slot.run is not None for slot in slots(extra))
