"""The zips inside the open engine of FunctionGraph, openYuanrong: its executor, its events, its context."""

import json
import subprocess
from pathlib import Path

import pytest

from handler.simulator.inbox import Inbox
from handler.simulator.options import ACCESS_KEY, PROJECT, SECRET_KEY, TOKEN, Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from tests.deploy.built import PYTHONS, needed_python, unpacked_zip
from tests.environments import python_of
from tests.function.test_events import EVENTGRID, OBS, SMN
from tests.world import OPEN, TIMER

DRIVER = Path(__file__).with_name("yuanrong.py")
DRY = {**TIMER, "user_event": json.dumps({"dry_run": True})}
CALL = {"httpMethod": "GET", "headers": {"authorization": "Bearer t0ken"}, "isBase64Encoded": True, "body": ""}
STRANGER = {**CALL, "headers": {}}
pytestmark = [pytest.mark.real, pytest.mark.parametrize("version", PYTHONS, scope="module")]


@pytest.fixture(scope="module")
def code(version, tmp_path_factory):
    return unpacked_zip(version, tmp_path_factory)


@pytest.fixture(scope="module")
def engine(version, code):
    """The driver, to which each job is a line."""
    command = [python_of("openyuanrong", needed_python(version), version), "-I", DRIVER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=code.parent, text=True, **pipes) as driver:
        yield driver  # it ends with its input


def run(engine, code, events, *, header=None, timeout=60, **settings):
    """What the engine answers to each event; how it began; the messages that arrived."""
    with SimulatorServer(Simulator(OPEN, Options(cloud="otc", throttle=0))) as cloud, Inbox() as inbox:
        environment = {"HSS_ENDPOINT": cloud.url, "HSS_CLOUD": "otc", "HSS_CALLS_PER_MINUTE": "0"}
        secrets = {"WEBHOOK_URL": f"{inbox.url}/hook", "WEBHOOK_ALLOW_HTTP": "true", "APIG_TOKEN": "t0ken"}
        job = {
            "code": str(code), "environment": environment, "secrets": secrets | settings, "project": PROJECT,
            "timeout": timeout, "header": {"X-Request-Id": "request-7"} | (header or {}), "events": events,
        }  # fmt: skip
        engine.stdin.write(json.dumps(job) + "\n")
        engine.stdin.flush()
        ended, out, log = json.loads(engine.stdout.readline())
    assert ended == 0, log
    return json.loads(out.splitlines()[-1]), [json.loads(each.body) for each in inbox.messages], log


def test_every_kind_of_event_is_answered(engine, code):
    events = [TIMER, DRY, SMN, {"cts": {"time": 1}}, EVENTGRID, CALL, STRANGER, OBS, {}]
    began, messages, log = run(engine, code, events, HSS_AUTH_TOKEN=TOKEN)
    assert (began["loaded"], began["initialized"]) == ("", [[{"message": "success", "errorCode": "0"}], ""])
    assert [error for _, error in began["answers"]] == [""] * len(events)
    answers = [answer for (answer,), _ in began["answers"]]
    assert [answer["innerCode"] for answer in answers] == ["0"] * len(events)
    reports = [answers[place]["body"] for place in (0, 1, 2, 3, 4, 8)]
    assert [[finding["port"] for finding in report["findings"]] for report in reports] == [[23]] * 6
    assert [report["deliveries"][0]["status"] for report in reports] == ["delivered", "dry_run", *["delivered"] * 4]
    told = [report["run_id"] for report in (reports[0], *reports[2:])]
    assert [message["run_id"] for message in messages if message["run_id"] in told] == told
    assert [answers[place]["body"]["statusCode"] for place in (5, 6)] == [207, 401]
    assert json.loads(answers[5]["body"]["body"])["verdict"] == "violations"
    assert "findings" not in answers[7]["body"]  # another bucket's event: nothing was asked
    assert '"request_id": "request-7"' in log
    assert TOKEN not in json.dumps(began) + log


def test_it_is_the_zip_s_code_that_runs_not_the_engine_s(engine, code):
    began, _, _ = run(engine, code, [TIMER], HSS_AUTH_TOKEN=TOKEN)
    assert began["before"] == []  # the engine has imported none of them
    assert began["files"].keys() >= {"certifi", "handler.index", "requests", "urllib3"}
    assert [name for name, file in began["files"].items() if not Path(file).is_relative_to(code)] == []


def test_the_agency_s_keys_of_each_call_sign_it(engine, code):
    keys = {"X-Security-Access-Key": ACCESS_KEY, "X-Security-Secret-Key": SECRET_KEY, "X-Security-Token": "temporary"}
    began, _, log = run(engine, code, [TIMER], header=keys)
    ((answer,), _) = began["answers"][0]
    assert (answer["innerCode"], answer["body"]["verdict"]) == ("0", "violations")
    assert SECRET_KEY not in json.dumps(began) + log


def test_a_run_that_can_tell_nobody_is_a_failed_invocation(engine, code):
    began, _, log = run(engine, code, [TIMER], HSS_AUTH_TOKEN="x" * 40, WEBHOOK_URL="http://127.0.0.1:1/hook")
    ((answer,), _) = began["answers"][0]
    assert answer["innerCode"] != "0"
    assert "inconclusive" in str(answer["body"])
    assert "x" * 40 not in json.dumps(began) + log


def test_a_remaining_time_in_seconds_that_the_engine_gives_as_milliseconds_ends_no_run(engine, code):
    """Its context adds a timeout in seconds to a start in milliseconds: 30 s are given as 30 ms, soon as less than none."""
    began, messages, _ = run(engine, code, [TIMER], timeout=30, HSS_AUTH_TOKEN=TOKEN)
    ((answer,), _) = began["answers"][0]
    assert (answer["body"]["verdict"], len(messages)) == ("violations", 1)
