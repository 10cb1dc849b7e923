"""SMN: where a topic is, what an SMS shows of a message, how a request is signed, and what the answers mean."""

from __future__ import annotations

import json
import random

import pytest

from handler import index
from handler.clock import Deadline
from handler.errors import SettingsError
from handler.hss.signing import is_signed_with
from handler.models import Secret
from handler.notify.send import DeliveryContext, send
from handler.run.wiring import Wiring
from handler.settings.places import topic_endpoint
from handler.sinks import smn
from handler.sinks.answers import DeliveryOutcome
from handler.transport.request import Response
from tests import notices
from tests.fakes import NOON, FakeClock, FakeTransport, finding, report
from tests.settings.sinks_read import read_sinks
from tests.world import TIMER, World

PROJECT = "f96188c7ccaf4ffba0c9aa149ab2bd57"
URN = f"urn:smn:eu-de:{PROJECT}:ports"
ADDRESS = f"https://smn.eu-de.otc.t-systems.com/v2/{PROJECT}/notifications/topics/{URN}/publish"
STORED = Response(200, {}, b'{"message_id": "bf94b63a5dfb475994d3ac34664e24f2", "request_id": "9974c07f"}')
FILE = f"sinks: [{{name: people, kind: smn, topic_urn: {URN}}}]\n"


def rendered(notice, shrink=0, **keys):
    (message,) = smn.render(notice, notices.sink("smn", topic_urn=URN, **keys), NOON, shrink)
    return json.loads(message.body)


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("eu-de", "https://smn.eu-de.otc.t-systems.com"),
        ("eu-nl", "https://smn.eu-nl.otc.t-systems.com"),
        ("cn-north-4", "https://smn.cn-north-4.myhuaweicloud.com"),
        ("eu-west-101", "https://smn.eu-west-101.myhuaweicloud.eu"),
    ],
)
def test_a_region_of_either_cloud_has_its_endpoint(region, endpoint):
    assert topic_endpoint(f"urn:smn:{region}:{PROJECT}:ports") == (endpoint, "")


def test_an_unknown_region_asks_for_the_address_and_takes_it():
    urn = f"urn:smn:xx-moon-1:{PROJECT}:ports"
    assert "set url" in topic_endpoint(urn)[1]
    (sink,) = read_sinks(
        "s.yaml",
        f"sinks: [{{name: s, kind: smn, topic_urn: '{urn}', url: '${{U}}'}}]\n".encode(),
        {"U": "https://smn.moon.example"}.get,
        with_state=True,
    )
    (message,) = smn.render(notices.notice(), sink, NOON, 0)
    assert message.url.reveal() == f"https://smn.moon.example/v2/{PROJECT}/notifications/topics/{urn}/publish"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("kind: smn", "smn needs topic_urn"),
        ("kind: smn, topic_urn: ports", "topic_urn: must be urn:smn:REGION:PROJECT:NAME"),
        (f"kind: smn, topic_urn: 'urn:smn:eu-de:{PROJECT}:a/../b'", "topic_urn: must be urn:smn:REGION:PROJECT:NAME"),
        (f"kind: smn, topic_urn: 'urn:smn:mars-1:{PROJECT}:p'", "topic_urn: the region 'mars-1' is not known"),
        ("kind: smn, topic_urn: '${URN}'", "topic_urn"),
        (f"kind: slack, url: '${{U}}', topic_urn: '{URN}'", "slack has no use for topic_urn"),
        ("kind: slack", "slack needs url"),
    ],
)
def test_what_is_missing_or_misplaced_is_said(entry, said):
    with pytest.raises(SettingsError) as caught:
        read_sinks(
            "s.yaml", f"sinks: [{{name: s, {entry}}}]\n".encode(), {"U": "https://x.example/y"}.get, with_state=True
        )
    assert said in "\n".join(caught.value.problems)


def test_the_first_line_says_target_verdict_the_worst_change_and_the_numbers():
    first = rendered(notices.notice())["message"].split("\n")[0]
    assert first.startswith("prod: violations. ")
    assert "Telnet is open" in first
    assert "7 new" in first
    assert len(first) <= 200
    blind = rendered(notices.inconclusive())["message"].split("\n")[0]
    assert blind.startswith("prod: inconclusive. container: page 3 of 7 did not come")
    gone = rendered(notices.resolved_only())["message"].split("\n")[0]
    assert "21/tcp" in gone
    assert "closed" in gone


def test_the_subject_is_that_line_in_at_most_512_bytes():
    wide = finding("telnet", title="漢" * 300)
    body = rendered(notices.notice(report=report(wide), new=(wide,), resolved=(), ongoing=(), grown=()))
    assert len(body["subject"].encode()) <= 512
    assert body["message"].startswith(body["subject"].rstrip("…")[:100])
    assert "\n" not in body["subject"]


def test_a_message_of_ten_thousand_findings_has_less_than_256_kb():
    assert len(rendered(notices.huge(), max_findings=10_000)["message"].encode()) < 256_000


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, STORED.body, DeliveryOutcome.ACCEPTED),
        (200, b'{"request_id": "x"}', DeliveryOutcome.RETRY_NEXT_RUN),
        (401, b'{"error_code":"APIG.0301","error_msg":"Incorrect IAM authentication"}', DeliveryOutcome.PERMANENT),
        (403, b'{"code":"SMN.0001","message":"No permission to request resources."}', DeliveryOutcome.PERMANENT),
        (404, b'{"code":"SMN.0006","message":"Topic not found."}', DeliveryOutcome.PERMANENT),
        (403, b'{"code":"SMN.0008","message":"Parameter: Subject is invalid."}', DeliveryOutcome.PERMANENT),
        (400, b'{"code":"SMN.0009","message":"Message exceeds the maximum length"}', DeliveryOutcome.TOO_LARGE),
        (400, b'{"code":"SMN.0019","message":"Producer Exceptions."}', DeliveryOutcome.RETRY_NOW),
        (500, b'{"code":"SMN.0018","message":"Service internal error."}', DeliveryOutcome.RETRY_NOW),
        (403, b'{"code":"SMN.0065","message":"The number of email messages exceeds."}', DeliveryOutcome.RETRY_NEXT_RUN),
        (429, b'{"error_code":"APIG.0308","error_msg":"throttled"}', DeliveryOutcome.RETRY_NOW),
    ],
)
def test_an_answer_means_what_the_services_pages_say(status, body, outcome):
    answer = smn.judge(status, {}, body)
    assert answer.outcome is outcome
    code = json.loads(body).get("code") or json.loads(body).get("error_code") or ""
    assert code in answer.reason


def test_a_refusal_says_what_to_do_and_a_throttle_waits_a_minute():
    assert "smn:topic:publish" in smn.judge(403, {}, b'{"code":"SMN.0001","message":"No permission."}').reason
    assert smn.judge(429, {}, b"{}").retry_after == 60


class Cloud(World):
    """The simulated cloud, and a web in which SMN answers as it does."""

    def _answer(self, request):
        return self.answer


def sinks_of(world, **settings):
    wiring = Wiring(world.context(**settings))
    problems = []
    return wiring.sinks(problems, with_state=True), problems


def test_requests_are_signed_with_the_functions_agency(tmp_path):
    (tmp_path / "sinks.yaml").write_text(FILE)
    world = Cloud(root=tmp_path, answer=STORED)
    settings = {"NOTIFY_CONFIG": "sinks.yaml", "HSS_AUTH_TOKEN": None}
    (sink,), problems = sinks_of(world, agency=("AKAKAKAKAK", "SKSKSKSKSK", "STSTSTSTST"), **settings)
    assert problems == []
    context = DeliveryContext(world.web, Deadline.after(60, world.clock), random.Random(1))
    sent = send(notices.notice(), sink, context)
    assert sent.status == "accepted"
    (request,) = world.web.requests
    assert (request.method, request.url) == ("POST", ADDRESS)
    assert request.headers["X-Project-Id"] == PROJECT
    assert request.headers["X-Security-Token"] == "STSTSTSTST"
    assert is_signed_with(request, "SKSKSKSKSK", world.clock.now())
    assert not is_signed_with(request._replace(body=b"{}"), "SKSKSKSKSK", world.clock.now())
    assert "SKSKSKSKSK" not in repr(sink)


def test_a_token_of_the_settings_goes_before_the_agency(tmp_path):
    (tmp_path / "sinks.yaml").write_text(FILE)
    world = Cloud(root=tmp_path, answer=STORED)
    (sink,), _ = sinks_of(world, agency=("A" * 10, "S" * 10, "T" * 10), NOTIFY_CONFIG="sinks.yaml")
    send(notices.notice(), sink, DeliveryContext(world.web, Deadline.after(60, world.clock), random.Random(1)))
    assert world.web.requests[0].headers["X-Auth-Token"] == world.simulator.options.tokens[0]


def test_without_credentials_it_is_a_problem_of_the_settings_and_names_the_sink(tmp_path):
    (tmp_path / "sinks.yaml").write_text(FILE)
    sinks, problems = sinks_of(Cloud(root=tmp_path), in_function=False, NOTIFY_CONFIG="sinks.yaml", HSS_AUTH_TOKEN=None)
    assert sinks == ()
    assert problems == ["sink people: there are no credentials"]


def test_an_agency_without_keys_leaves_the_message_owed_and_raises_nothing(tmp_path):
    (tmp_path / "sinks.yaml").write_text(FILE)
    world = Cloud(root=tmp_path)
    (sink,), _ = sinks_of(world, agency=("", "", ""), NOTIFY_CONFIG="sinks.yaml", HSS_AUTH_TOKEN=None)
    sent = send(notices.notice(), sink, DeliveryContext(world.web, Deadline.after(60, world.clock), random.Random(1)))
    assert sent.status == "owed"
    assert "no agency" in sent.reason
    assert world.web.requests == []


class Renewing:
    """Credentials that are renewed once, after a refusal."""

    def __init__(self):
        self.number, self.refusals = 1, 0

    def headers(self, request):
        return {"X-Auth-Token": f"token-{self.number}"}

    def refused(self):
        self.refusals += 1
        self.number += 1
        return self.refusals == 1


@pytest.mark.parametrize(("answers", "status"), [([401, 200], "accepted"), ([401] * 9, "failed")])
def test_a_refused_login_is_renewed_once(answers, status):
    web = FakeTransport([STORED if one == 200 else Response(one, {}, b"{}") for one in answers])
    sink = notices.sink("smn")._replace(url=Secret("https://smn.example"), signer=Renewing())
    sent = send(notices.notice(), sink, DeliveryContext(web, Deadline.after(60, FakeClock()), random.Random(1)))
    assert sent.status == status
    assert [one.headers["X-Auth-Token"] for one in web.requests][:2] == ["token-1", "token-2"]


def test_a_run_of_the_function_publishes_what_it_found_once(tmp_path):
    (tmp_path / "sinks.yaml").write_text(FILE)
    (tmp_path / "p.yaml").write_text("version: 1\ndisallowed_ports: [23]\n")
    world = Cloud(root=tmp_path, answer=STORED)
    settings = {
        "NOTIFY_CONFIG": "sinks.yaml",
        "POLICY_PATH": "p.yaml",
        "STATE_URL": f"file://{tmp_path}/state.json",
    }
    for _ in range(2):
        document = index.invoke(TIMER, world.context(in_function=False, **settings), 600, 600)
    (request,) = world.web.requests
    assert "23/tcp" in json.loads(request.body)["message"]
    assert document["deliveries"] == [{"sink": "people", "kind": "smn", "status": "quiet", "reason": ""}]
