"""A run over its targets: budgets, shares of time, policies that cannot be had, ids that can be repeated."""

import pytest

from handler.errors import PolicyError, SettingsError, TransportError
from handler.formats.registry import render_report
from handler.models import Problem, Row, Secret
from handler.policy.load import load_texts
from handler.run.targets import RunRequest, budget_seconds, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from handler.settings.run_settings import read_settings
from handler.simulator.fleet import Fleet, Line
from handler.transport.request import Response
from tests.fakes import FakeTransport, category, snapshot
from tests.world import World


def prepared(world, request=None, **settings):
    wiring = Wiring(world.context(**settings))
    return prepare(wiring, request or RunRequest()), wiring


def reports(world, request=None, seconds=60.0, **settings):
    run, wiring = prepared(world, request, **settings)
    return check_targets(run, wiring, seconds).reports


@pytest.mark.parametrize(
    ("setting", "left", "limit", "expected"),
    [
        ("120", 30.0, 60.0, 120.0),
        (None, 30.0, 60.0, 30.0),
        (None, 30.0, None, 30.0),
        (None, 0.5, 60.0, 60.0),
        (None, 61.0, 60.0, 60.0),
        (None, -3.0, None, 900.0),
        (None, None, None, 900.0),
        (None, None, 3600.0, 900.0),
        (None, 1.0, 60.0, 1.0),
        (None, 0.99, 60.0, 60.0),
        (None, 1800.0, 1800.0, 1800.0),
        (None, 1800.5, 1800.0, 900.0),
        (None, 1000.0, None, 1000.0),
        ("1", 30.0, 60.0, 1.0),
    ],
)
def test_how_long_a_run_may_take(setting, left, limit, expected):
    settings = read_settings(World().settings(RUN_BUDGET_SECONDS=setting).get)
    assert budget_seconds(settings, left, limit) == expected


def test_a_slow_target_leaves_its_share_to_the_others(tmp_path):
    world = World(root=tmp_path)
    project = world.simulator.options.project_id
    names = [f"  - {{name: t{n}, cloud: otc, region: eu-de, project_id: {project}}}\n" for n in range(7)]
    (tmp_path / "targets.yaml").write_text("targets:\n" + "".join(names))
    found = reports(world, TARGETS_CONFIG="targets.yaml", seconds=700)
    assert [report.verdict for report in found] == ["violations"] * 7
    assert sum(world.clock.slept) >= 61  # the sixth call of one credential waits, whoever's it is


def test_what_does_not_fit_is_inconclusive_and_hides_nobody(tmp_path):
    world = World(root=tmp_path)
    project = world.simulator.options.project_id
    names = [f"  - {{name: t{n}, cloud: otc, region: eu-de, project_id: {project}}}\n" for n in range(7)]
    (tmp_path / "targets.yaml").write_text("targets:\n" + "".join(names))
    found = reports(world, TARGETS_CONFIG="targets.yaml", seconds=30)
    assert [report.verdict for report in found] == ["violations"] * 5 + ["inconclusive"] * 2
    assert "minute" in str(found[-1].problems[0])


def test_a_policy_that_the_network_refuses_is_an_inconclusive_target():
    world = World()
    world.warm.api = FakeTransport([Response(503)])
    (report,) = reports(world, POLICY_PATH="https://policies.example.org/p.yaml?token=x")
    assert report.verdict == "inconclusive"
    assert "https://policies.example.org/p.yaml cannot be had: HTTP 503" in str(report.problems[0])


def test_a_policy_over_https_is_fetched_again_only_if_it_changed():
    world = World()
    text = b"version: 1\ndisallowed_ports: [23]\n"
    answers = [Response(200, {"etag": '"1"'}, text), Response(304)]
    fetch = FakeTransport(lambda request: answers.pop(0) if "policies" in request.url else world.simulator(request, 1))
    world.warm.api = fetch
    for _ in range(2):
        (report,) = reports(world, POLICY_PATH="https://policies.example.org/p.yaml")
        assert [finding.port for finding in report.findings] == [23]
    asked = [request for request in fetch.requests if "policies" in request.url]
    assert [request.headers.get("If-None-Match") for request in asked] == [None, '"1"']


def test_a_policy_that_came_cut_off_is_not_used():
    world = World()
    world.warm.api = FakeTransport([Response(200, {"content-length": "99"}, b"version: 1\ndisallowed_ports: [23]\n")])
    (report,) = reports(world, POLICY_PATH="https://policies.example.org/p.yaml")
    assert (report.verdict, "came cut off" in str(report.problems[0])) == ("inconclusive", True)


def test_a_bad_policy_from_the_network_is_a_policy_error():
    world = World()
    world.warm.api = FakeTransport([Response(200, {}, b"version: 2\n")])
    with pytest.raises(PolicyError, match=r"https://policies\.example\.org/p\.yaml:1:"):
        prepared(world, POLICY_PATH="https://policies.example.org/p.yaml")


def test_an_object_in_obs_needs_an_access_key():
    with pytest.raises(SettingsError, match="obs:// needs an access key"):
        prepared(World(), POLICY_PATH="obs://bucket/p.yaml")
    with pytest.raises(SettingsError, match="obs://bucket/key"):
        prepared(World(), POLICY_PATH="obs://bucket")


def test_an_object_in_obs_is_fetched_signed():
    world = World()
    world.warm.api = FakeTransport([Response(200, {}, b"version: 1\ndisallowed_ports: [23]\n")])
    keys = {"HSS_AUTH_TOKEN": None, "HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK"}
    run, _ = prepared(world, POLICY_PATH="obs://bucket/p.yaml", **keys)
    (request,) = world.warm.api.requests
    assert request.url == "https://bucket.obs.eu-de.otc.t-systems.com/p.yaml"
    assert "Authorization" in {name.title() for name in request.headers}
    assert run.targets[0].policy.files == ("obs://bucket/p.yaml",)


def test_a_seed_makes_the_run_id_repeatable():
    first, _ = prepared(World(), RunRequest(seed="a"))
    again, _ = prepared(World(), RunRequest(seed="a"))
    other, _ = prepared(World(), RunRequest(seed="b"))
    assert first.run_id == again.run_id != other.run_id
    assert prepared(World())[0].run_id != prepared(World())[0].run_id


def test_each_target_has_a_state_of_its_own(tmp_path):
    world = World(root=tmp_path)
    project = world.simulator.options.project_id
    names = [f"  - {{name: t{n}, cloud: otc, region: eu-de, project_id: {project}}}\n" for n in range(2)]
    (tmp_path / "targets.yaml").write_text("targets:\n" + "".join(names))
    state = Secret(f"file://{tmp_path}/state-{{target}}.json")
    reports(world, RunRequest(state_url=state), TARGETS_CONFIG="targets.yaml", HSS_CALLS_PER_MINUTE="5")
    assert sorted(path.name for path in tmp_path.glob("state-*.json")) == [
        "state-_index.json",
        "state-t0.json",
        "state-t1.json",
    ]


def test_categories_narrowed_away_are_skipped(tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\ndefaults: {categories: [host, container]}\ndisallowed_ports: [23]\n")
    world = World(root=tmp_path)
    (report,) = reports(world, POLICY_PATH="p.yaml", HSS_CATEGORIES="host")
    assert [(c.category, c.plan) for c in report.coverage] == [("host", "pages"), ("container", "skipped")]
    assert {call.query["category"] for call in world.simulator.calls} == {"host"}


def test_hosts_are_asked_only_where_somebody_wants_them():
    world = World(cloud="huaweicloud")
    endpoint = {"HSS_ENDPOINT": "https://hss.cn-north-4.myhuaweicloud.com"}
    (report,) = reports(world, **endpoint)
    assert report.findings[0].hosts is None
    (report,) = reports(world, RunRequest(hosts=True), **endpoint)
    assert len(report.findings[0].hosts) == 3
    assert [call.api for call in world.simulator.calls].count("port_detail") == 1


def test_an_unknown_target_names_the_known_ones():
    with pytest.raises(SettingsError, match="there are: default"):
        prepared(World(), RunRequest()._replace(target="x"))


def test_a_refused_access_key_is_used_less_often_than_locks_it(tmp_path):
    world = World(root=tmp_path)
    project = world.simulator.options.project_id
    names = [f"  - {{name: t{n}, cloud: otc, region: eu-de, project_id: {project}}}\n" for n in range(7)]
    (tmp_path / "targets.yaml").write_text("targets:\n" + "".join(names))
    keys = {"HSS_AUTH_TOKEN": None, "HUAWEICLOUD_SDK_AK": "SIMULATEDACCESSKEY00", "HUAWEICLOUD_SDK_SK": "wrong"}
    found = reports(world, TARGETS_CONFIG="targets.yaml", seconds=700, **keys)
    assert [report.verdict for report in found] == ["inconclusive"] * 7
    assert len(world.simulator.calls) == 3
    assert "refused 3 times in this run and is not tried again" in str(found[-1].problems[0])


def test_a_generic_sink_without_a_secret_is_warned_of():
    plain, signed = "https://hooks.example/x", {"WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    assert "default: without a secret" in reports(World(), WEBHOOK_URL=plain)[0].warnings[-1]
    assert not reports(World(), WEBHOOK_URL=plain, **signed)[0].warnings
    assert not reports(World(), WEBHOOK_URL=plain, WEBHOOK_KIND="slack")[0].warnings


def test_a_target_whose_policy_is_missing_is_named(tmp_path):
    world = World(root=tmp_path)
    entry = "targets:\n  - {name: prod, cloud: otc, region: eu-de, project_id: a, policy: nowhere.yaml}\n"
    (tmp_path / "targets.yaml").write_text(entry)
    with pytest.raises(PolicyError, match=r"target prod: .*nowhere\.yaml: cannot be read"):
        prepared(world, TARGETS_CONFIG="targets.yaml")


@pytest.mark.parametrize(
    ("statistics", "verdict"),
    [
        ({"port_num": 0}, "compliant"),
        ({"port_num": 5}, "inconclusive"),
        ({"app_num": 5}, "inconclusive"),
        (None, "inconclusive"),
    ],
)
def test_a_recorded_empty_listing_is_believed_only_where_its_counters_confirm_it(statistics, verdict):
    recorded = snapshot(category(statistics=statistics))
    (report,) = reports(World(), RunRequest(snapshot=recorded))
    assert report.verdict == verdict
    assert len(report.problems) == (verdict == "inconclusive")


def targets_file(folder, *entries):
    (folder / "targets.yaml").write_text("targets:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries))
    return {"TARGETS_CONFIG": "targets.yaml", "HSS_CALLS_PER_MINUTE": "0"}


def test_one_target_without_credentials_is_refused_before_any_is_asked(tmp_path):
    world = World(root=tmp_path)
    place = f"cloud: otc, region: eu-de, project_id: {world.simulator.options.project_id}"
    settings = targets_file(tmp_path, f"name: a, {place}, credentials: PROD", f"name: b, {place}")
    keys = {"PROD_HUAWEICLOUD_SDK_AK": "a", "PROD_HUAWEICLOUD_SDK_SK": "s", "HSS_AUTH_TOKEN": None}
    with pytest.raises(SettingsError, match="target b: there are no credentials"):
        prepare(Wiring(world.context(in_function=False, **settings, **keys)), RunRequest())
    assert world.simulator.calls == []


@pytest.mark.parametrize(("targets", "seconds"), [(2, 100), (5, 100)])
def test_a_target_that_never_answers_takes_its_own_share_only(tmp_path, targets, seconds):
    world = World(root=tmp_path)
    project = world.simulator.options.project_id
    begun = {}

    def slow_at_first(request, timeout):
        begun.setdefault(request.url.split("/")[4], world.clock.seconds)
        if project in request.url:
            return world.simulator(request, timeout)
        world.clock.tick(timeout)
        raise TransportError("no whole answer")

    world.warm.api = slow_at_first
    slow = [f"name: slow{n}, cloud: otc, region: eu-de, project_id: p{n}" for n in range(targets - 1)]
    known = targets_file(tmp_path, *slow, f"name: good, cloud: otc, region: eu-de, project_id: {project}")
    start = world.clock.seconds
    found = reports(world, seconds=seconds, **known)
    assert [report.verdict for report in found] == ["inconclusive"] * (targets - 1) + ["violations"]
    share = seconds / targets
    for number, moment in enumerate(begun.values()):
        assert moment - start <= number * share + 1e-6


@pytest.mark.parametrize(
    ("recorded", "problems"),
    [
        (category(statistics={"port_num": 5}), 1),
        (category(statistics={"port_num": 0}), 0),
        (category(statistics={}), 1),
        (category(statistics=None), 1),
        (category([Row(22, "tcp", 1)], statistics={"port_num": 5}), 0),
        (category(complete=False, problems=(Problem("cut off"),), statistics={"port_num": 5}), 1),
    ],
)
def test_only_a_whole_empty_recording_is_held_against_its_counters(recorded, problems):
    (report,) = reports(World(), RunRequest(snapshot=snapshot(recorded)))
    (covered,) = report.coverage
    assert (len(covered.problems), covered.complete) == (problems, problems == 0)


def test_a_broken_policy_of_the_settings_names_no_target():
    with pytest.raises(PolicyError) as caught:
        prepared(World(), POLICY_PATH="nowhere.yaml")
    assert caught.value.message.startswith("nowhere.yaml: cannot be read")


def test_what_cannot_be_sent_is_a_settings_error_before_any_request():
    world = World()
    with pytest.raises(SettingsError, match="HSS_AUTH_TOKEN: must be 1 to 32768"):
        prepared(world, HSS_AUTH_TOKEN="t" * 40_000)
    with pytest.raises(SettingsError, match="enterprise_project_id"):
        prepared(world, HSS_ENTERPRISE_PROJECT_ID="e" * 300)
    assert world.simulator.calls == []


def test_a_refused_login_is_one_cause_and_each_category_is_named_once():
    world = World()
    rule = (
        "rules: [{id: telnet, ports: [23], categories: [host, container]}, {id: db, statistic: database_num, above: 1}]"
    )
    policy = load_texts([("p.yaml", f"version: 1\nexpect_rows: {{host: 5, container: 5}}\n{rule}")])
    (report,) = reports(world, RunRequest(policy=policy), HSS_AUTH_TOKEN="another-token")
    assert report.verdict == "inconclusive"
    first, second = (one.problems for one in report.coverage)
    assert len(first) == 1
    assert "HTTP 401" in str(first[0])
    assert [str(one) for one in second] == ["not asked, because the credentials were refused before"]
    text = render_report("text", report)
    assert (text.count("HTTP 401"), text.count("expect_rows"), "host: host" in text) == (1, 0, False)


PLAIN = "cloud: otc, region: eu-de, project_id: a"


def test_several_targets_need_a_state_each(tmp_path):
    one = Secret("file:///x/state.json")
    settings = targets_file(tmp_path, f"name: a, {PLAIN}", f"name: b, {PLAIN}")
    with pytest.raises(SettingsError) as caught:
        prepared(World(root=tmp_path), RunRequest(state_url=one), **settings)
    assert caught.value.problems == ("STATE_URL: must hold {target} where several targets are checked",)
    alone, _ = prepared(World(root=tmp_path), RunRequest(state_url=one, target="b"), **settings)
    assert [each.name for each in alone.targets] == ["b"]
    assert alone.targets[0].store is not None


def test_every_problem_of_a_run_is_told_at_once(tmp_path):
    settings = targets_file(tmp_path, f"name: a, {PLAIN}", f"name: b, {PLAIN}")
    with pytest.raises(SettingsError) as caught:
        prepared(
            World(root=tmp_path), RunRequest(target="x"), HSS_CATEGORIES="vm", NOTIFY_CONFIG="none.yaml", **settings
        )
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "HSS_CATEGORIES",
        "there is no target 'x'; there are",
        "NOTIFY_CONFIG",
    ]


@pytest.mark.parametrize(
    ("door", "target", "setting", "asked", "skipped"),
    [
        ((), "", None, ("host", "container"), ()),
        ((), "", "host", ("host",), ("container",)),
        ((), ", categories: [container]", "host", ("container",), ("host",)),
        (("host",), ", categories: [container]", "container", ("host",), ("container",)),
        (("container", "host"), "", "host", ("host", "container"), ()),
    ],
)
def test_categories_are_those_of_the_door_else_of_the_target_else_of_the_settings(
    tmp_path, door, target, setting, asked, skipped
):
    (tmp_path / "p.yaml").write_text("version: 1\ndefaults: {categories: [host, container]}\ndisallowed_ports: [23]\n")
    settings = targets_file(tmp_path, f"name: a, {PLAIN}, policy: p.yaml{target}")
    run, _ = prepared(World(root=tmp_path), RunRequest(categories=door), HSS_CATEGORIES=setting, **settings)
    assert [(each.categories, each.skipped) for each in run.targets] == [(asked, skipped)]
    assert [(each.name, each.place.name, each.target.name) for each in run.targets] == [("a", "a", "a")]


def test_a_policy_is_that_of_the_door_else_of_the_target_else_of_the_settings_and_each_is_read_once(tmp_path):
    for name in ("door.yaml", "target.yaml", "settings.yaml"):
        (tmp_path / name).write_text("version: 1\ndisallowed_ports: [23]\n")
    world = World(root=tmp_path)
    settings = targets_file(
        tmp_path, f"name: a, {PLAIN}, policy: target.yaml", f"name: b, {PLAIN}", f"name: c, {PLAIN}"
    )

    def policies(request):
        return [each.policy for each in prepared(world, request, POLICY_PATH="settings.yaml", **settings)[0].targets]

    own, of_settings, again = policies(RunRequest())
    assert (own.files, of_settings.files, of_settings is again) == (("target.yaml",), ("settings.yaml",), True)
    assert [policy.files for policy in policies(RunRequest(policy_path="door.yaml"))] == [("door.yaml",)] * 3
    ready = load_texts([("r.yaml", "version: 1\ndisallowed_ports: [23]\n")])
    assert all(policy is ready for policy in policies(RunRequest(policy=ready, policy_path="door.yaml")))


def test_broken_policies_stop_a_run_only_where_there_is_no_other_and_each_problem_is_told_once(tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\ndisallowed_ports: [23]\n")
    lost = f"name: a, {PLAIN}, policy: lost.yaml"
    gone = f"name: b, {PLAIN}, policy: gone.yaml"
    settings = targets_file(tmp_path, lost, gone, f"name: c, {PLAIN}, policy: p.yaml")
    run, _ = prepared(World(root=tmp_path), **settings)
    first, second = run.error.problems
    assert (first.startswith("target a: lost.yaml"), second.startswith("target b: gone.yaml")) == (True, True)
    assert not run.all_broken
    settings = targets_file(tmp_path, lost, gone)
    with pytest.raises(PolicyError) as caught:
        prepared(World(root=tmp_path), **settings)
    assert caught.value.problems == (first, second)


def test_a_target_of_a_recording_is_its_own_and_is_asked_of_nobody():
    taken = snapshot(category())
    run, _ = prepared(World(), RunRequest(snapshot=taken))
    (each,) = run.targets
    assert (each.name, each.target, each.client, each.place) == (taken.target.name, taken.target, None, None)


def test_a_run_knows_when_it_began_whom_it_tells_and_what_it_was_asked_for():
    request = RunRequest(dry_run=True)
    world = World()
    run, _ = prepared(world, request, WEBHOOK_URL="https://hooks.slack.com/services/x")
    assert (run.started_at, [sink.name for sink in run.sinks], run.request) == (
        world.clock.moment,
        ["default"],
        request,
    )
    silent, _ = prepared(world, RunRequest(tell=False), WEBHOOK_URL="https://hooks.slack.com/services/x")
    assert silent.sinks == ()


def test_an_id_of_the_same_seed_is_another_where_the_policy_is():
    def run_id(port):
        policy = load_texts([("p.yaml", f"version: 1\ndisallowed_ports: [{port}]\n")])
        return prepared(World(), RunRequest(policy=policy, seed="a"))[0].run_id

    assert run_id(23) == run_id(23) != run_id(24)
    assert len(run_id(23)) == len(prepared(World())[0].run_id) == 32


HUAWEI = {"HSS_ENDPOINT": "https://hss.cn-north-4.myhuaweicloud.com"}
MANY = Fleet.of(*(Line(port, "TCP", 2) for port in (21, 23, 69, 79, 111, 135, 139, 445)))


def test_servers_are_looked_up_however_long_it_takes_where_a_door_asks_for_one_target():
    world = World(fleet=MANY, cloud="huaweicloud")
    (report,) = reports(world, RunRequest(hosts=True), seconds=600, **HUAWEI)
    assert len(report.findings) > 5
    assert all(len(one.hosts) == 2 for one in report.findings)
    assert sum(world.clock.slept) > 60


@pytest.mark.parametrize("pace", ["5", "0"])
def test_servers_that_a_sink_wants_are_looked_up_without_waiting(tmp_path, pace):
    chat = "{name: chat, kind: slack, url: 'https://hooks.slack.com/services/x', hosts: true}"
    (tmp_path / "sinks.yaml").write_text(f"sinks:\n  - {chat}\n")
    world = World(fleet=MANY, cloud="huaweicloud", root=tmp_path, throttle=100)
    (report,) = reports(world, seconds=600, NOTIFY_CONFIG="sinks.yaml", HSS_CALLS_PER_MINUTE=pace, **HUAWEI)
    assert [call.api for call in world.simulator.calls].count("port_detail") == 5
    assert len([one for one in report.findings if one.hosts]) == 5
    assert world.clock.slept == []


def test_progress_is_told_with_the_name_of_its_target():
    world, seen = World(), []
    context = world.context()._replace(on_progress=lambda *told: seen.append(told))
    wiring = Wiring(context)
    run = prepare(wiring, RunRequest())
    check_targets(run, wiring, 60)
    assert {told[0] for told in seen} == {run.targets[0].target.name}


def test_a_run_that_comes_late_says_so_by_the_interval_of_the_settings(tmp_path):
    world = World(root=tmp_path)
    state = RunRequest(state_url=Secret(f"file://{tmp_path}/state.json"))
    (first,) = reports(world, state, RUN_INTERVAL="1h")
    world.clock.tick(5 * 3600)
    (second,) = reports(world, state, RUN_INTERVAL="1h")
    assert (first.gap_hours, second.gap_hours) == (None, 5)


@pytest.mark.parametrize("by", ["the door", "a setting"])
def test_a_sink_that_needs_a_state_has_one_by_the_door_or_a_setting(tmp_path, by):
    chat = "{name: chat, kind: slack, url: 'https://hooks.slack.com/services/x', heartbeat: 7d}"
    (tmp_path / "sinks.yaml").write_text(f"sinks:\n  - {chat}\n")
    world, state = World(root=tmp_path), f"file://{tmp_path}/state.json"
    with pytest.raises(SettingsError, match="heartbeat needs STATE_URL"):
        prepared(world, NOTIFY_CONFIG="sinks.yaml")
    request, setting = (RunRequest(state_url=Secret(state)), None) if by == "the door" else (RunRequest(), state)
    run, _ = prepared(world, request, in_function=False, NOTIFY_CONFIG="sinks.yaml", STATE_URL=setting)
    assert [sink.name for sink in run.sinks] == ["chat"]


def test_a_state_that_cannot_be_is_told_once_where_a_sink_needs_it(tmp_path):
    chat = "{name: chat, kind: slack, url: 'https://hooks.slack.com/services/x', heartbeat: 7d}"
    (tmp_path / "sinks.yaml").write_text(f"sinks:\n  - {chat}\n")
    with pytest.raises(SettingsError) as caught:
        prepared(World(root=tmp_path), NOTIFY_CONFIG="sinks.yaml", STATE_URL="ftp://x")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["STATE_URL"]


def login(world):
    """A login without a project of its own: its token says which it is."""
    options = world.simulator.options
    return {
        "HSS_AUTH_TOKEN": None,
        "HSS_PROJECT_ID": None,
        "OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com",
        "OS_USERNAME": options.username,
        "OS_PASSWORD": options.password,
        "OS_USER_DOMAIN_NAME": options.domain,
        "OS_PROJECT_NAME": options.project_name,
    }


def test_the_project_of_a_target_is_the_one_that_its_login_belongs_to():
    world = World()
    run, _ = prepared(world, in_function=False, **login(world))
    assert [each.target.project_id for each in run.targets] == [world.simulator.options.project_id]


def test_a_login_that_is_refused_is_told_as_what_is_not_known_of_its_target():
    world = World()
    run, _ = prepared(world, in_function=False, **login(world) | {"OS_PASSWORD": "wrong"})
    (each,) = run.targets
    assert ("401" in str(each.policy), each.target.project_id, each.categories) == (True, "", ())


@pytest.mark.parametrize(
    ("location", "fetched"),
    [
        ("obs://bucket/p.yaml", ["cn-north-4", "cn-east-3"]),  # each region has buckets of its own
        ("https://policies.example.org/p.yaml", ["policies.example.org"]),
    ],
)
def test_a_policy_is_fetched_once_for_each_place_where_it_may_be_another(tmp_path, location, fetched):
    world = World(root=tmp_path)
    world.warm.api = FakeTransport(lambda request: Response(200, {}, b"version: 1\ndisallowed_ports: [23]\n"))
    regions = {"a": "cn-north-4", "b": "cn-north-4", "c": "cn-east-3"}
    entries = [f"name: {name}, cloud: huaweicloud, region: {region}, project_id: p" for name, region in regions.items()]
    keys = {"HSS_AUTH_TOKEN": None, "HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK"}
    run, _ = prepared(world, POLICY_PATH=location, **targets_file(tmp_path, *entries), **keys)
    asked = [request.url.split("/")[2] for request in world.warm.api.requests]
    assert [host.removeprefix("bucket.obs.").removesuffix(".myhuaweicloud.com") for host in asked] == fetched
    first, second, _ = (each.policy for each in run.targets)
    assert first is second
