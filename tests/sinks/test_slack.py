"""Slack: what a message looks like, and which answers count."""

from __future__ import annotations

import json

import pytest
from slack_sdk.models.blocks import Block

from handler.sinks import slack
from handler.sinks.answers import DeliveryOutcome
from handler.sinks.message import PLAIN
from tests import notices
from tests.fakes import NOON

ALL = [notices.notice(), notices.empty(), notices.inconclusive(), notices.resolved_only(), notices.huge(300)]


def body(notice, shrink=0, **options):
    (message,) = slack.render(notice, notices.sink(**options), NOON, shrink)
    return json.loads(message.body)


def texts(payload):
    return "\n".join(block["text"]["text"] for block in payload["blocks"] if "text" in block)


@pytest.mark.parametrize("notice", [*ALL, *map(notices.hostile, notices.HOSTILE)])
@pytest.mark.parametrize("shrink", [0, 1, 4])
def test_slacks_own_models_accept_every_block(notice, shrink):
    for block in body(notice, shrink)["blocks"]:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()


@pytest.mark.parametrize("notice", [*ALL, *map(notices.hostile, notices.HOSTILE)])
def test_blocks_stay_within_slacks_counts_and_the_undocumented_total(notice):
    blocks = body(notice)["blocks"]
    assert len(blocks) <= 50
    sections = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    small = [element["text"] for block in blocks for element in block.get("elements", ())]
    assert all(0 < len(text) <= 3000 for text in sections)
    assert sum(map(len, (*sections, *small, blocks[0]["text"]["text"]))) <= 13_000


def test_a_message_names_target_verdict_numbers_and_what_to_do():
    text = texts(body(notices.notice()))
    for part in (
        "prod: violations",
        "7 new",
        "*23/tcp+tcp6* new, critical, 1-3 servers",
        "*135-139/tcp* new, high",
        "Why:",
        "Do:",
    ):
        assert part in text


def test_what_changed_comes_before_what_did_not_and_the_ended_ones_are_changes():
    text = texts(body(notices.notice(), still_open="list"))
    order = ["Changed (8)", "*23/tcp+tcp6* new", "*21/tcp* closed", "Exemptions", "Still open (1)", "*3389/tcp* medium"]
    assert sorted(order, key=text.index) == order


def test_what_could_not_be_seen_comes_first():
    text = texts(body(notices.inconclusive()))
    assert text.index("prod: inconclusive") < text.index("Could not be seen") < text.index("400 of 1300 rows")


def test_the_push_preview_is_escaped_too():
    assert "<" not in body(notices.hostile("<!channel>"))["text"]


def test_plain_is_text_alone():
    assert set(body(notices.notice(), PLAIN)) == {"text", "mrkdwn"}


@pytest.mark.parametrize(
    ("status", "said", "outcome"),
    [
        (200, b"ok", DeliveryOutcome.DELIVERED),
        (200, b"", DeliveryOutcome.RETRY_NEXT_RUN),
        (200, b"<html>proxy login</html>", DeliveryOutcome.RETRY_NEXT_RUN),
        (302, b"", DeliveryOutcome.PERMANENT),
        (400, b"invalid_blocks", DeliveryOutcome.PERMANENT),
        (400, b"msg_blocks_too_long", DeliveryOutcome.TOO_LARGE),
        (404, b"no_service", DeliveryOutcome.PERMANENT),
        (410, b"channel_is_archived", DeliveryOutcome.PERMANENT),
        (413, b"", DeliveryOutcome.TOO_LARGE),
        (429, b"", DeliveryOutcome.RETRY_NOW),
        (500, b"rollup_error", DeliveryOutcome.RETRY_NOW),
    ],
)
def test_success_is_the_word_ok_and_every_refusal_has_its_kind(status, said, outcome):
    judgement = slack.judge(status, {"retry-after": "30"}, said)
    assert judgement.outcome is outcome
    assert judgement.retry_after == (30 if outcome is DeliveryOutcome.RETRY_NOW else None)
