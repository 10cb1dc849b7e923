"""What every kind must do, whatever its target: limits, inert text, no secret, no surprise."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from itertools import chain, pairwise

import pytest

from handler.sinks.answers import DeliveryOutcome
from handler.sinks.kinds import SINK_KINDS, guess_kind
from handler.sinks.message import PLAIN, SinkMessage
from tests import notices
from tests.fakes import NOON

CASES = {
    "ordinary": notices.notice(),
    "empty": notices.empty(),
    "inconclusive": notices.inconclusive(),
    "resolved": notices.resolved_only(),
    "huge": notices.huge(1000),
    **{f"hostile{number}": notices.hostile(text) for number, text in enumerate(notices.HOSTILE)},
}
NOTICES = {**CASES, "thousands": notices.huge(2000)}
HOSTILE = [case for case in CASES if case.startswith("hostile")]
SHRINKS = (0, 1, 3, 7, PLAIN)  # the steps of the sender
CHAT = sorted(kind for kind in SINK_KINDS if SINK_KINDS[kind].chat)
UNCUT = {"alertmanager", "pagerduty"}  # an alert that is not sent would look resolved, or be marked as told
WORDS_ALONE = {"ping"}  # no JSON
SMALL = 3000  # bytes that every target takes
BYTES = {
    "teams": 20_000, "googlechat": 32_000, "feishu": 20_000, "dingtalk": 20_000, "cloudevents": 65_536,
    "pagerduty": 512_000, "slack": 80_000,
}  # of a whole body  # fmt: skip


def render(kind, case, shrink=0, **options):
    return rendered(kind, case, shrink, **options)


@cache
def rendered(kind, case, shrink, **options):
    return SINK_KINDS[kind].module.render(NOTICES[case], notices.sink(kind, **options), NOON, shrink)


def strings(value):
    """Every text in a JSON value, keys aside."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []


def bodies(kind, case, shrink=0, **options):
    """What is read in each body; kept for chats only, because a machine's bodies are large and rarely read again."""
    reading = read_bodies if kind in CHAT else read_bodies.__wrapped__
    return reading(kind, case, shrink, **options)


@cache
def read_bodies(kind, case, shrink, **options):
    read = bytes.decode if kind in WORDS_ALONE else parsed
    return [read(message.body) for message in render(kind, case, shrink, **options)]


def parsed(body):
    """The JSON of a body; of several objects one after another, all of them."""
    values = [json.loads(line) for line in body.split(b"\n")]
    return values[0] if len(values) == 1 else values


def size(messages):
    return sum(len(message.body) for message in messages)


def text_limits(kind, body):
    """Each text of a body with its target's own limit, as the target counts."""
    wecom = {"text": 2048, "markdown_v2": 4096}
    return {
        "wecom": lambda: [(len(body[body["msgtype"]]["content"].encode()), wecom[body["msgtype"]])],
        "webex": lambda: [(len(text.encode()), 7439) for text in strings(body)],
        "telegram": lambda: [(len(body["text"]), 4096)],
        "mattermost": lambda: [(sum(map(len, strings(body))), 16_383)],
        "rocketchat": lambda: [(sum(map(len, strings(body))), 5000)],
        "discord": lambda: _discord_limits(body),
        "smn": lambda: [(len(body["subject"].encode()), 512), (len(body["message"].encode()), 262_144)],
        "slack": lambda: [(sum(map(len, strings(body.get("blocks", [])))), 13_000), (len(body["text"]), 4000)],
        "pagerduty": lambda: [(len(body["dedup_key"]), 255), (len(body.get("payload", {}).get("summary", "")), 1024)],
    }.get(kind, list)()


def _discord_limits(body):
    embeds = body.get("embeds", [])
    texts = [
        (embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", ""))
        for embed in embeds
    ]
    single = [(len(text), limit) for parts in texts for text, limit in zip(parts, (256, 4096, 2048), strict=True)]
    return [
        (len(body.get("content", "")), 2000),
        (len(embeds), 10),
        (sum(len(t) for p in texts for t in p), 6000),
        *single,
    ]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", SINK_KINDS)
def test_every_message_is_json_within_the_targets_limits(kind, case):
    for shrink in SHRINKS:
        for message, body in zip(render(kind, case, shrink), bodies(kind, case, shrink), strict=True):
            assert isinstance(message, SinkMessage)
            assert len(message.body) <= BYTES.get(kind, 50_000_000)
            assert all(used <= limit for used, limit in text_limits(kind, body))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", SINK_KINDS)
def test_each_step_of_shrinking_is_smaller_until_little_is_left(kind, case):
    sizes = [size(render(kind, case, shrink)) for shrink in SHRINKS]
    assert all(after <= max(before, SMALL) for before, after in pairwise(sizes))


@pytest.mark.parametrize("kind", sorted(set(SINK_KINDS) - UNCUT))
def test_the_minimal_message_of_a_large_report_is_small(kind):
    assert size(render(kind, "huge", PLAIN)) < 10_000


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", SINK_KINDS)
def test_the_same_notice_gives_the_same_bytes(kind, case):
    assert render(kind, case) == rendered.__wrapped__(kind, case, 0)


@pytest.mark.parametrize("shrink", SHRINKS)
@pytest.mark.parametrize("kind", SINK_KINDS)
def test_the_sinks_address_and_secret_are_never_sent_nor_shown(kind, shrink):
    for message in render(kind, "ordinary", shrink):
        shown = f"{message!r}{message.body.decode()}"
        assert notices.TOKEN not in shown
        assert notices.KEY not in shown


@pytest.mark.parametrize("kind", CHAT)
@pytest.mark.parametrize("case", ["ordinary", "inconclusive", "resolved", "empty", "huge"])
@pytest.mark.parametrize("shrink", [0, 3, PLAIN])
def test_people_read_target_verdict_policy_time_and_message_id(kind, case, shrink):
    text, notice = _plain(kind, case, shrink), CASES[case]
    for part in (f"prod: {notice.report.verdict}", "sha256:abab", "2026-11-22 12:00 UTC", notice.delivery_id):
        assert part in text


def _plain(kind, case, shrink=0):
    """All texts without backslashes, as a reader sees them."""
    return "\n".join(text for body in bodies(kind, case, shrink) for text in strings(body)).replace("\\", "")


@pytest.mark.parametrize("kind", CHAT)
def test_people_read_port_number_of_servers_reason_and_remedy(kind):
    text = _plain(kind, "ordinary")
    for part in (
        "23/tcp+tcp6",
        "135-139/tcp",
        "1-3 servers",
        "Passwords in clear text",
        "Disable telnetd",
        "2026-11-20 08:07",
    ):
        assert part in text
    assert text.index("Changed (8)") < text.index("21/tcp") < text.index("Exemptions")
    assert "Still open (1)" not in text


@pytest.mark.parametrize("shrink", SHRINKS)
@pytest.mark.parametrize("kind", CHAT)
def test_what_could_not_be_seen_and_notes_survive_every_cut(kind, shrink):
    assert "400 of 1300" in _plain(kind, "inconclusive", shrink)
    assert "No run for 31 h" in _plain(kind, "huge", shrink)


@pytest.mark.parametrize("kind", CHAT)
def test_what_is_cut_is_counted_by_whole_findings(kind):
    text = _plain(kind, "huge")
    section = text[text.index("Changed (1100)") :]
    listed = len(re.findall(r"\d+/tcp", section))
    assert listed + int(re.search(r"and (\d+) more", section)[1]) == 1100


@pytest.mark.parametrize("kind", CHAT)
def test_servers_are_named_only_where_the_sink_may_know_them(kind):
    assert "web-5 (192.0.2.5) and 2 more" in _plain(kind, "ordinary")
    assert "web-1" not in "".join(map(str, bodies(kind, "ordinary", hosts=False)))


@pytest.mark.parametrize("kind", sorted(set(SINK_KINDS) - set(CHAT)))
def test_machines_get_servers_only_where_the_sink_may_know_them(kind):
    assert "web-1" not in str(bodies(kind, "ordinary", hosts=False))


LIVE = re.compile(
    r"<!(channel|here|everyone)|(?<!\\)<(@|at[ >]|users/|#C1|script|https://evil)"
    r"|@(channel|here|all\b|everyone)|(?<!\\)\]\(https?://evil|href=.https?://evil|javascript:",
    re.IGNORECASE,
)
INERT_BY_ELEMENT = {"feishu", "teams"}  # plain_text, TextRun: nothing in them is read as markup


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("kind", [kind for kind in CHAT if kind not in INERT_BY_ELEMENT])
def test_no_mention_link_or_tag_of_others_is_live(kind, text):
    for said in chain.from_iterable(strings(bodies(kind, text, shrink)) for shrink in SHRINKS):
        assert not LIVE.search(said), LIVE.search(said)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("kind", CHAT)
def test_no_control_or_direction_character_gets_through(kind, text):
    for said in chain.from_iterable(strings(bodies(kind, text, shrink)) for shrink in SHRINKS):
        odd = {char for char in set(said) if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")}
        assert odd <= {"\n", "\u200b"}, odd


@pytest.mark.parametrize("kind", SINK_KINDS)
def test_texts_of_others_cannot_change_the_shape_of_a_body(kind):
    def keys(value):
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    assert all(not {"injected"} & keys(bodies(kind, case)) for case in HOSTILE)


ANSWERS = [
    b"",
    b"ok",
    b"{}",
    b"[]",
    b"null",
    b'"x"',
    b"\xff\xfe",
    b"<html>",
    b'{"errcode":true,"ok":1}',
    b"[" * 100_000,
]
SECRET_ANSWER = json.dumps(
    {
        "code": 19021, "errcode": 310000, "msg": f"bad https://x.example/?key={notices.TOKEN} {notices.TOKEN} " + "y" * 5000,
        "errmsg": f"bad {notices.TOKEN} " + "y" * 5000, "ok": False, "description": f"bad /bot{notices.TOKEN}/x", "success": False,
        "error": f"bad {notices.TOKEN}", "message": f"bad {notices.TOKEN}",
    }
).encode()  # fmt: skip


@pytest.mark.parametrize("status", [200, 202, 302, 400, 404, 413, 429, 500])
@pytest.mark.parametrize("kind", SINK_KINDS)
def test_reasons_are_short_and_hold_no_secret(kind, status):
    for body in (SECRET_ANSWER, notices.TOKEN.encode(), *ANSWERS):
        judgement = SINK_KINDS[kind].module.judge(status, {}, body)
        assert notices.TOKEN not in repr(judgement)
        assert len(judgement.reason) <= 180


@pytest.mark.parametrize("kind", SINK_KINDS)
def test_statuses_that_mean_the_same_everywhere(kind):
    judge = SINK_KINDS[kind].module.judge
    for status in (301, 302, 307, 308, 401, 403, 404, 410):
        assert judge(status, {"location": "https://evil.example"}, b"").outcome is DeliveryOutcome.PERMANENT
    for status in (408, 429, 500, 502, 503, 504):
        assert judge(status, {}, b"").outcome is DeliveryOutcome.RETRY_NOW
    assert judge(413, {}, b"").outcome is DeliveryOutcome.TOO_LARGE
    assert judge(429, {"Retry-After": "17"}, b"").retry_after == 17


@pytest.mark.parametrize(
    "kind",
    ["slack", "mattermost", "rocketchat", "discord", "googlechat", "feishu", "dingtalk", "wecom", "telegram", "smn"],
)
def test_an_unknown_body_on_200_is_no_success(kind):
    for body in ANSWERS:
        if body == b"ok" and kind in ("slack", "mattermost"):
            continue
        assert SINK_KINDS[kind].module.judge(200, {}, body).outcome not in (
            DeliveryOutcome.DELIVERED,
            DeliveryOutcome.ACCEPTED,
        )


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://hooks.slack.com/services/a/b/c", "slack"),
        ("https://default1.4a.environment.api.powerplatform.com:443/powerautomate/x?sig=1", "teams"),
        ("https://prod-01.westeurope.logic.azure.com:443/workflows/x", "teams"),
        ("https://open.larksuite.com/open-apis/bot/v2/hook/x", "feishu"),
        ("https://api.telegram.org/bot1:x/sendMessage", "telegram"),
        ("https://hooks.slack.com.evil.example/x", "generic"),
        ("https://evilhooks.slack.com/x", "generic"),
        ("https://chat.example/hooks/x", "generic"),
        ("http://[broken", "generic"),
    ],
)
def test_a_kind_is_guessed_by_host_name_alone(url, kind):
    assert guess_kind(url) == kind


def test_a_kind_that_does_not_exist_is_a_key_error():
    with pytest.raises(KeyError):
        SINK_KINDS["carrier-pigeon"]


def test_an_intervalless_sink_of_one_finding_still_says_how_many_there_are():
    text = "".join(strings(bodies("slack", "thousands", max_findings=1)))
    assert "1/tcp" in text
    assert "and 2099 more" in text


@pytest.mark.parametrize("kind", sorted(set(SINK_KINDS) - UNCUT - {"generic", "ocsf", "splunk"}))
def test_a_sink_that_asks_for_ten_thousand_lines_gets_what_fits(kind):
    for message, body in zip(
        render(kind, "thousands", max_findings=10_000),
        bodies(kind, "thousands", max_findings=10_000),
        strict=True,
    ):
        assert len(message.body) <= BYTES.get(kind, 50_000)
        assert all(used <= limit for used, limit in text_limits(kind, body))
