"""The function's door: what it returns, when it raises, what it tells first."""

import gc
import json

import pytest

from handler import index
from handler.errors import DeliveryError, PolicyError, SettingsError, UnknownError, UsageError
from handler.report.fit import RESULT_BYTES
from handler.simulator.faults import Fault
from handler.simulator.fleet import Fleet, Line
from handler.transport.request import Response
from tests import folders
from tests.world import CLEAN, TIMER, StrictContext, World

tmp_path = folders.tmp_path

HOOK = "https://hooks.example.org/secret-path"
PYTHONS_OWN = (700, 10, 10)  # how often an interpreter that nobody told otherwise looks for unused objects


def answer(world, event=TIMER, left=60.0, limit=60.0, **settings):
    return index.invoke(event, world.context(**settings), left, limit)


def told(world):
    return [json.loads(request.body) for request in world.web.requests]


def test_a_timer_run_returns_the_report():
    report = answer(World())
    assert (report["version"], report["verdict"]) == ("1", "violations")
    assert [(f["rule_id"], f["port"], f["protocol"]) for f in report["findings"]] == [("telnet", 23, "tcp")]
    assert report["policy"]["name"] == "baseline"


def test_a_clean_fleet_is_compliant():
    assert answer(World(fleet=CLEAN))["verdict"] == "compliant"


@pytest.mark.parametrize("event", [{}, None, {"cts": {}}, {"record": [{"smn": {}}]}])
def test_other_triggers_run_the_same_check(event):
    assert answer(World(), event)["verdict"] == "violations"


def test_findings_are_posted_to_the_webhook():
    world = World()
    report = answer(world, WEBHOOK_URL=HOOK)
    assert report["deliveries"] == [{"sink": "default", "kind": "generic", "status": "delivered", "reason": ""}]
    assert told(world)[0]["findings"][0]["rule_id"] == "telnet"


def test_a_timer_may_choose_a_dry_run():
    world = World()
    event = {**TIMER, "user_event": json.dumps({"dry_run": True})}
    report = answer(world, event, WEBHOOK_URL=HOOK)
    assert (world.web.requests, report["deliveries"][0]["status"]) == ([], "dry_run")


def test_a_timer_may_test_the_sinks_without_checking_anything():
    world = World()
    event = {**TIMER, "user_event": json.dumps({"notify_test": True})}
    result = answer(world, event, WEBHOOK_URL=HOOK, HSS_PROJECT_ID=None, HSS_AUTH_TOKEN=None)
    assert result["deliveries"] == [{"sink": "default", "kind": "generic", "status": "delivered", "reason": ""}]
    assert told(world)[0]["verdict"] == "inconclusive"
    assert world.simulator.calls == []


def test_a_test_that_no_sink_takes_is_counted_as_a_failure():
    world = World(answer=Response(404, {}, b""))
    event = {**TIMER, "user_event": json.dumps({"notify_test": True})}
    with pytest.raises(DeliveryError, match="no sink took the test: default: HTTP 404"):
        answer(world, event, WEBHOOK_URL=HOOK)


def test_a_timer_may_choose_the_policy():
    event = {**TIMER, "user_event": json.dumps({"policy": "policies/examples/allow-list.yaml"})}
    assert answer(World(), event)["policy"]["files"] == ["policies/examples/allow-list.yaml"]


def test_an_unknown_event_is_a_clear_error():
    with pytest.raises(UsageError, match="none that this function knows"):
        answer(World(), {"foo": 1})


def test_a_change_of_another_object_ends_at_once():
    world = World()
    event = {"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "other.yaml"}}}]}
    result = answer(world, event, POLICY_PATH="obs://b/policy.yaml", WEBHOOK_URL=HOOK)
    assert "ignored" in result
    assert (world.simulator.calls, world.web.requests) == ([], [])


def test_all_problems_of_all_settings_come_at_once_before_any_request():
    world = World()
    with pytest.raises(SettingsError) as caught:
        answer(world, HSS_ENDPOINT="ftp://x", HSS_CATEGORIES="vm", RUN_INTERVAL="soon", STATE_URL="file:///tmp/x")
    for name in ("HSS_ENDPOINT", "HSS_CATEGORIES", "RUN_INTERVAL", "STATE_URL"):
        assert name in str(caught.value)
    assert world.simulator.calls == []


def test_a_broken_setting_is_told_as_inconclusive_before_it_is_raised():
    world = World()
    with pytest.raises(SettingsError):
        answer(world, HSS_CATEGORIES="vm", WEBHOOK_URL=HOOK)
    assert told(world)[0]["verdict"] == "inconclusive"
    assert "HSS_CATEGORIES" in told(world)[0]["problems"][0]


def test_a_broken_policy_is_told_with_file_and_line_before_it_is_raised(tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\ndisallowed_ports: [99999]\n")
    world = World(root=tmp_path)
    with pytest.raises(PolicyError, match=r"p\.yaml:2:"):
        answer(world, POLICY_PATH="p.yaml", WEBHOOK_URL=HOOK)
    assert "p.yaml:2:" in told(world)[0]["problems"][0]


def test_a_runtime_that_gives_seconds_for_milliseconds_does_not_silence_a_broken_policy(tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\ndisallowed_ports: [99999]\n")
    world = World(root=tmp_path)
    with pytest.raises(PolicyError):
        index.invoke(TIMER, world.context(POLICY_PATH="p.yaml", WEBHOOK_URL=HOOK), 0.03, 30)
    assert "p.yaml:2:" in told(world)[0]["problems"][0]


def test_an_error_before_the_run_leaves_without_what_it_repeats_of_a_secret(tmp_path):
    token = "gateway-token-0123456789"
    (tmp_path / "p.yaml").write_text(f"version: 1\nrules: [{{id: a, ports: [23], {token}: 1}}]\n")
    world = World(root=tmp_path)
    with pytest.raises(PolicyError) as caught:
        answer(world, POLICY_PATH="p.yaml", WEBHOOK_URL=HOOK, APIG_TOKEN=token)
    assert "***" in str(caught.value)
    assert token not in f"{caught.value} {told(world)}"


def test_a_broken_setting_is_raised_even_if_no_sink_can_be_built():
    with pytest.raises(SettingsError, match="WEBHOOK_URL"):
        answer(World(), WEBHOOK_URL="ftp://x")


def test_missing_credentials_are_known_before_the_first_request():
    world = World()
    with pytest.raises(SettingsError, match="no credentials"):
        answer(world, HSS_AUTH_TOKEN=None)
    assert world.simulator.calls == []


def test_the_agency_of_the_function_signs():
    from handler.simulator.options import ACCESS_KEY, SECRET_KEY

    report = answer(World(), HSS_AUTH_TOKEN=None, agency=(ACCESS_KEY, SECRET_KEY, "temporary"))
    assert report["verdict"] == "violations"


def test_refused_credentials_are_inconclusive_and_raised_if_nobody_was_told():
    with pytest.raises(UnknownError, match=r"APIG\.0301"):
        answer(World(), HSS_AUTH_TOKEN="x" * 40)


def test_refused_credentials_are_returned_if_a_sink_was_told():
    world = World()
    report = answer(world, HSS_AUTH_TOKEN="x" * 40, WEBHOOK_URL=HOOK)
    assert (report["verdict"], report["deliveries"][0]["status"]) == ("inconclusive", "delivered")
    assert told(world)[0]["verdict"] == "inconclusive"


def test_a_delivery_that_nobody_accepted_is_raised():
    with pytest.raises(DeliveryError, match="default"):
        answer(World(answer=Response(500)), WEBHOOK_URL=HOOK)


def test_no_secret_is_in_what_is_raised():
    with pytest.raises(DeliveryError) as caught:
        answer(World(answer=Response(500)), WEBHOOK_URL=HOOK)
    assert "secret-path" not in str(caught.value)


def test_a_result_stays_below_the_platforms_limit_and_counts_what_it_dropped():
    fleet = Fleet.of(*[Line(port, "TCP", 1) for port in range(1024, 3024)])
    event = {**TIMER, "user_event": json.dumps({"policy": "tests/policies/function/only-web.yaml"})}
    report = answer(World(fleet=fleet, throttle=0), event, HSS_CALLS_PER_MINUTE="0")
    assert len(json.dumps(report)) < RESULT_BYTES
    assert report["omitted"] + len(report["findings"]) == 2000
    assert report["omitted"] > 0


@pytest.mark.parametrize(
    ("remaining", "expected"),
    [(30_000, 30.0), ("30000", None), (None, None), (True, None), (TypeError("x"), None), (-5, -0.005)],
)
def test_the_time_left_is_only_believed_as_a_number(remaining, expected):
    assert index.time_left(StrictContext(remaining=remaining))[0] == expected


def test_the_context_is_used_by_its_documented_methods_only():
    world = World(fleet=CLEAN)
    context = index.context_of(StrictContext(world.settings()))
    assert context.lookup("HSS_CLOUD") == "otc"
    assert context.lookup("NOT_SET") is None
    assert (context.function.project_id, context.in_function) == ("0123456789abcdef0123456789abcdef", True)


@pytest.fixture
def collector():
    """The collector of unused objects as Python starts with it, afterwards as it was before."""
    before = gc.get_threshold()
    gc.unfreeze()
    gc.set_threshold(*PYTHONS_OWN)
    yield gc
    gc.set_threshold(*before)
    gc.freeze()


def test_initializer_returns_nothing_and_asks_nothing(collector):
    assert index.initializer(StrictContext()) is None


def test_the_collector_works_again_after_an_initializer_that_fails(collector):
    with pytest.raises(AttributeError):
        index.initializer(object())
    assert collector.isenabled()


def test_a_run_does_not_look_for_unused_objects_at_every_page(collector):
    looked, fleet = [], Fleet.of(*[Line(port, "TCP", 1) for port in range(1000, 4000)])

    def note(phase, info):
        looked.append((phase, info["generation"]))

    def looks():
        collector.collect()
        looked.clear()
        collector.callbacks.append(note)
        answer(World(fleet=fleet, throttle=0), HSS_CALLS_PER_MINUTE="0")
        collector.callbacks.remove(note)
        return len(looked)

    before = looks()
    index.initializer(StrictContext())
    assert looks() < before / 5
    assert collector.get_freeze_count() > 10_000


def test_several_targets_each_have_their_verdict_and_the_worst_comes_first(tmp_path):
    world = World(root=tmp_path)
    (tmp_path / "targets.yaml").write_text(
        "targets:\n"
        f"  - {{name: good, cloud: otc, region: eu-de, project_id: {world.simulator.options.project_id}}}\n"
        "  - {name: bad, cloud: otc, region: eu-de, project_id: ffffffffffffffffffffffffffffffff}\n"
    )
    result = answer(world, TARGETS_CONFIG="targets.yaml", WEBHOOK_URL=HOOK)
    assert result["verdict"] == "inconclusive"
    assert [(t["target"]["name"], t["verdict"]) for t in result["targets"]] == [
        ("bad", "inconclusive"),
        ("good", "violations"),
    ]


def test_a_timer_may_choose_one_target(tmp_path):
    world = World(root=tmp_path)
    project = world.simulator.options.project_id
    entries = [f"  - {{name: {n}, cloud: otc, region: eu-de, project_id: {project}}}\n" for n in ("a", "b")]
    (tmp_path / "targets.yaml").write_text("targets:\n" + "".join(entries))
    event = {**TIMER, "user_event": json.dumps({"target": "b"})}
    assert [t["target"]["name"] for t in answer(world, event, TARGETS_CONFIG="targets.yaml")["targets"]] == ["b"]


def test_a_target_that_does_not_exist_is_named(tmp_path):
    event = {**TIMER, "user_event": json.dumps({"target": "prd"})}
    with pytest.raises(SettingsError, match="no target 'prd'; there are: default"):
        answer(World(), event)


def test_an_unfinished_listing_is_inconclusive_and_its_findings_are_told():
    world = World()
    world.simulator.add_fault(Fault("fewer_rows", "port_statistics", last=None))
    report = answer(world, WEBHOOK_URL=HOOK)
    assert report["verdict"] == "inconclusive"
    assert [f["port"] for f in told(world)[0]["findings"]] == [23]


def test_changes_are_told_once_and_remembered(tmp_path):
    world = World()
    state = f"file://{tmp_path}/state.json"
    context = world.context(WEBHOOK_URL=HOOK, STATE_URL=state, in_function=False)
    first = index.invoke(TIMER, context, 60, 60)
    second = index.invoke(TIMER, context, 60, 60)
    world.simulator.close_port(23)
    third = index.invoke(TIMER, context, 60, 60)
    assert len(first["changes"]["new"]) == 1
    assert (len(second["changes"]["ongoing"]), second["deliveries"][0]["status"]) == (1, "quiet")
    assert third["changes"]["resolved"][0]["because"] == "closed"
    assert len(world.web.requests) == 2


def test_a_dry_run_tells_nobody_of_a_broken_policy_either():
    world = World()
    event = {**TIMER, "user_event": json.dumps({"dry_run": True})}
    with pytest.raises(PolicyError):
        answer(world, event, POLICY_PATH="nowhere.yaml", WEBHOOK_URL=HOOK)
    assert world.web.requests == []


def test_a_run_narrowed_to_nothing_says_so():
    event = {**TIMER, "user_event": json.dumps({"categories": ["container"]})}
    with pytest.raises(UnknownError, match="no category was asked"):
        answer(World(), event)


@pytest.mark.parametrize(("count", "all_there"), [(2, True), (60, True), (150, False)])
def test_the_result_of_many_targets_stays_below_the_limit(tmp_path, count, all_there):
    world = World(root=tmp_path, fleet=Fleet.of(*[Line(port, "TCP", 1) for port in range(1, 121)]), throttle=0)
    project = world.simulator.options.project_id
    entries = [f"  - {{name: t{n}, cloud: otc, region: eu-de, project_id: {project}}}\n" for n in range(count)]
    (tmp_path / "targets.yaml").write_text("targets:\n" + "".join(entries))
    (tmp_path / "p.yaml").write_text(f"version: 1\nrules:\n  - {{id: all, ports: [1-65535], title: {'x' * 190}}}\n")
    known = {"TARGETS_CONFIG": "targets.yaml", "POLICY_PATH": "p.yaml", "HSS_CALLS_PER_MINUTE": "0"}
    result = answer(world, left=900, limit=900, **known)
    assert len(json.dumps(result).encode()) < RESULT_BYTES
    assert {(t["verdict"], t["counts"]["high"], t["omitted"] + len(t["findings"])) for t in result["targets"]} == {
        ("violations", 120, 120)
    }
    assert (len(result["targets"]) == count) is all_there
    assert ("more targets were left out" in str(result["targets"][0]["warnings"])) is not all_there


@pytest.mark.parametrize("broken", [{"NOTIFY_CONFIG": "nowhere.yaml"}, {"RUN_INTERVAL": "soon"}])
def test_a_broken_setting_is_told_to_the_sink_that_can_be_built(broken):
    world = World()
    with pytest.raises(SettingsError):
        answer(world, WEBHOOK_URL=HOOK, **broken)
    assert [message["verdict"] for message in told(world)] == ["inconclusive"]


def test_of_4000_findings_the_critical_one_is_in_the_result(tmp_path):
    (tmp_path / "p.yaml").write_text(
        "version: 1\nrules:\n  - {id: telnet, ports: [23], severity: critical}\n"
        "  - {id: any, ports: [1-65535], severity: info}\n"
    )
    fleet = Fleet.of(*[Line(port, "TCP", 1, "normal") for port in range(1, 4001)])
    world = World(cloud="huaweicloud", root=tmp_path, fleet=fleet, throttle=0)
    place = {"HSS_ENDPOINT": "https://hss.eu-west-101.myhuaweicloud.eu"}
    result = answer(world, {}, left=900, limit=900, POLICY_PATH="p.yaml", HSS_CALLS_PER_MINUTE="0", **place)
    assert len(json.dumps(result).encode()) < RESULT_BYTES
    assert [f["rule_id"] for f in result["findings"]][:2] == ["telnet", "any"]
    assert len(result["findings"]) + result["omitted"] == 4001 == sum(result["counts"].values())
