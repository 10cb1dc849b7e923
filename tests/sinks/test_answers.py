"""What an answer means: each target's own words for yes, later, never and too long."""

from __future__ import annotations

import json

import pytest

from handler.sinks import answers
from handler.sinks.answers import DeliveryOutcome
from handler.sinks.kinds import SINK_KINDS

YES, OK, NOW, LATER, NEVER, LONG = (
    DeliveryOutcome.DELIVERED,
    DeliveryOutcome.ACCEPTED,
    DeliveryOutcome.RETRY_NOW,
    DeliveryOutcome.RETRY_NEXT_RUN,
    DeliveryOutcome.PERMANENT,
    DeliveryOutcome.TOO_LARGE,
)
SAID = [
    ("teams", 202, "", OK),
    ("teams", 200, "1", OK),
    ("teams", 400, {"error": {"code": "TriggerInputSchemaMismatch"}}, NEVER),
    ("mattermost", 200, "ok", YES),
    ("mattermost", 400, {"message": "Unable to post: message too long"}, LONG),
    ("rocketchat", 200, {"success": True}, YES),
    ("rocketchat", 200, {"success": False, "error": "error-not-allowed"}, NEVER),
    ("rocketchat", 400, {"success": False, "error": "error-message-size-exceeded: too large"}, LONG),
    ("discord", 204, "", YES),
    ("discord", 200, {"id": "1"}, YES),
    ("discord", 404, {"code": 10015, "message": "Unknown Webhook"}, NEVER),
    ("discord", 400, {"code": 50035, "errors": {"embeds": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH"}]}}}, LONG),
    ("googlechat", 200, {"name": "spaces/A/messages/B"}, YES),
    ("googlechat", 400, {"error": {"code": 400, "message": "Message is too long."}}, LONG),
    ("feishu", 200, {"code": 0, "msg": "success", "data": {}}, YES),
    ("feishu", 200, {"StatusCode": 0, "StatusMessage": "success"}, YES),
    ("feishu", 200, {"code": 19021, "msg": "sign match fail"}, NEVER),
    ("feishu", 200, {"code": 11232, "msg": "frequency limited"}, NOW),
    ("feishu", 400, {"code": 9499, "msg": "Bad Request"}, NEVER),
    ("feishu", 500, {"code": 0}, NOW),
    ("dingtalk", 200, {"errcode": 0, "errmsg": "ok"}, YES),
    ("dingtalk", 200, {"errcode": 310000, "errmsg": "sign not match"}, NEVER),
    ("dingtalk", 200, {"errcode": 130101, "errmsg": "send too fast"}, LATER),
    ("dingtalk", 200, {"errcode": 300005, "errmsg": "token is not exist"}, NEVER),
    ("dingtalk", 200, {"errcode": 460101, "errmsg": "message too long"}, LONG),
    ("wecom", 200, {"errcode": 0, "errmsg": "ok"}, YES),
    ("wecom", 200, {"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"}, LONG),
    ("wecom", 200, {"errcode": 45009, "errmsg": "api freq out of limit"}, NOW),
    ("wecom", 200, {"errcode": 93000, "errmsg": "invalid webhook url"}, NEVER),
    ("wecom", 200, {"errcode": "0"}, LATER),
    ("webex", 204, "", YES),
    ("webex", 404, {"message": "The requested resource could not be found."}, NEVER),
    ("webex", 400, {"message": "Message length limited to 7439 bytes, too long"}, LONG),
    ("telegram", 200, {"ok": True, "result": {}}, YES),
    ("telegram", 200, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}, NEVER),
    ("telegram", 400, {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"}, LONG),
    ("telegram", 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}, NEVER),
    ("pagerduty", 202, {"status": "success", "message": "Event processed", "dedup_key": "x"}, YES),
    ("pagerduty", 202, {"status": "invalid event"}, LATER),
    ("pagerduty", 200, "", LATER),
    ("pagerduty", 400, {"status": "invalid event", "message": "Event object is invalid"}, NEVER),
    ("alertmanager", 200, "", YES),
    ("alertmanager", 400, "bad label", NEVER),
    ("cloudevents", 204, "", YES),
    ("cloudevents", 415, "", NEVER),
    ("ocsf", 201, "", YES),
    ("splunk", 200, {"text": "Success", "code": 0}, YES),
    ("splunk", 503, {"text": "Server is busy", "code": 9}, NOW),
    ("splunk", 403, {"text": "Invalid token", "code": 4}, NEVER),
    ("splunk", 200, {"text": "Incorrect index", "code": 7}, NEVER),
    ("splunk", 200, "<html>", LATER),
]


@pytest.mark.parametrize(("kind", "status", "said", "outcome"), SAID)
def test_success_is_what_the_target_says(kind, status, said, outcome):
    body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
    assert SINK_KINDS[kind].module.judge(status, {}, body).outcome is outcome


def test_the_targets_own_code_and_words_are_the_reason():
    judgement = SINK_KINDS["dingtalk"].module.judge(200, {}, b'{"errcode":310000,"errmsg":"keywords not in content"}')
    assert judgement.reason == "code 310000: keywords not in content"


@pytest.mark.parametrize(
    ("kind", "body", "wait"),
    [
        ("discord", {"message": "You are being rate limited.", "retry_after": 0.65}, 0.65),
        ("telegram", {"ok": False, "error_code": 429, "parameters": {"retry_after": 31}}, 31),
        ("pagerduty", {}, 60),
        ("slack", {}, None),
    ],
)
def test_a_wait_in_the_body_counts(kind, body, wait):
    judgement = SINK_KINDS[kind].module.judge(429, {}, json.dumps(body).encode())
    assert (judgement.outcome, judgement.retry_after) == (NOW, wait)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("invalid_payload", "invalid_payload"),
        ("see https://x.example/a?token=1 now", "see *** now"),
        ("key AbCdEf0123456789AbCdEf0123456789 is bad", "key *** is bad"),
        ("messages_tab_disabled_for_this_workspace", "messages_tab_disabled_for_this_workspace"),
        ("a\u202eb\nc", "ab c"),
        ({"not": "text"}, ""),
        (310000, "310000"),
    ],
)
def test_a_targets_words_are_shown_without_addresses_and_tokens(said, shown):
    assert answers.safe_words(said) == shown


def test_a_targets_words_are_cut():
    assert len(answers.safe_words("no " * 500)) <= 120
