"""A test message: every kind gets a harmless one that says what it is, and what came of it is told as in a run."""

from __future__ import annotations

import json
import random

import pytest

from handler.clock import Deadline
from handler.notify.send import DeliveryContext
from handler.notify.trial import SAID, try_sinks
from handler.sinks.kinds import SINK_KINDS
from handler.transport.request import Response
from tests import notices
from tests.fakes import FakeClock, FakeTransport

TAKEN = {
    "feishu": b'{"code": 0}', "dingtalk": b'{"errcode": 0}', "wecom": b'{"errcode": 0}', "telegram": b'{"ok": true}',
    "slack": b"ok", "mattermost": b"ok", "rocketchat": b'{"success": true}',
    "splunk": b'{"text": "Success", "code": 0}',
    "smn": b'{"message_id": "bf94", "request_id": "9974"}',
    "googlechat": b'{"name": "spaces/A/messages/B"}',
}  # fmt: skip  # what these say where they take it; the others say it by their status
STATUS = {"pagerduty": 202, "teams": 202, "discord": 204, "webex": 204}


def tried(kind, answers):
    web = FakeTransport(answers)
    context = DeliveryContext(web, Deadline.after(60, FakeClock()), random.Random(1))
    return try_sinks((notices.sink(kind),), context, "test-1"), web


def taken(kind):
    return Response(STATUS.get(kind, 200), {}, TAKEN.get(kind, b"{}"))


@pytest.mark.parametrize("kind", SINK_KINDS)
def test_every_kind_takes_one_message_that_is_marked_as_a_test(kind):
    (told,), web = tried(kind, lambda _: taken(kind))
    assert (told.sink, told.kind) == ("soc", kind)
    assert told.status == ("accepted" if kind in ("teams", "smn") else "delivered"), told.reason
    (request,) = web.requests
    assert "test" in request.body.decode().lower()


@pytest.mark.parametrize(
    "kind", [kind for kind, row in SINK_KINDS.items() if row.chat or kind in ("generic", "cloudevents", "ocsf")]
)
def test_a_reader_is_told_that_nothing_was_checked_and_never_that_all_is_well(kind):
    _, web = tried(kind, lambda _: taken(kind))
    body = json.dumps(json.loads(web.requests[0].body), ensure_ascii=False)
    assert "nothing was checked" in body
    assert "ompliant" not in body.replace("port-compliance", "")


def test_an_incident_is_not_opened_only_one_that_never_was_is_closed():
    _, web = tried("pagerduty", lambda _: taken("pagerduty"))
    (event,) = [json.loads(request.body) for request in web.requests]
    assert event["event_action"] == "resolve"


def test_an_alert_is_over_when_it_comes():
    _, web = tried("alertmanager", lambda _: taken("alertmanager"))
    alerts = json.loads(web.requests[0].body)
    assert [alert["endsAt"] for alert in alerts if alert["labels"].get("rule") == "test"] == ["2026-11-22T12:00:00Z"]
    assert SAID[:30] in json.dumps(alerts)


def test_a_sink_that_does_not_take_it_is_told_with_its_reason_and_the_next_is_tried():
    web = FakeTransport(
        lambda request: Response(404, {}, b"gone") if "bad" in request.url else Response(200, {}, b"ok")
    )
    context = DeliveryContext(web, Deadline.after(60, FakeClock()), random.Random(1))
    bad = notices.sink("slack")._replace(name="bad", url=type(notices.sink().url)("https://bad.example/x"))
    told = try_sinks((bad, notices.sink("slack")), context, "test-1")
    assert [(one.sink, one.status) for one in told] == [("bad", "failed"), ("soc", "delivered")]
    assert "404" in told[0].reason
