"""What attackers may send: addresses, redirects, headers, log lines, bombs and paths. See docs/security.md."""

from __future__ import annotations

import ast
import inspect
import io
import json
import logging

import pytest
import yaml

from handler.errors import PolicyError, PortComplianceError, SettingsError, TransportError, UsageError
from handler.function import gateway
from handler.function.events import read_event
from handler.logs import LOGGER, set_up
from handler.models import Secret
from handler.policy.load import load_texts
from handler.report.snapshot_file import parse_snapshot
from handler.review.git_source import git_texts
from handler.settings.run_settings import read_settings
from handler.settings.sink_url import refuse_url
from handler.state.document import decode
from handler.state.interface import ObjectStorage
from handler.state.obs_objects import ObsKeys, ObsObjects
from handler.state.open import open_store
from handler.transport.http import HttpTransport
from handler.transport.request import Request, Response
from tests.fakes import FakeTransport, MovingClock
from tests.faults.wire import WireServer
from tests.settings.sinks_read import read_sinks
from tests.world import CANARY, World

NO = "must not be a link-local or metadata address"


# requests to places that nobody meant


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "0xa9fea9fe",
        "2852039166",
        "0251.0376.0251.0376",
        "metadata.google.internal",
        "[64:ff9b::a9fe:a9fe]",
    ],
)
def test_a_sink_cannot_be_the_metadata_service_in_any_spelling(host):
    assert refuse_url(f"https://{host}/latest", allow_http=True) == NO


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://x/", "https://u:p@x/", "https://x\\@y/", "https://x/\r\nHost: y"]
)
def test_a_sink_has_a_plain_web_address(url):
    assert refuse_url(url, allow_http=True) is not None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_by_the_transport(status):
    with WireServer() as server, WireServer() as elsewhere:
        visited = []
        elsewhere.script = lambda: iter(visited.append(1) or ())
        head = f"HTTP/1.1 {status} Moved\r\nlocation: {elsewhere.url}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        server.script = lambda: iter([(0.0, head.encode())])
        assert HttpTransport()(Request("POST", server.url, {"x-auth-token": "t"}, b"b"), 5).status == status
        assert visited == []


def test_the_endpoint_of_the_cloud_is_https():
    with pytest.raises(SettingsError, match="must be https"):
        read_settings(World().settings(HSS_ENDPOINT="http://hss.example.org").get)


# header and log injection


@pytest.mark.parametrize("value", ["a\r\nB: c", "a\nb", "a\x00", "ä"])
def test_a_header_from_a_setting_stays_one_header(value):
    text = b"sinks: [{name: s, kind: generic, url: 'https://x.example/', headers: {X-Team: '${TEAM}'}}]"
    with pytest.raises(SettingsError, match="characters that a header cannot hold"):
        read_sinks("s.yaml", text, {"TEAM": value + "x"}.get, with_state=False)


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_log_line_stays_one_line_whatever_a_server_says(form):
    stream = io.StringIO()
    set_up("info", form, stream)
    LOGGER.log(logging.INFO, "%s", 'x\r\n{"level": "info", "message": "compliant"}\x1b[2J\u2028\u202e')
    assert len(stream.getvalue().splitlines()) == 1
    assert stream.getvalue().strip().isprintable()


def test_a_vendors_text_cannot_forge_a_log_line_or_a_report_line():
    world = World()
    said = {"error_code": "HSS.0041", "error_msg": "x\r\nINFO compliant\x1b[0m\u202e"}
    world.warm.api = FakeTransport(lambda _: Response(500, {}, json.dumps(said).encode()))
    from handler import index

    world.answer = Response(200, {}, b"ok")
    report = index.invoke(None, world.context(WEBHOOK_URL="https://hooks.example.org/x"), 60, 60)
    assert all(problem.isprintable() for problem in report["problems"])


# bombs

YAML_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        YAML_BOMB,
        "[" * 50_000,
        "{a: " * 20_000,
        "version: 1\n" + "disallowed_ports: [" + "1," * 2_000_000 + "1]",
        "? " * 20_000,
        "!!python/object/apply:os.system [id]",
        "- " * 50_000,
    ],
    ids=["aliases", "deep list", "deep mapping", "very long", "keys of keys", "object", "deep sequence"],
)
def test_a_yaml_bomb_is_a_policy_error(text):
    with pytest.raises(PolicyError):
        load_texts([("p.yaml", text.encode())])


def test_yaml_cannot_make_objects_anywhere():
    with pytest.raises(SettingsError):
        read_sinks("s.yaml", b"sinks: !!python/object/new:os.system [id]", {}.get, with_state=False)
    assert issubclass(
        yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader, yaml.constructor.SafeConstructor
    )


@pytest.mark.parametrize(
    "data", [b"[" * 200_000, b'{"a":' * 100_000, b"9" * 100_000, b'"' + b"\\u0000" * 10_000 + b'"']
)
def test_a_json_bomb_is_a_clear_error(data):
    with pytest.raises(PortComplianceError):
        parse_snapshot(data, "s.json")


# paths


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "a\\b", "a\0b"])
def test_a_git_path_stays_inside_the_repository(path, tmp_path):
    with pytest.raises(UsageError, match="inside the repository"):
        git_texts(f"git:HEAD:{path}", tmp_path)


@pytest.mark.parametrize("revision", ["--upload-pack=x", "-x", "a..b", "a b", "$(id)", "a;b", ""])
def test_a_git_revision_is_no_option_and_no_command(revision, tmp_path):
    with pytest.raises(UsageError, match="names no revision"):
        git_texts(f"git:{revision}:p.yaml", tmp_path)


@pytest.mark.parametrize("key", ["../other/key", "a/../../b", "a?versionId=1", "a#b", "%2e%2e/x", "a\r\nHost: b"])
def test_an_obs_key_is_quoted_and_stays_in_its_bucket(key):
    objects = ObsObjects(
        "bucket", "https://obs.example.org", "r", lambda: ObsKeys("a", Secret("b")), FakeTransport([]), MovingClock()
    )
    url = objects.url(key)
    assert url.startswith("https://bucket.obs.example.org/")
    assert not set("?#\r\n ") & set(url)


@pytest.mark.parametrize(
    "url", ["file://host/x", "file:x", "file:///", "http://x/", "obs://bucket", "obs:///key", "obs://bucket/key/"]
)
def test_a_state_has_one_clear_place(url):
    with pytest.raises(SettingsError):
        open_store(
            url,
            MovingClock(),
            decode,
            transport=FakeTransport([]),
            storage=ObjectStorage("https://o", "r", lambda: ObsKeys("a", Secret("b"))),
        )


@pytest.mark.parametrize("name", ["../../etc", "a/b", "A", "a b", "é", ""])
def test_a_target_name_cannot_lead_the_state_elsewhere(name, tmp_path):
    from handler.settings.targets_file import read_targets

    text = f"targets:\n  - {{name: {json.dumps(name)}, cloud: otc, region: eu-de, project_id: x}}\n"
    with pytest.raises(SettingsError):
        read_targets("t.yaml", text.encode(), {}.get)


# who may ask, and what a question may choose

GATEWAY = {"httpMethod": "POST", "headers": {"authorization": "Bearer x"}, "path": "/"}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "bearer right",
        "Bearer righT",
        "Bearer right ",
        "Basic right",
        "Bearer gateway",
        "\udcff",
    ],
)
def test_a_wrong_token_is_refused(header):
    assert not gateway.authorized(header, "right")


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer None"])
def test_without_a_configured_token_nobody_may_ask(header):
    assert not gateway.authorized(header, "")


def test_the_token_is_compared_in_constant_time():
    tree = ast.parse(inspect.getsource(gateway.authorized))
    calls = {
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    compared = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert "compare_digest" in calls
    assert all(isinstance(one.comparators[0], ast.Constant) for one in compared)  # only with the fixed word


@pytest.mark.parametrize(
    "event",
    [
        {**GATEWAY, "body": json.dumps({"policy": "evil.yaml", "dry_run": True, "target": "x"})},
        {"cts": {"policy": "evil.yaml"}, "user_event": '{"policy": "evil.yaml"}'},
        {"specversion": "1.0", "type": "x", "data": {"policy": "evil.yaml"}, "user_event": '{"dry_run": true}'},
        {"record": [{"smn": {"message": '{"policy": "evil.yaml"}'}}], "user_event": '{"dry_run": true}'},
    ],
)
def test_only_a_timer_may_choose_anything(event):
    trigger = read_event(event)
    assert (trigger.policy, trigger.target, trigger.categories, trigger.dry_run) == ("", "", (), False)


def test_secrets_do_not_print():
    secret = Secret(CANARY)
    shown = f"{secret} {secret!r} {[secret]} {Request('POST', CANARY, {'a': CANARY}, CANARY.encode())!r} {Response(200, {}, CANARY.encode())!r}"
    assert CANARY not in shown


def test_a_transport_error_names_no_query_and_no_user():
    with pytest.raises(TransportError) as caught:
        HttpTransport()(Request("GET", f"http://{CANARY}@127.0.0.1:9/?token={CANARY}", {"x": CANARY}), 2)
    assert CANARY not in str(caught.value) + repr(caught.value.__cause__) + repr(caught.value.__context__)
