"""The generic webhook: the report cut to what is owed, signed so that others' libraries accept it."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from handler.models import Secret
from handler.sinks import generic
from handler.sinks.answers import DeliveryOutcome
from tests import notices
from tests.fakes import NOON, finding


def render(notice, now=NOON, shrink=0, **options):
    (message,) = generic.render(notice, notices.sink("generic", **options), now, shrink)
    return message


def body(notice, **options):
    return json.loads(render(notice, **options).body)


def test_the_reference_vector_of_standard_webhooks_is_reproduced():
    headers = generic.webhook_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, tz=timezone.utc),
        b'{"test": 2432232314}',
        generic.signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_reference_library_verifies_our_signature_and_not_a_changed_body():
    message = render(notices.notice(), now=datetime.now(timezone.utc))
    hook = Webhook(notices.KEY)
    assert hook.verify(message.body, dict(message.headers))["run_id"] == "run-1"
    with pytest.raises(WebhookVerificationError):
        hook.verify(message.body.replace(b"run-1", b"run-2"), dict(message.headers))


def test_id_and_time_are_sent_without_a_secret_and_the_signature_is_not():
    headers = render(notices.notice(), secret=None).headers
    assert headers["webhook-id"] == "msg_2c1d7a90b4"
    assert headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert "webhook-signature" not in headers


def test_a_secret_that_is_not_base64_is_used_as_it_is():
    assert generic.signing_key("not base64!") == b"not base64!"


def test_only_what_is_owed_is_listed_and_the_rest_counted():
    told = body(notices.notice())
    assert [f["rule_id"] for f in told["findings"]] == ["telnet"] * 2 + ["netbios"] * 5
    assert told["omitted"] == 1
    assert told["counts"] == {"critical": 2, "high": 5, "medium": 1, "low": 0, "info": 0}


def test_always_lists_everything_that_is_open_what_is_due_first():
    told = body(notices.notice(), send="always")["findings"]
    assert [one["rule_id"] for one in told] == ["telnet"] * 2 + ["netbios"] * 5 + ["rdp"]


def test_a_run_without_a_memory_lists_what_its_message_is_about_for_there_everything_is_new():
    notice = notices.notice()
    without = notice._replace(
        report=notice.report._replace(changes=None), new=(*notice.new, *notice.ongoing), ongoing=()
    )
    assert len(body(without)["findings"]) == 8


def test_a_change_of_an_earlier_run_that_is_still_owed_is_told():
    late = (finding("smb", 445),)
    told = body(notices.empty()._replace(new=late, resolved=(finding("ftp", 21),)))
    assert [f["rule_id"] for f in told["findings"]] == ["smb"]
    assert [(f["rule_id"], f["because"]) for f in told["changes"]["resolved"]] == [("ftp", "closed")]


def test_max_findings_bounds_the_list_and_omitted_counts_the_rest():
    told = body(notices.huge(300), max_findings=7)
    assert (len(told["findings"]), told["omitted"]) == (7, 293)


def test_servers_are_named_only_where_the_sink_may_know_them():
    assert b"web-1" in render(notices.notice()).body
    assert b"web-1" not in render(notices.notice(), hosts=False).body


def test_secrets_do_not_show():
    secret = Secret("whsec_" + notices.TOKEN)
    message = render(notices.notice(), secret=secret)
    assert notices.TOKEN not in repr(message) + message.body.decode()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, DeliveryOutcome.DELIVERED),
        (204, DeliveryOutcome.DELIVERED),
        (301, DeliveryOutcome.PERMANENT),
        (410, DeliveryOutcome.PERMANENT),
        (413, DeliveryOutcome.TOO_LARGE),
        (429, DeliveryOutcome.RETRY_NOW),
        (502, DeliveryOutcome.RETRY_NOW),
        (501, DeliveryOutcome.PERMANENT),
    ],
)
def test_a_status_means_what_standard_webhooks_says(status, outcome):
    assert generic.judge(status, {}, b"anything").outcome is outcome
