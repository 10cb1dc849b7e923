"""Calls through API Gateway: always answered, never without the token."""

import base64
import json
from typing import NamedTuple

import pytest

from handler import index
from handler.errors import StoreError, UnknownError, UsageError
from handler.formats import registry
from handler.function.gateway import answer_call
from handler.models import Secret
from handler.simulator.fleet import Fleet, Line
from tests.fakes import log_records
from tests.world import CLEAN, OPEN, World

CALL = {
    "body": "",
    "httpMethod": "GET",
    "headers": {"authorization": "Bearer t0ken"},
    "path": "/check",
    "requestContext": {},
}


def call(world, event=None, **settings):
    event = event or CALL
    return index.invoke(event, world.context(**({"APIG_TOKEN": "t0ken"} | settings)), 60, 60)


@pytest.mark.parametrize(("fleet", "status"), [(CLEAN, 200), (OPEN, 207)])
def test_the_status_says_the_verdict(fleet, status):
    response = call(World(fleet=fleet))
    assert response["statusCode"] == status
    assert json.loads(response["body"])["version"] == "1"
    assert response["headers"]["Content-Type"] == "application/json"
    assert response["isBase64Encoded"] is False


def test_an_inconclusive_run_is_503():
    assert call(World(), HSS_AUTH_TOKEN="x" * 40)["statusCode"] == 503


@pytest.mark.parametrize(
    ("token", "header", "status"),
    [
        ("t0ken", "Bearer t0ken", 207),
        ("t0ken", "bearer t0ken", 401),
        ("t0ken", "Bearer wrong", 401),
        ("t0ken", "t0ken", 401),
        ("t0ken", "", 401),
        ("t0ken", "Bearer t\u00f6ken", 401),
        ("t0ken", "Bearer \ud800", 401),
        (None, "Bearer t0ken", 401),
        (None, "Bearer ", 401),
        ("gateway", "", 207),
    ],
)
def test_who_may_call(token, header, status):
    world = World()
    assert call(world, {**CALL, "headers": {"Authorization": header}}, APIG_TOKEN=token)["statusCode"] == status
    assert bool(world.simulator.calls) is (status != 401)


def test_an_unreadable_call_is_400():
    assert call(World(), {**CALL, "httpMethod": "POST", "body": "%%"})["statusCode"] == 400


def test_the_body_of_a_stranger_is_not_read():
    assert call(World(), {**CALL, "headers": {}, "httpMethod": "POST", "body": "%%"})["statusCode"] == 401


def test_a_body_chooses_nothing():
    body = base64.b64encode(b'{"policy": "/etc/passwd"}').decode()
    event = {**CALL, "httpMethod": "POST", "body": body, "isBase64Encoded": True}
    assert json.loads(call(World(), event)["body"])["policy"]["name"] == "baseline"


def test_markdown_on_request():
    event = {**CALL, "headers": {**CALL["headers"], "Accept": "text/markdown"}}
    response = call(World(), event)
    assert response["headers"]["Content-Type"].startswith("text/markdown")
    assert "23/tcp" in response["body"]


def test_a_broken_setting_is_an_answer_not_an_exception():
    response = call(World(), HSS_CATEGORIES="vm")
    assert response["statusCode"] == 503
    assert "HSS_CATEGORIES" in response["body"]


def test_a_fault_of_our_own_is_an_answer_that_names_only_its_type():
    class Broken:
        def __call__(self, request, timeout):
            raise RuntimeError("canary")

    world = World(fleet=Fleet())
    world.warm.api = Broken()
    response = call(world)
    assert response["statusCode"] == 503
    assert "canary" not in response["body"]


def refused(run=None, **changes):
    """The answer to a call that gets no report, decoded, and what was logged."""
    with log_records("ERROR") as records:
        response = answer_call({**CALL, **changes}, Secret("t0ken"), run)
    assert response["headers"] == {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return response["statusCode"], json.loads(response["body"]), [record.getMessage() for record in records]


def test_a_call_without_the_token_is_told_what_is_missing():
    told = {"error": "the Authorization header does not hold the bearer token of APIG_TOKEN"}
    assert refused(headers={}) == (401, told, [])


def test_a_call_that_cannot_be_read_is_told_what_can_be():
    status, told, logged = refused(httpMethod="DELETE")
    assert (status, told["error"], logged) == (400, "the call is not a GET or POST with headers", [])
    assert "Send GET" in told["hint"]


@pytest.mark.parametrize(
    ("error", "told", "logged"),
    [
        (UnknownError("nothing % came"), {"error": "nothing % came", "hint": UnknownError.hint}, "nothing % came"),
        (
            ZeroDivisionError("canary"),
            {"error": "internal error ZeroDivisionError"},
            "internal error ZeroDivisionError",
        ),
    ],
)
def test_what_ended_a_run_is_answered_with_503_and_logged(error, told, logged):
    def run(trigger):
        raise error

    assert refused(run) == (503, told, [logged])


@pytest.mark.parametrize("accept", ["application/json", "text/markdown"])
def test_an_answer_is_kept_in_no_cache(accept):
    assert call(World(), {**CALL, "headers": {**CALL["headers"], "accept": accept}})["headers"]["Cache-Control"] == (
        "no-store"
    )


def test_markdown_is_a_known_format():
    assert "markdown" in registry.FORMATS


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("gateway", 207)])
def test_a_call_without_headers_is_a_call(token, status):
    without = {key: value for key, value in CALL.items() if key != "headers"}
    assert call(World(), without, APIG_TOKEN=token)["statusCode"] == status


@pytest.mark.parametrize("error", [UnknownError("nothing came"), StoreError("no state"), UsageError("not so")])
def test_an_error_of_the_run_is_answered_with_503_and_its_hint(error):
    def run(trigger):
        raise error

    response = answer_call(CALL, Secret("t0ken"), run)
    assert response["statusCode"] == 503
    assert json.loads(response["body"]) == {"error": error.message, "hint": error.hint}


def test_a_token_of_blanks_lets_nobody_in():
    header = {"headers": {"Authorization": "Bearer  "}}
    assert call(World(), {**CALL, **header}, APIG_TOKEN=" ")["statusCode"] == 401


@pytest.mark.parametrize("accept", ["application/json", "text/markdown"])
def test_an_answer_stays_below_the_limit_as_text_within_json_too(accept, tmp_path):
    world = World(Fleet.of(*(Line(port, "TCP", 1) for port in range(1, 4001))), root=tmp_path, throttle=0)
    headers = {**CALL["headers"], "accept": accept}
    rule = "version: 1\nrules: [{id: all, title: 'a \"quoted\" title', ports: [1-65535]}]\n"
    (tmp_path / "all.yaml").write_text(rule)
    response = call(world, {**CALL, "headers": headers}, POLICY_PATH="all.yaml", HSS_CALLS_PER_MINUTE="0")
    assert response["statusCode"] == 207
    assert 50_000 < len(json.dumps(response).encode()) < 200_000
    if accept == "application/json":
        said = json.loads(response["body"])
        assert said["omitted"] + len(said["findings"]) == 4000


class Sized(NamedTuple):
    """A run's result whose answers have these sizes, one after the other; the limits it was asked to keep to."""

    sizes: list[int]
    limits: list[int]
    verdict: str = "violations"

    def document(self, limit):
        self.limits.append(limit)
        empty = len(json.dumps(_answered("")))
        return "x" * (self.sizes[len(self.limits) - 1] - empty)

    def fitted(self, limit):
        self.limits.append(limit)
        return ()


def _answered(body):
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return {"statusCode": 207, "headers": headers, "body": json.dumps(body), "isBase64Encoded": False}


@pytest.mark.parametrize(
    ("sizes", "limits"),
    [
        ([199_999], [200_000]),
        ([200_000, 150_000], [200_000, 180_000]),
        ([210_000, 150_000], [200_000, 180_000]),  # at least a tenth less
        ([400_000, 150_000], [200_000, 100_000]),  # twice too large
        ([300_000, 250_000, 150_000], [200_000, 133_333, 106_666]),
        ([4_000_000, 2_000_000, 400_000], [200_000, 10_000, 1000, 500]),  # no smaller, below a thousand
        ([4_000_000, 2_000_000, 150_000], [200_000, 10_000, 1000]),
    ],
)
def test_a_report_is_asked_to_be_smaller_until_its_answer_is_below_the_limit(sizes, limits):
    outcome = Sized([*sizes, sizes[-1]], [])
    response = answer_call(CALL, Secret("t0ken"), lambda trigger: outcome)
    assert outcome.limits == limits
    assert len(json.dumps(response)) == [*sizes, sizes[-1]][len(limits) - 1]


def test_a_report_as_text_is_first_asked_for_at_eight_times_the_limit():
    outcome = Sized([], [])
    event = {**CALL, "headers": {**CALL["headers"], "accept": "text/markdown"}}
    assert answer_call(event, Secret("t0ken"), lambda trigger: outcome)["body"] == ""
    assert outcome.limits == [1_600_000]


def test_the_reports_of_two_targets_stand_one_below_the_other(tmp_path):
    entries = (f"  - {{name: {name}, cloud: otc, region: eu-de, project_id: p1}}\n" for name in "ab")
    (tmp_path / "targets.yaml").write_text("targets:\n" + "".join(entries))
    event = {**CALL, "headers": {**CALL["headers"], "accept": "text/markdown"}}
    text = call(World(root=tmp_path), event, TARGETS_CONFIG="targets.yaml")["body"]
    headings = [part.partition("\n")[0] for part in ("\n\n" + text).split("\n\n## ")]
    assert headings == ["", "⚠️ Inconclusive: a (otc, eu-de)", "⚠️ Inconclusive: b (otc, eu-de)"]
