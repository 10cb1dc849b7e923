"""`notify test`: exit codes, a line per sink, and nothing but the sinks is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from handler.simulator.inbox import Inbox


@pytest.fixture
def inbox():
    with Inbox() as running:
        yield running


def sinks(tmp_path, *entries):
    lines = [f"  - {{name: {name}, kind: generic, url: '{url}', allow_http: true}}" for name, url in entries]
    (tmp_path / "sinks.yaml").write_text("\n".join(["sinks:", *lines]) + "\n")


def test_each_sink_gets_a_message_and_a_line(port_compliance, tmp_path, inbox):
    sinks(tmp_path, ("soc", f"{inbox.url}/a"), ("ops", f"{inbox.url}/b"))
    printed = port_compliance("notify", "test", NOTIFY_CONFIG="sinks.yaml")
    assert (printed.code, printed.out) == (0, "soc  generic  delivered\nops  generic  delivered\n")
    assert list(tmp_path.iterdir()) == [tmp_path / "sinks.yaml"]


def test_one_sink_can_be_named(port_compliance, tmp_path, inbox):
    sinks(tmp_path, ("soc", f"{inbox.url}/a"), ("ops", "http://127.0.0.1:9/"))
    printed = port_compliance("notify", "test", "--sink", "soc", NOTIFY_CONFIG="sinks.yaml")
    assert (printed.code, printed.out) == (0, "soc  generic  delivered\n")


def test_a_sink_that_does_not_take_it_is_4_with_its_reason(port_compliance, tmp_path, inbox):
    sinks(tmp_path, ("soc", f"{inbox.url}/a"), ("dead", "http://127.0.0.1:9/"))
    printed = port_compliance("notify", "test", NOTIFY_CONFIG="sinks.yaml", RUN_BUDGET_SECONDS="5")
    assert printed.code == 4
    assert "dead  generic  owed" in printed.out
    assert "soc   generic  delivered" in printed.out


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        ((), {}, "there is no sink to test"),
        (("--sink", "sock"), {"NOTIFY_CONFIG": "sinks.yaml"}, "there is no sink 'sock'; there are: soc"),
        ((), {"NOTIFY_CONFIG": "missing.yaml"}, "NOTIFY_CONFIG"),
        ((), {"WEBHOOK_URL": "ftp://x"}, "WEBHOOK_URL"),
    ],
)
def test_settings_that_name_no_sink_are_2(port_compliance, tmp_path, arguments, settings, words):
    sinks(tmp_path, ("soc", "http://127.0.0.1:9/"))
    printed = port_compliance("notify", "test", *arguments, **settings)
    assert (printed.code, words in printed.err) == (2, True)


def test_a_preview_shows_the_request_of_what_is_no_post_to_the_sinks_own_address(port_compliance):
    checked_in = port_compliance("notify", "preview", "--sink", "ping")
    assert (checked_in.code, checked_in.out) == (0, "POST https://example.invalid/\nchecked (run preview)\n")
    topic = port_compliance("notify", "preview", "--sink", "smn")
    assert topic.out.startswith("POST https://example.invalid/v2/")
    assert "prod: violations. 23/tcp new, critical" in topic.out


def test_a_check_in_is_tried_as_one_that_went_well_and_says_that_it_is_a_test(port_compliance, tmp_path, inbox):
    entry = f"{{name: switch, kind: ping, url: '{inbox.url}/p', style: uptime-kuma, allow_http: true}}"
    (tmp_path / "sinks.yaml").write_text(f"sinks: [{entry}]\n")
    printed = port_compliance("notify", "test", NOTIFY_CONFIG="sinks.yaml")
    assert (printed.code, printed.out) == (0, "switch  ping  delivered\n")
    (message,) = inbox.messages
    assert message.method == "GET"
    assert message.path.startswith("/p?status=up&msg=This+is+a+test+message")


def test_a_run_on_a_terminal_checks_in_once(port_compliance, tmp_path, inbox):
    entry = f"{{name: switch, kind: ping, url: '{inbox.url}/p', style: healthchecks, allow_http: true}}"
    (tmp_path / "sinks.yaml").write_text(f"sinks: [{entry}]\n")
    (tmp_path / "p.yaml").write_text("version: 1\ndisallowed_ports: [23]\nexpect_rows: {host: 99999}\n")
    snapshot = str(Path(__file__).parents[2] / "docs" / "examples" / "snapshot.json")
    for arguments, paths in ((("--notify",), ["/p/fail"]), ((), [])):
        inbox.messages.clear()
        port_compliance("check", "--policy", "p.yaml", "--snapshot", snapshot, *arguments, NOTIFY_CONFIG="sinks.yaml")
        assert [message.path for message in inbox.messages] == paths
