"""NOTIFY_CONFIG and WEBHOOK_URL: sinks, or every problem with its line and without a secret."""

from datetime import timedelta

import pytest

from handler.errors import SettingsError
from handler.models import Secret, Severity
from handler.settings.webhook import webhook_sink
from tests.settings.sinks_read import read_sinks
from tests.world import CANARY

URLS = {"URL": "https://hooks.slack.com/services/T/B/X", "TEAM": "soc", "SECRET": "whsec_" + "QQ" * 20}


def read(text, *, with_state=True, **settings):
    return read_sinks("sinks.yaml", text.encode(), (URLS | settings).get, with_state=with_state)


def problems(text, **other):
    with pytest.raises(SettingsError) as caught:
        read(text, **other)
    return "\n".join(caught.value.problems)


def test_everything_a_sink_can_say():
    (sink,) = read(
        "sinks:\n"
        "  - name: soc\n    kind: generic\n    url: ${URL}\n    min_severity: high\n    send: always\n"
        "    send_resolved: false\n    remind_after: 7d\n    heartbeat: 2w\n    max_findings: 9\n"
        "    match: {tags: [a], categories: [host], targets: [prod]}\n"
        "    headers: {X-Team: 'team ${TEAM}'}\n    secret: ${SECRET}\n    hosts: true\n"
    )
    assert (sink.name, sink.kind.name, sink.min_severity, sink.send) == ("soc", "generic", Severity.HIGH, "always")
    assert (sink.remind_after, sink.heartbeat) == (timedelta(days=7), timedelta(weeks=2))
    assert (sink.match.targets, sink.max_findings, sink.hosts, sink.send_resolved) == (("prod",), 9, True, False)
    assert sink.headers["X-Team"].reveal() == "team soc"
    assert sink.secret == Secret(URLS["SECRET"])


def test_the_kind_is_guessed_from_a_well_known_host():
    assert read("sinks: [{name: s, url: '${URL}'}]\n")[0].kind.name == "slack"
    assert webhook_sink(Secret("https://example.org/x"), "", None, allow_http=False).kind.name == "generic"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("sinks: [{name: s, url: '${NOPE}'}]", "sink s: url: the setting NOPE is missing"),
        ("sinks: [{name: s, kind: slak, url: '${URL}'}]", "must be one of generic"),
        ("sinks: [{name: s, ulr: x}]", "unknown key 'ulr'; did you mean url?"),
        ("sinks: [{name: s, url: 'http://example.org/x'}]", "sink s: "),
        ("sinks: [{name: s, url: 'https://169.254.169.254/latest'}]", "sink s: "),
        ("sinks: [{name: s, url: '${URL}'}, {name: s, url: '${URL}'}]", "the name is used twice"),
        ("sinks: [{name: s, kind: telegram, url: '${URL}'}]", "telegram needs chat_id"),
        ("sinks: [{name: s, kind: pagerduty, url: '${URL}'}]", "pagerduty needs routing_key"),
        ("sinks: [{name: s, url: '${URL}', remind_after: soon}]", "remind_after"),
        ("sinks: [{name: s, url: '${URL}', hosts: 'yes'}]", "hosts"),
        ("sinks: [{name: s, url: '${URL}', headers: {'X\\nY': z}}]", "is not allowed"),
        ("sinks: [{name: s, url: '${URL}', headers: {Host: z}}]", "'Host' is not allowed"),
        ("sinks: [{name: s, url: '${URL}', headers: {X: \"a\\r\\nB: c\"}}]", "characters that a header cannot hold"),
        ("sinks: []", "sinks"),
    ],
)
def test_a_bad_sink_is_refused(text, part):
    assert part in problems(text + "\n")


@pytest.mark.parametrize("key", ["send: changes", "heartbeat: 7d", "remind_after: 7d"])
def test_what_needs_a_state_is_refused_without_one(key):
    text = f"sinks:\n  - name: s\n    url: ${{URL}}\n    {key}\n"
    assert "needs STATE_URL" in problems(text, with_state=False)
    assert read(text, with_state=True)


def test_no_secret_is_in_any_problem():
    text = "sinks: [{name: s, url: '${URL}', headers: {'bad header': '${URL}'}}]\n"
    for url in (f"http://x.example/{CANARY}", f"https://u:{CANARY}@x.example/", f"https://169.254.169.254/{CANARY}"):
        assert CANARY not in problems(text, URL=url)


@pytest.mark.parametrize(
    ("url", "kind"),
    [("ftp://x", ""), ("https://x.example", "nope"), ("http://x.example", ""), ("https://x", "telegram")],
)
def test_a_bad_webhook_setting_is_refused(url, kind):
    with pytest.raises(SettingsError, match="WEBHOOK_"):
        webhook_sink(Secret(url), kind, None, allow_http=False)


def test_all_that_is_wrong_with_the_webhook_settings_is_said_at_once_by_the_names_of_the_settings():
    with pytest.raises(SettingsError) as caught:
        webhook_sink(Secret("http://x.example"), "irc", Secret("whsec_a_b"), allow_http=False)
    kind, url, secret = caught.value.problems
    assert kind.startswith("WEBHOOK_KIND: must be one of")
    assert url == "WEBHOOK_URL: is plain http, which needs WEBHOOK_ALLOW_HTTP=true"
    assert secret.startswith("WEBHOOK_SECRET: after whsec_")


def test_plain_http_is_allowed_on_request():
    assert webhook_sink(Secret("http://127.0.0.1:1/x"), "", None, allow_http=True).kind.name == "generic"


@pytest.mark.parametrize(
    ("url", "kind", "needed"),
    [
        ("https://api.telegram.org/bot1:x/sendMessage", "", "telegram needs chat_id"),
        ("https://example.org/x", "telegram", "telegram needs chat_id"),
        ("https://events.pagerduty.com/v2/enqueue", "", "pagerduty needs routing_key"),
    ],
)
def test_what_a_kind_needs_beyond_the_webhook_settings_is_said_with_where_it_goes(url, kind, needed):
    with pytest.raises(SettingsError) as caught:
        webhook_sink(Secret(url), kind, None, allow_http=False)
    assert caught.value.problems == (f"WEBHOOK_KIND: {needed}, which no setting holds",)
    assert "NOTIFY_CONFIG" in caught.value.hint
    assert needed.split()[-1] + ': "..."' in caught.value.hint


def test_a_webhook_secret_that_no_library_reads_is_refused_by_its_setting():
    with pytest.raises(SettingsError, match="WEBHOOK_SECRET: after whsec_ it must be standard base64"):
        webhook_sink(Secret("https://example.org/x"), "", Secret("whsec_a_b"), allow_http=False)


PING = "sinks: [{name: s, kind: ping, url: '${URL}', %s}]\n"


def test_a_check_in_has_its_own_keys_and_no_others():
    (sink,) = read(PING % "style: cronitor, fail_url: '${FAIL}', headers: {X: y}", FAIL="https://fail.example/x")
    assert (sink.style, sink.fail_url) == ("cronitor", Secret("https://fail.example/x"))
    refused = {
        "chat_id": "x", "digest": "false", "heartbeat": "7d", "hosts": "false", "match": "{tags: [a]}", "max_findings": "9",
        "min_severity": "high", "new_servers": "tell", "remind_after": "7d", "routing_key": "'${URL}'", "secret": "'${URL}'",
        "send": "changes", "send_resolved": "true", "still_open": "none",
    }  # fmt: skip
    said = problems(PING % ", ".join(f"{key}: {value}" for key, value in refused.items()))
    assert said.endswith(f"sink s: ping has no use for {', '.join(refused)}")


@pytest.mark.parametrize("key", ["style: plain", "fail_url: '${URL}'"])
def test_the_keys_of_a_check_in_are_refused_elsewhere(key):
    assert f"slack has no use for {key.partition(':')[0]}" in problems(
        f"sinks: [{{name: s, url: '${{URL}}', {key}}}]\n"
    )


def test_the_address_for_failures_is_judged_like_the_other_and_not_shown():
    said = problems(PING % "fail_url: '${FAIL}'", FAIL=f"http://169.254.169.254/{CANARY}")
    assert "fail_url must not be a link-local" in said
    assert CANARY not in said
    assert "FAIL is missing" in problems(PING % "fail_url: '${FAIL}'")
    assert "style" in problems(PING % "style: nagios")


def test_a_sink_hides_no_problem_of_another():
    text = """sinks:
  - {name: a, kind: slack, url: "${NOPE}"}
  - {name: b, kind: slack, url: "https://hooks.example.org/x", min_severity: huge}
  - {name: c, kind: slack, url: }
  - {name: d, kind: slack, url: "http://hooks.example.org/x"}
  - five
"""
    with pytest.raises(SettingsError) as raised:
        read_sinks("sinks.yaml", text.encode(), {}.get, with_state=False)
    message = str(raised.value)
    for line, part in (
        (2, "NOPE is missing"),
        (3, "min_severity"),
        (4, "nothing is written"),
        (5, "plain http"),
        (6, "map"),
    ):
        assert any(said.startswith(f"sinks.yaml:{line}:") and part in said for said in message.splitlines()), message
    assert "SinkEntry" not in message
