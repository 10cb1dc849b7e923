"""One wiring: each part is built once, from what is well, and whoever cannot be asked can still be told of it."""

from __future__ import annotations

import json

import pytest

from handler import index
from handler.clock import Deadline
from handler.errors import DeniedError, SettingsError
from handler.hss.client import Spending
from handler.hss.parameters import AssetStatisticsQuery
from handler.run.targets import RunRequest, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from handler.transport.request import Response
from tests.fakes import FakeTransport
from tests.world import CANARY, CLEAN, TIMER, World

HOOK = "https://hooks.example.org/secret-path"
SINKS = "sinks:\n  - {name: soc, kind: generic, url: 'https://soc.example/x'}\n"
PASSWORD = {
    "OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3",
    "OS_USERNAME": "u",
    "OS_PASSWORD": "p",
    "OS_USER_DOMAIN_NAME": "d",
    "OS_PROJECT_ID": "p",
}


def failing(world, **settings):
    """What is told of a run that cannot begin, as JSON bodies, and the error that it ends with."""
    with pytest.raises(SettingsError) as caught:
        index.invoke(TIMER, world.context(**settings), 60, 60)
    return [json.loads(request.body) for request in world.web.requests], caught.value.problems


def test_the_client_that_was_built_is_the_one_that_asks():
    world = World()
    wiring = Wiring(world.context())
    run = prepare(wiring, RunRequest())
    (target,) = run.targets
    asked = FakeTransport(lambda request: world.simulator(request, 1))
    rewired = run._replace(targets=(target._replace(client=target.client._replace(transport=asked)),))
    check_targets(rewired, wiring, 60)
    assert len(asked.requests) == len(world.simulator.calls) == 2


def test_one_refused_password_is_tried_once_for_all_targets(tmp_path):
    world = World(root=tmp_path)
    world.warm.api = FakeTransport(lambda _: Response(401, {}, b'{"error": {"code": "IAM.0011"}}'))
    entries = "".join(f"  - {{name: t{n}, region: eu-de, project_id: p}}\n" for n in range(3))
    (tmp_path / "targets.yaml").write_text("targets:\n" + entries)
    wiring = Wiring(world.context(HSS_AUTH_TOKEN=None, TARGETS_CONFIG="targets.yaml", **PASSWORD))
    for place in wiring.places():
        with pytest.raises(DeniedError):
            wiring.client(place).asset_counters(
                place.target,
                AssetStatisticsQuery(category="host"),
                Spending(Deadline.after(60, world.clock)),
            )
    assert len(world.warm.api.requests) == 1


def test_a_wiring_that_is_checked_has_no_problem():
    with pytest.raises(SettingsError, match="HSS_CATEGORIES"):
        Wiring.checked(World().context(HSS_CATEGORIES="vm"))
    assert Wiring.checked(World().context()).problems == ()


def test_a_sink_whose_own_setting_is_wrong_is_not_complained_of_twice():
    _, problems = failing(World(), WEBHOOK_URL="http://h.example/x", WEBHOOK_ALLOW_HTTP="perhaps")
    assert [problem.partition(":")[0] for problem in problems] == ["WEBHOOK_ALLOW_HTTP"]


def test_a_wrong_state_is_one_problem_and_not_also_a_missing_one(tmp_path):
    (tmp_path / "sinks.yaml").write_text(SINKS.replace("}", ", send: changes}"))
    _, problems = failing(World(root=tmp_path), STATE_URL="ftp://x", NOTIFY_CONFIG="sinks.yaml")
    assert [problem.partition(":")[0] for problem in problems] == ["STATE_URL"]


def test_a_broken_setting_is_told_to_all_sinks_that_can_be_built(tmp_path):
    (tmp_path / "sinks.yaml").write_text(SINKS)
    told, _ = failing(World(root=tmp_path), NOTIFY_CONFIG="sinks.yaml", WEBHOOK_URL=HOOK, RUN_INTERVAL="soon")
    assert len(told) == 2


BROKEN = {
    "ur1: https://b.example/x": "unknown key 'ur1'",
    "url: https://b.example/x, min_severity: huge": "min_severity",
    "url: https://b.example/x, send: yes": "'yes' is read as the truth value",
    "url: '${NOPE}'": "NOPE is missing",
    "url: 'http://b.example/canary-5e0b1e7c'": "plain http",
    "url: https://b.example/x, match: {tag: [a]}": "unknown key 'tag'",
    "url: https://b.example/x, secret: whsec_no": "secret",
}
BESIDE = """sinks:
  - {name: one, kind: generic, url: "https://one.example/${KEY}"}
  - {name: bad, kind: generic, BROKEN}
  - {name: two, kind: generic, url: "https://two.example/x"}
  - {name: two, kind: generic, url: "https://again.example/x"}
  - {name: odd, kind: generic, url: "https://odd.example/x", colour: red}
"""


@pytest.mark.parametrize("broken", BROKEN)
def test_a_sink_that_is_broken_silences_no_other(tmp_path, broken):
    (tmp_path / "sinks.yaml").write_text(BESIDE.replace("BROKEN", broken))
    world = World(root=tmp_path)
    told, problems = failing(world, NOTIFY_CONFIG="sinks.yaml", KEY=CANARY, HSS_CATEGORIES="vm")
    assert [request.url for request in world.web.requests] == [f"https://one.example/{CANARY}", "https://two.example/x"]
    places = [":".join(problem.split(":")[:2]) for problem in problems]
    assert sorted(set(places)) == [places[0], "sinks.yaml:3", "sinks.yaml:5", "sinks.yaml:6"]
    assert problems[0].startswith("HSS_CATEGORIES: ")
    assert any(BROKEN[broken] in problem for problem in problems)
    assert [[body["verdict"], body["problems"]] for body in told] == [["inconclusive", list(problems)]] * 2
    assert CANARY not in json.dumps([told, problems])


@pytest.mark.parametrize("text", ["sinks: [", "sinks: {}", "- a", "sinks: [{name: a, name: b, kind: generic}]", ""])
def test_a_sinks_file_with_no_sink_that_can_be_built_leaves_the_one_of_the_settings(tmp_path, text):
    (tmp_path / "sinks.yaml").write_text(text)
    told, problems = failing(World(root=tmp_path), NOTIFY_CONFIG="sinks.yaml", WEBHOOK_URL=HOOK)
    assert [body["problems"] for body in told] == [list(problems)]
    assert all(problem.startswith("sinks.yaml") for problem in problems)


def test_what_is_told_while_a_sink_is_broken_is_told_once_and_ends_with_the_next_good_run(tmp_path):
    sinks, broken = BESIDE.splitlines(keepends=True), "url: https://b.example/x, min_severity: huge"
    (tmp_path / "sinks.yaml").write_text("".join(sinks[:4]).replace("BROKEN", broken))
    world = World(root=tmp_path, fleet=CLEAN)
    known = {"NOTIFY_CONFIG": "sinks.yaml", "KEY": "k", "STATE_URL": f"file://{tmp_path}/state.json"}
    for _ in range(3):
        with pytest.raises(SettingsError):
            index.invoke(TIMER, world.context(in_function=False, **known), 60, 60)
    assert [request.url for request in world.web.requests] == ["https://one.example/k", "https://two.example/x"]
    (tmp_path / "sinks.yaml").write_text("".join([*sinks[:2], sinks[3]]))
    for _ in range(3):
        index.invoke(TIMER, world.context(in_function=False, **known), 60, 60)
    assert [json.loads(request.body)["verdict"] for request in world.web.requests[2:]] == ["compliant"] * 2


def test_a_name_that_two_sinks_have_is_told_once(tmp_path):
    (tmp_path / "sinks.yaml").write_text(SINKS.replace("soc,", "default,"))
    world = World(root=tmp_path)
    told, problems = failing(world, NOTIFY_CONFIG="sinks.yaml", WEBHOOK_URL=HOOK)
    assert problems == ("WEBHOOK_URL is the sink 'default', and NOTIFY_CONFIG has a sink of that name",)
    assert [request.url for request in world.web.requests] == [HOOK]
    assert told[0]["verdict"] == "inconclusive"


def test_a_broken_setting_is_told_once_where_a_state_remembers_it(tmp_path):
    world = World()
    known = {"WEBHOOK_URL": HOOK, "STATE_URL": f"file://{tmp_path}/state.json", "in_function": False}
    assert len(failing(world, HSS_CATEGORIES="vm", **known)[0]) == 1
    assert len(failing(world, HSS_CATEGORIES="vm", **known)[0]) == 1
    assert len(failing(world, HSS_CATEGORIES="pod", **known)[0]) == 2


def test_a_wrong_state_is_not_written(tmp_path):
    (tmp_path / "targets.yaml").write_text("targets:\n  - {name: a, region: eu-de, project_id: p}\n")
    known = {"WEBHOOK_URL": HOOK, "STATE_URL": f"file://{tmp_path}/state.json", "in_function": False}
    failing(World(root=tmp_path), TARGETS_CONFIG="targets.yaml", **known)
    assert [path.name for path in tmp_path.iterdir()] == ["targets.yaml"]


def test_the_passwords_of_all_states_are_secrets():
    urls = {"STATE_URL": "redis://:state%2Fsecret@h/{target}", "FLEET_STATE_URLS": "redis://:fleetsecret@h/{target}"}
    hide = Wiring(World().context(**urls)).redactor.text
    assert "secret" not in hide("AUTH state/secret, AUTH fleetsecret")
