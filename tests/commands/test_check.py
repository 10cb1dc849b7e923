"""`check` and its neighbours against the simulator over real HTTP: exit codes, formats, files, refusals."""

import json
from pathlib import Path

import pytest

from handler.simulator.faults import Fault
from handler.simulator.generate import generate
from handler.simulator.inbox import Inbox
from handler.simulator.options import Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from tests.world import CANARY, CLEAN, OPEN

TELNET = "version: 1\ndisallowed_ports: [23]\n"


@pytest.fixture
def cloud():
    simulator = Simulator(OPEN, Options(cloud="otc", throttle=0))
    with SimulatorServer(simulator) as server:
        yield server


def settings(server, **changes):
    known = {
        "HSS_ENDPOINT": server.url,
        "HSS_CLOUD": server.simulator.options.cloud,
        "HSS_PROJECT_ID": server.simulator.options.project_id,
        "HSS_AUTH_TOKEN": server.simulator.options.tokens[0],
        "HSS_CALLS_PER_MINUTE": "0",
    }
    return known | changes


def test_a_finding_exits_1(cloud, port_compliance):
    printed = port_compliance("check", **settings(cloud))
    assert (printed.code, printed.err) == (1, "")
    assert "VIOLATIONS" in printed.out
    assert "23/tcp" in printed.out


def test_a_clean_fleet_exits_0(port_compliance):
    with SimulatorServer(Simulator(CLEAN, Options(cloud="otc"))) as server:
        printed = port_compliance("check", **settings(server))
    assert (printed.code, "COMPLIANT" in printed.out) == (0, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"HSS_AUTH_TOKEN": "w" * 40},
        {"HSS_ENDPOINT": "http://127.0.0.1:1"},
        {"RUN_BUDGET_SECONDS": "1", "HSS_PROJECT_ID": "x"},
    ],
)
def test_what_the_network_says_exits_3(cloud, port_compliance, changes):
    printed = port_compliance("check", **settings(cloud, **changes))
    assert (printed.code, "INCONCLUSIVE" in printed.out) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "changes", "part"),
    [
        (["--policy", "nowhere.yaml"], {}, "nowhere.yaml: cannot be read"),
        (["--notify"], {}, "--notify: there is no sink"),
        (["--at", "yesterday"], {}, "--at: 'yesterday' is not a time"),
        (["--at", "9999-12-31T23:59:59-12:00"], {}, "--at: '9999-12-31T23:59:59-12:00' is not a time"),
        (["--at", "0001-01-01"], {}, "--at: '0001-01-01' is not between the years 1970 and 9000"),
        (["--at", "9990-01-01"], {}, "is not between the years 1970 and 9000"),
        (["--state", "ftp://x"], {}, "--state: must start with"),
        (["--target", "x"], {}, "no target 'x'"),
        (["--snapshot", "nowhere.json"], {}, "nowhere.json: cannot be read"),
        (["--format", "pdf"], {}, "invalid choice"),
        ([], {"HSS_CATEGORIES": "vm"}, "HSS_CATEGORIES"),
        (["--output", "no/such/folder/r.json"], {}, "no/such/folder/r.json: cannot be written"),
        (["--state", "redis://u:pw@127.0.0.1:port/0"], {}, "STATE_URL redis: must be redis://host:port/database/key"),
        ([], {"POLICY_PATH": "http://example.org/p.yaml"}, "POLICY_PATH: must be a full URL (https)"),
        ([], {"POLICY_PATH": "https://u:pw@example.org/p.yaml"}, "must not hold a user name or password"),
        ([], {"HSS_AUTH_TOKEN": ""}, "there are no credentials"),
    ],
)
def test_what_is_known_before_the_first_request_exits_2(cloud, port_compliance, arguments, changes, part):
    printed = port_compliance("check", *arguments, **settings(cloud, **changes))
    assert (printed.code, printed.out) == (2, "")
    assert part in printed.err
    assert cloud.simulator.calls == []


def test_a_failed_delivery_exits_4(cloud, port_compliance):
    printed = port_compliance(
        "check", "--notify", **settings(cloud, WEBHOOK_URL="http://127.0.0.1:1/x", WEBHOOK_ALLOW_HTTP="true")
    )
    assert printed.code == 4


def test_fail_on_is_about_the_exit_code_only(cloud, port_compliance, tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\nrules: [{id: t, ports: [23], severity: low}]\n")
    arguments = ("check", "--policy", "p.yaml", "--format", "json", "--fail-on", "high")
    printed = port_compliance(*arguments, **settings(cloud))
    assert (printed.code, json.loads(printed.out)["verdict"]) == (0, "violations")


@pytest.mark.parametrize(("order", "calls"), [("port", 1 + 52 + 1), ("insertion", 1 + 2 * 52)])
def test_ten_thousand_rows_take_the_calls_that_coverage_says(port_compliance, tmp_path, order, calls):
    (tmp_path / "p.yaml").write_text("version: 1\nrules: [{id: web, allowed_ports: [80, 443]}]\n")
    simulator = Simulator(generate(1, 10_000, cloud="otc"), Options(cloud="otc", throttle=0, order=order))
    with SimulatorServer(simulator) as server:
        printed = port_compliance("check", "--policy", "p.yaml", "--format", "json", **settings(server))
    (coverage,) = json.loads(printed.out)["coverage"]
    assert (coverage["rows"], coverage["complete"], coverage["plan"]) == (10_000, True, "pages")
    assert coverage["api_calls"] == len(simulator.calls) == calls
    assert all(not call.breaches for call in simulator.calls)


def test_few_ports_are_asked_one_by_one_where_that_is_less(port_compliance, tmp_path):
    (tmp_path / "p.yaml").write_text(TELNET)
    simulator = Simulator(generate(1, 10_000, cloud="otc"), Options(cloud="otc", throttle=0))
    with SimulatorServer(simulator) as server:
        printed = port_compliance("check", "--policy", "p.yaml", "--format", "json", **settings(server))
    (coverage,) = json.loads(printed.out)["coverage"]
    assert (coverage["plan"], coverage["api_calls"], len(simulator.calls)) == ("ports", 3, 3)


def test_without_notify_nothing_is_sent_or_saved_and_the_state_is_read(cloud, port_compliance, tmp_path):
    state = f"file://{tmp_path}/state.json"
    with Inbox() as inbox:
        hook = {"WEBHOOK_URL": inbox.url, "WEBHOOK_ALLOW_HTTP": "true"}
        port_compliance("check", "--state", state, **settings(cloud, **hook))
        assert (inbox.messages, (tmp_path / "state.json").exists()) == ([], False)
        port_compliance("check", "--state", state, "--notify", **settings(cloud, **hook))
        printed = port_compliance("check", "--state", state, "--format", "json", **settings(cloud, **hook))
        assert len(json.loads(printed.out)["changes"]["ongoing"]) == 1
        assert len(inbox.messages) == 1


def test_the_same_snapshot_policy_and_time_give_the_same_bytes(cloud, port_compliance, tmp_path):
    assert port_compliance("snapshot", "--output", "estate.json", **settings(cloud)).code == 0
    runs = [
        port_compliance("check", "--snapshot", "estate.json", "--at", "2026-12-01T08:00:00Z", "--format", "json")
        for _ in range(2)
    ]
    assert runs[0].out == runs[1].out
    report = json.loads(runs[0].out)
    assert report["started_at"] == report["finished_at"] == "2026-12-01T08:00:00Z"
    later = port_compliance("check", "--snapshot", "estate.json", "--at", "2026-12-02T08:00:00Z", "--format", "json")
    assert json.loads(later.out)["run_id"] != report["run_id"]


def test_the_same_answers_and_time_give_the_same_snapshot(cloud, port_compliance):
    runs = [port_compliance("snapshot", "--at", "2026-12-01T08:00:00Z", **settings(cloud)) for _ in range(2)]
    assert runs[0].code == 0, runs[0]
    assert runs[0].out == runs[1].out
    assert json.loads(runs[0].out)["taken_at"] == "2026-12-01T08:00:00Z"


def test_a_snapshot_check_makes_no_call(cloud, port_compliance):
    port_compliance("snapshot", "--output", "estate.json", **settings(cloud))
    before = len(cloud.simulator.calls)
    assert port_compliance("check", "--snapshot", "estate.json").code == 1
    assert len(cloud.simulator.calls) == before


def test_a_snapshot_that_lacks_a_category_is_inconclusive(cloud, port_compliance, tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\nrules: [{id: c, ports: [23], categories: [container]}]\n")
    port_compliance("snapshot", "--output", "estate.json", "--category", "host", **settings(cloud))
    printed = port_compliance("check", "--snapshot", "estate.json", "--policy", "p.yaml")
    assert (printed.code, "nothing of this category" in printed.out) == (3, True)


def test_an_incomplete_snapshot_exits_3_and_says_why(cloud, port_compliance):
    cloud.simulator.add_fault(Fault("html", "port_statistics", last=9))
    printed = port_compliance("snapshot", "--output", "estate.json", "--category", "host", **settings(cloud))
    assert (printed.code, "host: not complete" in printed.err) == (3, True)


def test_an_output_file_is_whole_or_not_there(cloud, port_compliance, tmp_path):
    assert port_compliance("check", "--output", "r.json", "--format", "json", **settings(cloud)).code == 1
    assert json.loads((tmp_path / "r.json").read_text())["verdict"] == "violations"
    printed = port_compliance("check", "--output", "no/such/folder/r.json", **settings(cloud))
    assert (printed.code, "cannot be written" in printed.err) == (2, True)
    assert list(tmp_path.glob(".*.part")) == []


@pytest.mark.parametrize("form", ["json", "markdown", "sarif", "junit", "ocsf", "csv", "html", "openmetrics", "github"])
def test_every_format_can_be_printed(cloud, port_compliance, form):
    printed = port_compliance("check", "--format", form, **settings(cloud))
    assert (printed.code, "23" in printed.out) == (1, True)


def test_targets_says_which_one_fails(cloud, port_compliance, tmp_path):
    entries = [
        f"  - {{name: {name}, cloud: otc, endpoint: '{cloud.url}', project_id: {project}}}\n"
        for name, project in (("good", cloud.simulator.options.project_id), ("bad", "f" * 32))
    ]
    (tmp_path / "targets.yaml").write_text("targets:\n" + "".join(entries))
    token = cloud.simulator.options.tokens[0]
    printed = port_compliance("targets", TARGETS_CONFIG="targets.yaml", HSS_AUTH_TOKEN=token)
    assert printed.code == 3
    assert "good  ok" in printed.out
    assert "bad   FAILED" in printed.out


@pytest.mark.parametrize("form", ["text", "json", "markdown", "github", "csv", "ocsf", "sarif"])
def test_several_targets_in_one_output(cloud, port_compliance, tmp_path, form):
    project = cloud.simulator.options.project_id
    entry = "  - {{name: {}, cloud: otc, endpoint: '{}', project_id: {}}}\n"
    (tmp_path / "t.yaml").write_text("targets:\n" + "".join(entry.format(n, cloud.url, project) for n in ("a", "b")))
    token = cloud.simulator.options.tokens[0]
    environment = {"TARGETS_CONFIG": "t.yaml", "HSS_AUTH_TOKEN": token, "HSS_CALLS_PER_MINUTE": "0"}
    printed = port_compliance("check", "--format", form, **environment)
    assert printed.code == 1
    assert printed.out.count("23") >= 2
    refused = port_compliance("check", "--format", "html", **environment)
    assert (refused.code, "name it with --target NAME" in refused.err) == (2, True)
    assert port_compliance("check", "--format", "html", "--target", "a", **environment).code == 1


def test_plan_makes_no_call_unless_it_may_probe(cloud, port_compliance):
    printed = port_compliance("plan", "--rows", "10000")
    assert (printed.code, cloud.simulator.calls) == (0, [])
    assert "such targets an hour" in printed.out
    probed = port_compliance("plan", "--probe", **settings(cloud))
    assert (probed.code, len(cloud.simulator.calls)) == (0, 1)
    assert "3 rows" in probed.out


def test_plan_says_when_it_will_not_fit(port_compliance, tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\nrules: [{id: web, allowed_ports: [80]}]\n")
    printed = port_compliance("plan", "--policy", "p.yaml", "--rows", "10000", RUN_BUDGET_SECONDS="60")
    assert "does not fit into the run's 60 s" in printed.out


def test_notify_preview_needs_nothing(port_compliance):
    printed = port_compliance("notify", "preview", "--sink", "slack")
    assert (printed.code, "blocks" in json.loads(printed.out)) == (0, True)


def test_notify_preview_of_a_report(cloud, port_compliance):
    port_compliance("check", "--format", "json", "--output", "r.json", **settings(cloud))
    printed = port_compliance("notify", "preview", "--sink", "generic", "--report", "r.json")
    assert json.loads(printed.out)["findings"][0]["port"] == 23


def test_no_secret_is_printed(cloud, port_compliance):
    token = CANARY + "x" * 32
    hook = f"http://127.0.0.1:1/{CANARY}"
    changes = {"HSS_AUTH_TOKEN": token, "WEBHOOK_URL": hook, "WEBHOOK_ALLOW_HTTP": "true", "WEBHOOK_SECRET": CANARY}
    printed = port_compliance("check", "--notify", "--format", "json", **settings(cloud, **changes))
    assert CANARY not in printed.out + printed.err


def test_a_run_at_another_time_still_signs_with_the_true_one(cloud, port_compliance):
    options = cloud.simulator.options
    keys = {"HSS_AUTH_TOKEN": "", "HUAWEICLOUD_SDK_AK": next(iter(options.secret_keys))}
    keys["HUAWEICLOUD_SDK_SK"] = options.secret_keys[keys["HUAWEICLOUD_SDK_AK"]]
    assert port_compliance("check", "--at", "2030-01-01", **settings(cloud, **keys)).code == 1


def test_problems_of_settings_sinks_and_targets_come_together(cloud, port_compliance):
    wrong = {"TARGETS_CONFIG": "t.yaml", "VALIDATION": "lax", "NOTIFY_CONFIG": "n.yaml", "WEBHOOK_URL": "http://h/pw"}
    printed = port_compliance("check", "--notify", **settings(cloud, **wrong))
    assert printed.code == 2
    for part in ("VALIDATION: ", "TARGETS_CONFIG: t.yaml cannot", "NOTIFY_CONFIG: n.yaml cannot", "WEBHOOK_URL: "):
        assert part in printed.err
    assert "/pw" not in printed.err


def test_several_targets_never_share_a_state(cloud, port_compliance, tmp_path):
    entry = f"cloud: otc, endpoint: '{cloud.url}', project_id: {cloud.simulator.options.project_id}"
    (tmp_path / "targets.yaml").write_text(f"targets:\n  - {{name: a, {entry}}}\n  - {{name: b, {entry}}}\n")
    known = settings(cloud, TARGETS_CONFIG="targets.yaml")
    printed = port_compliance("check", "--state", f"file://{tmp_path}/state.json", **known)
    assert (printed.code, "STATE_URL: must hold {target}" in printed.err) == (2, True)
    assert port_compliance("check", "--target", "a", "--state", f"file://{tmp_path}/state.json", **known).code == 1


def test_a_wrong_command_line_is_one_line_and_a_hint(port_compliance):
    printed = port_compliance("check", "--fail-on", "bogus")
    error, hint = printed.err.splitlines()
    assert (printed.code, printed.out, error.startswith("error: argument --fail-on")) == (2, "", True)
    assert hint == "hint: See `port-compliance check --help`."


def test_what_was_refused_comes_with_a_hint(cloud, port_compliance):
    printed = port_compliance("check", **settings(cloud, HSS_AUTH_TOKEN="w" * 40))
    assert "hint: " in printed.out


@pytest.mark.parametrize(
    "command",
    [
        "check",
        "snapshot",
        "plan",
        "policy",
        "notify",
        "notify-preview",
        "targets",
        "history",
        "schema",
        "schema-derive",
        "schema-check",
        "simulate",
        "demo",
    ],
)
def test_every_command_has_help_with_an_example(port_compliance, command):
    printed = port_compliance(*command.split("-"), "--help")
    assert (printed.code, "Example: " in printed.out) == (0, True)


def test_a_snapshot_check_narrows_categories_too(cloud, port_compliance, tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\ndefaults: {categories: [host, container]}\ndisallowed_ports: [23]\n")
    port_compliance("snapshot", "--output", "estate.json", **settings(cloud))
    arguments = ("check", "--snapshot", "estate.json", "--policy", "p.yaml", "--format", "json")
    printed = port_compliance(*arguments, HSS_CATEGORIES="host")
    assert [(c["category"], c["plan"]) for c in json.loads(printed.out)["coverage"]] == [
        ("host", "pages"),
        ("container", "skipped"),
    ]


def test_without_notify_a_damaged_state_is_reported_and_not_touched(cloud, port_compliance, tmp_path):
    (tmp_path / "state.json").write_text("{damaged")
    printed = port_compliance("check", "--state", f"file://{tmp_path}/state.json", **settings(cloud))
    assert (printed.code, "no previous state" in printed.out) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize(
    ("extra", "code", "said"),
    [
        ({}, 1, ["23/tcp", "3389/tcp"]),
        ({"c.YAML": "version: 1\nrules: [{id: web, ports: [443]}]\n"}, 1, ["23/tcp", "3389/tcp"]),
        ({"B.YAML.bak": "x"}, 2, ["policies/B.YAML.bak: looks like YAML"]),
        ({"notes.yaml.bak": "x"}, 2, ["policies/notes.yaml.bak: looks like YAML"]),
        ({"policy.json": '{"version": 1, "disallowed_ports": [22]}'}, 2, ["policies/policy.json: looks like YAML"]),
        ({"README.md": "# no policy\n"}, 1, ["23/tcp", "3389/tcp"]),
    ],
)
def test_a_folder_with_a_yml_file_is_read_whole_or_refused(port_compliance, tmp_path, extra, code, said):
    """Compliant, exit 0, was what the same folder gave: b.yml was passed over."""
    files = {
        "a.yaml": "version: 1\ndisallowed_ports: [21]\n",
        "b.yml": "version: 1\nrules: [{id: t, ports: [23, 3389]}]\n",
    }
    (tmp_path / "policies").mkdir()
    for name, text in (files | extra).items():
        (tmp_path / "policies" / name).write_text(text)
    snapshot = Path(__file__).parents[2] / "docs" / "examples" / "snapshot.json"
    printed = port_compliance("check", "--policy", "policies", "--snapshot", snapshot)
    assert printed.code == code
    assert all(part in printed.out + printed.err for part in said)
