"""The switches that keep a target from pinging anybody, and the one that makes it tell the truth."""

from __future__ import annotations

import json

import pytest

from handler.sinks import dingtalk, discord, slack, telegram, wecom
from handler.sinks.message import PLAIN
from tests import notices
from tests.fakes import NOON

STEPS = pytest.mark.parametrize("shrink", [0, 1, PLAIN])


def only(module, shrink, notice=None):
    name = module.__name__.rpartition(".")[2]
    (message,) = module.render(notice or notices.notice(), notices.sink(name), NOON, shrink)
    return message, json.loads(message.body)


@STEPS
def test_discord_mentions_nobody_and_waits_for_the_saved_message(shrink):
    message, body = only(discord, shrink)
    assert body["allowed_mentions"] == {"parse": []}
    assert message.query == {"wait": "true"}


@STEPS
def test_dingtalk_mentions_nobody(shrink):
    assert only(dingtalk, shrink)[1]["at"] == {"isAtAll": False}


@STEPS
def test_slack_parses_no_bare_names_or_addresses(shrink):
    blocks = only(slack, shrink)[1].get("blocks", [])
    texts = [block["text"] for block in blocks if block["type"] == "section"]
    assert all(text["verbatim"] is True for text in texts)


def test_wecom_uses_the_dialect_that_knows_no_mentions():
    assert only(wecom, 0)[1]["msgtype"] == "markdown_v2"
    assert "<@" not in only(wecom, PLAIN, notices.hostile("<@all>"))[1]["text"]["content"]


@STEPS
def test_telegram_shows_no_preview_of_links(shrink):
    body = only(telegram, shrink)[1]
    assert body["disable_web_page_preview"] is True
    assert body["parse_mode"] == "HTML"
