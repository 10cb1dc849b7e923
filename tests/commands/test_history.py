"""The history command: a table, a plot, and one clear line for a state that cannot be read."""

import argparse
import json

import pytest

from handler.commands import history
from handler.errors import SettingsError, StoreDamagedError
from handler.formats.inert import cells
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
    lines = shown(capsys, stores)[0].splitlines()
    assert lines[0].startswith("9 targets, each with its last run")
    assert [line.split()[0] for line in lines[2:]] == [f"target-{n}" for n in range(9)]
    assert lines[2].split()[1:] == ["no", "run", "yet"]
    assert lines[10].split()[:5] == ["target-8", "2026-11-08", "08:07", "violations", "1"]
    assert max(cells(line) for line in lines) <= 80
