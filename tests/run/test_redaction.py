"""What was sent as a credential does not come back out, in whatever spelling, and honest text stays as it is."""

import base64
import json
from random import Random
from time import process_time
from urllib.parse import quote

import pytest

from handler.errors import ApiError, PolicyError
from handler.function.failure import tell_failure
from handler.models import Problem, Row
from handler.models.delivery import Delivery
from handler.models.listeners import Listener, PortListeners
from handler.notify.dispatch import Dispatched
from handler.policy.load import load_texts
from handler.run.redaction import PIECE, Redactor
from handler.run.sink_test import check_sinks
from handler.run.targets import RunRequest, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from handler.state.memory import LastRun
from handler.transport.request import Response
from tests.fakes import FakeTransport, category, finding, report, snapshot
from tests.world import World

TOKEN = "MIIQ/w+Zt7=Kb/0aQ_x9-Yc.2pV+s/Lm"
SPELLINGS = {
    "plain": TOKEN,
    "cut at the end": TOKEN[:-2],
    "cut at both ends": TOKEN[5 : 5 + PIECE],
    "slashes escaped": TOKEN.replace("/", "\\/"),
    "JSON escapes": "".join(f"\\u{ord(char):04x}" for char in TOKEN),
    "escaped twice": json.dumps(json.dumps("".join(f"\\u{ord(char):04x}" for char in TOKEN))),
    "URL": quote(TOKEN, safe=""),
    "URL, every character": "".join(f"%{ord(char):02x}" for char in TOKEN),
    "URL twice": quote(quote(TOKEN, safe=""), safe=""),
    "HTML": "".join(f"&#{ord(char)};" for char in TOKEN),
    "HTML, hexadecimal": "".join(f"&#x{ord(char):x};" for char in TOKEN),
    "small letters": TOKEN.lower(),
    "base64 of a pair": base64.b64encode(f"user:{TOKEN}".encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(f"me:{TOKEN}".encode()).decode(),
}


def pieces_left(text):
    return [TOKEN[at : at + 12] for at in range(len(TOKEN) - 12) if TOKEN[at : at + 12].lower() in text.lower()]


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("around", ["{}", "the token {} is bad", '{{"x":"{}"}}'])
def test_a_secret_is_taken_out_in_every_spelling(spelling, around):
    hidden = Redactor([TOKEN]).text(around.format(spelling))
    assert "***" in hidden
    assert pieces_left(hidden) == []
    assert len(hidden) < len(around.format(spelling))
    assert hidden.startswith(around.partition("{}")[0].replace("{{", "{"))


def test_a_secret_is_taken_out_wherever_it_is_cut():
    known = Redactor([TOKEN])
    for first in range(len(TOKEN) - PIECE + 1):
        for last in range(first + PIECE, len(TOKEN) + 1):
            for before in ("", "x", "xxxxx", "xxxxxxxx"):
                assert known.text(f"{before}{TOKEN[first:last]}!") in (f"{before}***!", f"{before[:-1]}***!")


@pytest.mark.parametrize("secret", ["a", "tcp", "danger", "", "       a"])
def test_what_is_too_short_to_be_a_secret_changes_no_honest_text(secret):
    said = "tcp a danger 23/tcp is open"
    assert Redactor([secret]).text(said) == said


@pytest.mark.parametrize("said", [TOKEN[: PIECE - 1], "port 23 is open", "50% of \\n \\u00 &unknown; %zz", "ẞİ" * 9])
def test_other_text_stays_as_it_is(said):
    assert Redactor([TOKEN]).text(said) == said


def test_a_short_password_is_taken_out_whole():
    assert Redactor(["p4ssw0rd!"]).text('{"password":"p4ssw0rd!"} p4ssw0rd') == '{"password":"***"} p4ssw0rd'


def test_values_and_keys_of_any_depth_are_searched():
    given = {"a": [({TOKEN: Problem(f"bad {TOKEN}", f"$.{TOKEN}")}, 7, None)]}
    assert Redactor([TOKEN]).value(given) == {"a": [({"***": Problem("bad ***", "$.***")}, 7, None)]}


def test_a_snapshot_and_what_joins_the_report_leave_without_it():
    known = Redactor([TOKEN])
    seen = snapshot(category([Row(23, TOKEN.lower(), 1, TOKEN.lower())], warnings=(TOKEN,), raw_rows=({TOKEN: TOKEN},)))
    said = report(finding(hosts=({"host_name": TOKEN},)), problems=(Problem(TOKEN),))
    told = Dispatched((Delivery("s", "x", "y", TOKEN),), LastRun(""), (Problem(TOKEN),), (TOKEN,))
    assert pieces_left(str(known.snapshot(seen))) == []
    assert pieces_left(str(known.report(said))) == []
    assert pieces_left(str(known.told(told))) == []
    assert known.snapshot(seen).categories[0].rows == (Row(23, "***", 1, "***"),)


def test_an_error_leaves_without_it():
    with pytest.raises(ApiError, match=r"^bad \*\*\*$") as caught, Redactor([TOKEN]).errors():
        raise ApiError(f"bad {TOKEN}", status=401, hint=TOKEN)
    assert pieces_left(caught.value.hint) == []


def test_only_the_credentials_of_a_signature_are_taken_out():
    known = Redactor()
    signed = "SDK-HMAC-SHA256 Access=ABCDEFGHIJKLMNOPQRST, SignedHeaders=host;x-sdk-date, Signature=" + "0a1b" * 16
    known.learn_headers({"Authorization": signed, "X-Security-Token": TOKEN, "X-Project-Id": "p" * 32})
    hidden = "SDK-HMAC-SHA256 Access=***, SignedHeaders=host;x-sdk-date, Signature=***"
    assert known.text(f"{signed} {TOKEN} {'p' * 32}") == f"{hidden} *** {'p' * 32}"


def test_megabytes_that_repeat_a_long_token_take_no_time():
    token = "".join(Random(1).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/", k=8000))
    known = Redactor([token])
    began = process_time()
    assert known.text(token * 250) == "***" * 250
    known.text("x" * 2_000_000)
    known.text("\\u0041" * 300_000)
    assert process_time() - began < 30


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_run_reports_no_token_that_an_answer_repeats(spelling, status):
    world = World()
    rows = [{"port": 23, "type": spelling, "num": 1, "status": spelling, spelling: spelling}]
    body = {"total_num": 1, "port_num": 1, "data_list": rows, "error_msg": f"bad {spelling}", spelling: 1}
    world.warm.api = FakeTransport(lambda _: Response(status, {"x-request-id": spelling}, json.dumps(body).encode()))
    wiring = Wiring(world.context(HSS_AUTH_TOKEN=TOKEN))
    found = check_targets(prepare(wiring, RunRequest()), wiring, 60).reports
    assert found[0].findings or found[0].problems
    assert pieces_left(str(found)) == []
    assert spelling not in str(found)


def test_servers_in_a_snapshot_leave_without_it():
    known, behind = Redactor([TOKEN]), PortListeners(23, (Listener(TOKEN, "web-1", path=f"/x/{TOKEN}"),), f"no {TOKEN}")
    (hidden,) = known.snapshot(snapshot(category(listeners=(behind,)))).categories[0].listeners
    assert hidden == PortListeners(23, (Listener("***", "web-1", path="/x/***"),), "no ***")


BY_SERVER = b"""\
version: 1
rules:
  - {id: telnet, ports: [23], listening: beyond-loopback}
  - {id: soon, ports: [23], listening: beyond-loopback, effective_from: 2099-01-01}
exemptions:
  - {id: known, rules: [telnet], hosts: [id-1], reason: r, owner: o, expires: 2026-11-30}
"""


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_run_reports_no_token_that_a_server_repeats(spelling):
    world = World(cloud="huaweicloud")
    echoed = dict.fromkeys(("host_name", "container_name", "laddr", "path"), spelling)
    servers = [{"host_id": host, "type": "TCP", **echoed} for host in ("id-1", f"id-{spelling}")]
    listed = [{"port": 23, "type": "TCP", "num": 2, "status": "danger"}]

    def answer(request):
        rows = servers if "ports/detail" in request.url else listed
        body = {"total_num": len(rows), "data_list": rows}
        return Response(200, {}, json.dumps(body).encode())

    world.warm.api = FakeTransport(answer)
    wiring = Wiring(world.context(HSS_AUTH_TOKEN=TOKEN, HSS_ENDPOINT="https://hss.cn-north-4.myhuaweicloud.com"))
    request = RunRequest(policy=load_texts([("p.yaml", BY_SERVER)]))
    (found,) = check_targets(prepare(wiring, request), wiring, 60).reports
    told = (*found.findings, found.exempted[0].finding, found.announced[0].finding)
    assert [(len(one.hosts), one.num) for one in told] == [(1, 1), (1, 1), (2, 2)]
    assert pieces_left(str(found)) == []
    assert spelling not in str(found)


TARGETS = "targets:\n" + "".join(
    f"  - {{name: t{n}, region: eu-de, project_id: '0123456789abcdef0123456789abcde{n}', credentials: ''}}\n"
    for n in (1, 2)
)


# one is cut by the sink's own limit to fewer than sixteen characters of the secret
IN_A_REASON = {name: spelling for name, spelling in SPELLINGS.items() if name != "escaped twice"}


def told_to(world, **settings):
    """What a run says of sinks that answer in a bad way: its deliveries, and all of its reports as text."""
    wiring = Wiring(world.context(WEBHOOK_URL="https://hooks.example.org/x", WEBHOOK_SECRET=TOKEN, **settings))
    reports = check_targets(prepare(wiring, RunRequest()), wiring, 60).reports
    return [one for report in reports for one in report.deliveries], str(reports)


@pytest.mark.parametrize("spelling", IN_A_REASON.values(), ids=IN_A_REASON)
def test_what_a_sink_answers_is_said_without_it(spelling):
    deliveries, said = told_to(World(answer=Response(400, {}, f"no {spelling}".encode())), WEBHOOK_KIND="slack")
    assert [one.status for one in deliveries] == ["failed"]
    assert "***" in deliveries[0].reason
    assert pieces_left(said) == []


@pytest.mark.parametrize("spelling", IN_A_REASON.values(), ids=IN_A_REASON)
def test_what_a_sink_answers_at_the_end_of_a_run_over_several_targets_is_said_without_it(spelling, tmp_path):
    (tmp_path / "targets.yaml").write_text(TARGETS)
    world = World(root=tmp_path, answer=Response(400, {}, f"no {spelling}".encode()))
    deliveries, said = told_to(world, WEBHOOK_KIND="slack", TARGETS_CONFIG="targets.yaml", HSS_ENDPOINT=None)
    assert [one.status for one in deliveries] == ["failed"] * 2
    assert all("***" in one.reason for one in deliveries)
    assert pieces_left(said) == []


@pytest.mark.parametrize("spelling", IN_A_REASON.values(), ids=IN_A_REASON)
def test_what_a_sink_answers_to_a_run_that_could_not_begin_or_to_a_test_is_said_without_it(spelling):
    world = World(answer=Response(400, {}, f"no {spelling}".encode()))
    known = {"WEBHOOK_URL": "https://hooks.example.org/x", "WEBHOOK_SECRET": TOKEN, "WEBHOOK_KIND": "slack"}
    wiring = Wiring(world.context(**known))
    (failed,) = tell_failure(PolicyError(["no policy"]), wiring, 30)
    for deliveries in (failed.deliveries, check_sinks(wiring, 30)):
        assert [one.status for one in deliveries] == ["failed"]
        assert "***" in deliveries[0].reason
        assert pieces_left(str(deliveries)) == []


class Noting(Redactor):
    """One that notes which texts it is given."""

    def __init__(self):
        super().__init__()
        self.given = []

    def text(self, text):
        self.given.append(text)
        return super().text(text)


def test_each_text_of_a_report_is_searched_once():
    world = World(answer=Response(400, {}, b"the sink's own words"), throttle=0)
    wiring = Wiring(world.context(WEBHOOK_URL="https://hooks.example.org/x", WEBHOOK_KIND="slack", VALIDATION="warn"))
    wiring.redactor = Noting()
    policy = load_texts([("p.yaml", b"version: 1\nexpect_rows: {host: 100}\ndisallowed_ports: [23]\n")])
    (found,) = check_targets(prepare(wiring, RunRequest(policy=policy)), wiring, 60).reports
    (problem,), (delivery,) = found.coverage[0].problems, found.deliveries
    assert wiring.redactor.given.count(delivery.reason) == 1
    assert wiring.redactor.given.count(problem.message) == 2  # of its category, and of the report
