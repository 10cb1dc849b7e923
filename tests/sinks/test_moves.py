"""How findings moved, as every kind says it: only what is closed is called closed, and what did not move comes last."""

from __future__ import annotations

import json
import re

import pytest

from handler.models import BECAUSE, Changes, Severity
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Before, Notification
from handler.sinks.text.layout import plain_text
from handler.sinks.text.moves import ENDED, ended_words, rule_blocks
from handler.sinks.text.wording import content_of
from handler.state.memory import place_of
from tests.fakes import NOON, finding, report
from tests.notices import sink

CHATS = sorted(name for name, kind in SINK_KINDS.items() if kind.chat)
TELNET = finding()


def said(kind: str, notification: Notification, **other) -> str:
    """All that the sink receives, as it can be read: escapes and broken marks taken out."""
    messages = SINK_KINDS[kind].module.render(notification, sink(kind, **other), NOON, 0)
    text = " ".join(json.dumps(json.loads(one.body), ensure_ascii=False) for one in messages)
    return text.replace("\\", "").replace("\u200b", "")


def ended(because: str) -> Notification:
    before = {TELNET.fingerprint: Before(Severity.CRITICAL, 3, "2026-11-22T12:00:00Z", because)}
    return Notification("id", report(changes=Changes()), resolved=(TELNET,), before=before)


def moved(what: str, now=TELNET, **before) -> Notification:
    return Notification(
        "id", report(now, changes=Changes()), **{what: (now,)}, before={now.fingerprint: Before(**before)}
    )


def test_every_reason_has_words():
    assert set(ENDED) == set(BECAUSE)
    assert ended_words("a word of a later version") == "no longer found"


@pytest.mark.parametrize("kind", [*CHATS, "pagerduty", "alertmanager", "ocsf"])
@pytest.mark.parametrize("because", BECAUSE)
def test_every_kind_says_why_a_finding_ended_and_calls_only_what_closed_closed(kind, because):
    text = said(kind, ended(because))
    assert ended_words(because) in text
    assert ("closed" in text.lower()) is (because == "closed")
    assert kind == "ocsf" or "resolved" not in text.lower()  # a word of its schema, for whatever is not open


@pytest.mark.parametrize("kind", ["generic", "cloudevents"])
def test_machines_that_get_the_report_read_the_reason_in_its_own_word(kind):
    assert '"because": "tolerated"' in said(kind, ended("tolerated"))


@pytest.mark.parametrize(
    ("notification", "words"),
    [
        (moved("raised", severity=Severity.MEDIUM), "raised from medium, critical"),
        (moved("lowered", severity=Severity.CRITICAL), "lowered from critical"),
        (moved("grown", num=1), "grown from 1, critical, 3 servers"),
        (moved("newly_forbidden"), "newly forbidden, critical"),
        (
            moved("reopened", ended_at="2026-11-03T10:07:00Z", because="closed"),
            "open again, had closed 2026-11-03 10:07 UTC",
        ),
        (
            moved("newly_forbidden", ended_at="2026-11-03T10:07:00Z", because="exempted"),
            "counts again, had been exempted since 2026-11-03 10:07 UTC",
        ),
    ],
)
@pytest.mark.parametrize("kind", CHATS)
def test_chats_say_how_a_finding_moved(kind, notification, words):
    assert words in said(kind, notification)


@pytest.mark.parametrize("because", BECAUSE)
def test_what_counts_again_had_been_something_else_and_is_not_that_now(because):
    notification = moved("newly_forbidden", ended_at="2026-11-03T10:07:00Z", because=because)
    text = plain_text(notification, sink(), 10_000)
    assert re.search(r"counts again, had been [a-zA-Z ]+ since 2026-11-03 10:07 UTC", text)
    assert "no finding" not in text
    assert ended_words(because) not in text.replace("had been closed", "")


@pytest.mark.parametrize(
    ("because", "number"),
    [
        ("closed", ""),
        *((because, ", 3 servers before") for because in ("policy", "exempted", "status", "tolerated", "unchecked")),
        ("lowered", ", 3 servers"),
    ],
)
def test_how_many_servers_an_ended_finding_had_is_not_said_as_what_is_now(because, number):
    lines = plain_text(ended(because), sink(), 10_000).splitlines()
    assert f"23/tcp {ended_words(because)}, critical{number}: Telnet is open (telnet)" in "\n".join(lines)


def test_of_a_rule_that_got_another_id_nothing_is_said_that_its_new_finding_contradicts():
    renamed = finding("telnet-again")
    before = {TELNET.fingerprint: Before(because="policy"), renamed.fingerprint: Before()}
    report_now = report(renamed, changes=Changes())
    notification = Notification("id", report_now, newly_forbidden=(renamed,), resolved=(TELNET,), before=before)
    text = plain_text(notification, sink(), 10_000)
    assert "open, but no longer forbidden by this rule" in text
    assert "no rule" not in text


def test_the_worst_change_comes_first_and_at_the_same_severity_what_is_open_before_what_ended():
    low, high = finding("low", 80, severity=Severity.LOW), finding("high", 81, severity=Severity.HIGH)
    shut = finding("shut", 82, severity=Severity.HIGH)
    notification = Notification("id", report(low, high), new=(low, high), resolved=(shut,))
    assert [block.rule_id for block in rule_blocks(notification)] == ["high", "shut", "low"]


def test_the_texts_of_a_rule_stand_once_before_its_ports():
    many = tuple(finding("netbios", port, title="NetBIOS is open") for port in range(135, 170, 2))
    text = plain_text(Notification("id", report(*many), new=many), sink(), 10_000)
    assert text.count("NetBIOS is open") == 1
    full = content_of(Notification("id", report(*many), new=many), sink())
    details = [detail for line in full.sections[0].items for detail in line.details]
    assert sum(detail.startswith("Why: ") for detail in details) == 1
    assert sum(line.stands_for for line in full.sections[0].items) == len(many)


def test_sixty_open_ports_do_not_hide_the_one_that_closed():
    ongoing = tuple(finding(f"rule-{port}", port) for port in range(1, 121, 2))
    shut = finding("ftp", 21, title="FTP is open", severity=Severity.LOW)
    notification = Notification("id", report(*ongoing), ongoing=ongoing, resolved=(shut,))
    for kind in CHATS:
        for still_open in ("count", "list", "none"):
            text = said(kind, notification, still_open=still_open)
            assert "21/tcp" in text, (kind, still_open)
            assert ("119/tcp" in text or " more" in text) is (still_open == "list")


@pytest.mark.parametrize(("still_open", "told"), [("count", True), ("list", True), ("none", False)])
def test_what_did_not_change_is_counted_unless_the_sink_does_not_want_it(still_open, told):
    notification = Notification("id", report(TELNET), ongoing=(TELNET,), new=(finding("ftp", 21),))
    content = content_of(notification, sink(still_open=still_open))
    assert ("1 still open" in content.summary) is told
    assert any(section.heading == "Still open (1)" for section in content.sections) is (still_open == "list")


@pytest.mark.parametrize("kind", CHATS)
def test_a_severe_change_is_never_cut_for_a_mild_one(kind):
    mild = tuple(finding(f"mild-{port}", port, severity=Severity.LOW) for port in range(1, 2000, 2))
    severe = finding("severe", 60001, title="The worst")
    assert "60001/tcp" in said(kind, Notification("id", report(*mild, severe), new=(*mild, severe)))


def test_pagerduty_changes_the_severity_under_the_same_key():
    raised = moved("raised", severity=Severity.MEDIUM)
    (message,) = SINK_KINDS["pagerduty"].module.render(raised, sink("pagerduty"), NOON, 0)
    event = json.loads(message.body)
    key = sink("pagerduty").incident_key(TELNET, place_of(raised.report.target))
    assert (event["event_action"], event["dedup_key"]) == ("trigger", key)
    assert event["payload"]["severity"] == "critical"


def test_alertmanager_ends_the_alert_under_the_old_severity_in_the_same_post():
    raised = moved("raised", severity=Severity.MEDIUM)
    (message,) = SINK_KINDS["alertmanager"].module.render(raised, sink("alertmanager"), NOON, 0)
    ends = {alert["labels"]["severity"]: alert["endsAt"] for alert in json.loads(message.body)}
    assert ends["medium"] == "2026-11-22T12:00:00Z" < ends["critical"]


def test_alertmanager_ends_an_alert_under_the_labels_that_it_was_told_with():
    lowered = TELNET._replace(severity=Severity.LOW)
    before = {TELNET.fingerprint: Before(Severity.CRITICAL, 3, "", "lowered")}
    notification = Notification("id", report(lowered, changes=Changes()), resolved=(lowered,), before=before)
    (message,) = SINK_KINDS["alertmanager"].module.render(notification, sink("alertmanager"), NOON, 0)
    alert, _ = json.loads(message.body)
    assert (alert["labels"]["severity"], alert["endsAt"]) == ("critical", "2026-11-22T12:00:00Z")


@pytest.mark.parametrize("kind", [*CHATS, "pagerduty", "alertmanager"])
def test_every_kind_says_whose_it_is_and_where_the_steps_are(kind):
    owned = TELNET._replace(owner="windows-team@example.org", runbook="https://wiki.example/telnet")
    text = said(kind, Notification("id", report(owned, changes=Changes()), new=(owned,)))
    assert "windows-team@example.org" in text
    assert "https://wiki.example/telnet" in text


def test_a_teams_card_has_a_preview_and_shows_its_addresses():
    text = said("teams", moved("new"))
    assert json.loads(SINK_KINDS["teams"].module.render(moved("new"), sink("teams"), NOON, 0)[0].body)["summary"] == (
        "prod: violations. Findings: 1 new. Open now: 1 critical."
    )
    assert "Reference: https://www.rfc-editor.org/rfc/rfc854" in text


def test_the_watchdog_names_its_state_by_a_digest_alone():
    notification = moved("new")._replace(shard="0123abcd")
    (message,) = SINK_KINDS["alertmanager"].module.render(notification, sink("alertmanager"), NOON, 0)
    *_, watchdog = json.loads(message.body)
    assert watchdog["labels"]["shard"] == "0123abcd"
    assert watchdog["startsAt"] <= "2026-11-22T12:00:00Z" < watchdog["endsAt"]


@pytest.mark.parametrize("kind", CHATS)
def test_chats_say_that_a_finding_flaps_and_what_it_is_now(kind):
    open_now = Notification("id", report(TELNET, changes=Changes()), flapping=(TELNET,))
    assert "flapping, open now" in said(kind, open_now)
    assert "flapping, closed now" in said(kind, Notification("id", report(changes=Changes()), flapping=(TELNET,)))
    steady = moved("steady", ended_at="2026-11-22T08:07:00Z")
    assert "open, steady since 2026-11-22 08:07 UTC" in said(kind, steady)


@pytest.mark.parametrize("shrink", [0, 9])
def test_google_chat_is_told_the_id_by_which_it_makes_no_second_message(shrink):
    (message,) = SINK_KINDS["googlechat"].module.render(moved("new"), sink("googlechat"), NOON, shrink)
    assert message.query == {"requestId": "id"}
