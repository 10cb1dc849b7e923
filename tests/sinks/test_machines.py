"""The kinds that machines read, checked with the libraries that read them, and the signatures."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

from handler.models import Changes, Secret, Severity
from handler.models.gaps import Gaps
from handler.notify.several import of_several
from handler.report.report_file import parse_report
from handler.sinks import (
    alertmanager,
    cloudevents,
    dingtalk,
    feishu,
    googlechat,
    ocsf,
    pagerduty,
    splunk,
    teams,
    telegram,
)
from handler.sinks.message import PLAIN
from handler.sinks.sink import Notification
from tests import notices
from tests.fakes import NOON, TARGET, finding, report


def render(module, notice, shrink=0, **options):
    name = module.__name__.rpartition(".")[2]
    return module.render(notice, notices.sink(name, **options), NOON, shrink)


def bodies(module, notice, shrink=0, **options):
    return [json.loads(message.body) for message in render(module, notice, shrink, **options)]


def test_dingtalk_signs_in_the_query_as_its_manual_shows():
    assert dingtalk.signed_query("SECtest", 1700000000000) == {
        "timestamp": "1700000000000",
        "sign": "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g=",
    }
    (message,) = render(dingtalk, notices.notice(), secret=Secret("SECtest"))
    assert set(message.query) == {"timestamp", "sign"}
    assert render(dingtalk, notices.notice(), secret=None)[0].query == {}


def test_feishu_signs_in_the_body_the_other_way_round():
    sign = "G7XpBpG8NgG02fJOAhX6FRAObIljmFoxVReo8I62pEk="
    assert feishu.signed_fields("SECtest", 1700000000) == {"timestamp": "1700000000", "sign": sign}
    assert {"timestamp", "sign"} <= set(bodies(feishu, notices.notice(), PLAIN)[0])
    assert "sign" not in bodies(feishu, notices.notice(), secret=None)[0]


def test_telegram_counts_as_telegram_does_and_names_its_chat():
    assert telegram.size_utf16("a\U0001f534") == 3
    assert bodies(telegram, notices.notice())[0]["chat_id"] == "-100123"


@pytest.mark.parametrize(
    ("chat", "query", "said"),
    [
        ("-100123", "", {"chat_id": "-100123"}),
        ("-100123:45", "", {"chat_id": "-100123", "message_thread_id": 45}),
        ("@ports:7", "", {"chat_id": "@ports", "message_thread_id": 7}),
        ("-100123", "?message_thread_id=9", {"chat_id": "-100123", "message_thread_id": 9}),
        ("-100123:45", "?message_thread_id=9", {"chat_id": "-100123", "message_thread_id": 45}),
        ("-100123:x", "?message_thread_id=x", {"chat_id": "-100123:x"}),
    ],
)
def test_telegram_writes_into_the_topic_that_is_named(chat, query, said):
    sink = notices.sink("telegram", chat_id=chat)._replace(
        url=Secret(f"https://api.telegram.org/bot1:x/sendMessage{query}")
    )
    for shrink in (0, PLAIN):
        (message,) = telegram.render(notices.notice(), sink, NOON, shrink)
        body = json.loads(message.body)
        assert {key: body[key] for key in ("chat_id", "message_thread_id") if key in body} == said


def test_google_chat_makes_one_message_of_the_same_id_sent_again():
    (message,) = render(googlechat, notices.notice())
    assert message.query == {"requestId": "msg_2c1d7a90b4"}


@pytest.mark.parametrize("shrink", [0, 1, PLAIN])
def test_a_teams_push_has_words_and_each_link_of_a_card_its_address(shrink):
    (card,) = bodies(teams, notices.notice(), shrink)
    assert card["summary"].startswith("prod: violations")
    runs = [run for block in card["attachments"][0]["content"]["body"] for run in block.get("inlines", ())]
    linked = [run for run in runs if "selectAction" in run]
    assert bool(linked) is (shrink == 0)
    assert all(run["selectAction"]["url"] in run["text"] for run in linked)


def test_pagerduty_gets_one_event_per_finding_keyed_by_its_fingerprint_where_that_is_the_group():
    events = bodies(pagerduty, notices.notice(), group="finding")
    assert [event["event_action"] for event in events] == ["trigger"] * 7 + ["resolve"]
    marks = [message.findings for message in render(pagerduty, notices.notice(), group="finding")]
    assert marks == [(event["dedup_key"],) for event in events]
    assert {event["payload"]["severity"] for event in events[:7]} == {"critical", "error"}


def test_pagerduty_sends_at_most_max_findings_and_never_fewer_when_it_shrinks():
    for shrink in (0, 1, PLAIN):
        assert len(render(pagerduty, notices.huge(200), shrink, max_findings=20, group="finding")) == 20


def test_pagerduty_gets_one_event_per_rule_that_names_its_ports():
    opened, named, ended = bodies(pagerduty, notices.notice())
    assert [one["event_action"] for one in (opened, named, ended)] == ["trigger", "trigger", "resolve"]
    assert opened["payload"]["summary"] == "23/tcp+tcp6 is open on prod: Telnet is open (critical, 1-3 servers)"
    assert named["payload"]["summary"].startswith("135-139/tcp is open on prod: NetBIOS is open (high")
    many = bodies(pagerduty, notices.huge(200))[0]["payload"]
    assert many["summary"].startswith("1/tcp, 3/tcp, 5/tcp, 7/tcp, 9/tcp and 195 more are open on prod")
    assert len(many["custom_details"]["ports"]) == 51


def test_pagerduty_gets_one_event_per_target_where_that_is_the_group():
    (changed,) = bodies(pagerduty, notices.notice(), group="target")
    assert changed["payload"]["summary"].endswith("and 2 more rules (worst: critical)")
    assert changed["payload"]["custom_details"]["ended"][0].startswith("21/tcp: ")


def test_pagerduty_opens_and_closes_an_incident_for_what_cannot_be_seen():
    (opened,) = bodies(pagerduty, notices.inconclusive())
    (closed,) = bodies(pagerduty, notices.empty()._replace(seen_again=("container",)))
    assert (opened["event_action"], closed["event_action"]) == ("trigger", "resolve")
    assert opened["dedup_key"] == closed["dedup_key"]
    assert "400 of 1300 rows" in opened["payload"]["summary"]
    assert render(pagerduty, notices.empty()) == ()


def test_alertmanager_gets_all_open_findings_and_the_end_of_the_resolved():
    (alerts,) = bodies(alertmanager, notices.notice())
    assert len(alerts) == 10
    lasting, now, soon = "2026-12-22T12:00:00Z", "2026-11-22T12:00:00Z", "2026-11-22T15:00:00Z"
    assert [alert["endsAt"] for alert in alerts] == [*[lasting] * 8, now, soon]
    assert alerts[-1]["labels"] == {"alertname": "PortComplianceWatchdog", "severity": "info"}
    assert {alert["startsAt"] for alert in alerts[:-1]} == {"2026-11-20T08:07:00Z"}


@pytest.mark.parametrize(
    ("known", "summary"),
    [
        ({}, "23/tcp on prod: Telnet is open"),
        ({"category": "container", "title": ""}, "container 23/tcp on prod: telnet"),
        ({"port": None, "protocol": None}, "host counter on prod: Telnet is open"),
    ],
)
def test_an_alert_says_where_it_is_and_what(known, summary):
    (body,) = bodies(alertmanager, notices.notice(new=(finding(**known),), ongoing=(), resolved=()))
    assert body[0]["annotations"]["summary"] == summary


@pytest.mark.parametrize("parts", [1, 2])
def test_every_event_of_splunk_names_its_run_its_message_and_its_own_target(parts):
    targets = [TARGET._replace(name=f"prod-{number}", host=f"hss-{number}.example") for number in range(parts)]
    each = [Notification("m", report(finding(), target=target), new=(finding(),)) for target in targets]
    (message,) = render(splunk, of_several(each, "msg-1"))
    events = [json.loads(line) for line in message.body.splitlines()]
    said = [(one["host"], one["event"]["kind"], one["event"]["target"]["name"]) for one in events]
    assert said == [(each.host, kind, each.name) for each in targets for kind in ("run", "finding")]
    assert {one["event"]["run_id"] for one in events} == {report().run_id}
    assert all(one["sourcetype"] == "port-compliance:event" and one["event"]["delivery_id"] for one in events)


def test_an_alert_lasts_a_day_where_the_interval_is_unknown():
    (alerts,) = bodies(alertmanager, notices.notice()._replace(run_interval=None, remembers=False))
    assert alerts[0]["endsAt"] == "2026-11-23T12:00:00Z"
    (often,) = bodies(alertmanager, notices.notice()._replace(run_interval=timedelta(minutes=10), remembers=False))
    assert often[0]["endsAt"] == "2026-11-22T12:30:00Z"


def test_labels_are_texts_and_do_not_change_with_a_count():
    def labels(num):
        notice = notices.notice()
        return [a["labels"] for a in bodies(alertmanager, notice._replace(new=(notice.new[0]._replace(num=num),)))[0]]

    assert labels(3) == labels(300)
    assert all(isinstance(value, str) and value for label in labels(3) for value in label.values())


def test_an_alert_never_starts_after_its_end():
    notice = notices.notice()
    late = notice.resolved[0]._replace(first_seen="2026-11-22T12:00:01Z")
    (alerts,) = bodies(alertmanager, notice._replace(resolved=(late,)))
    assert all(alert["startsAt"] <= alert["endsAt"] for alert in alerts)


def test_an_inconclusive_run_is_an_alert_that_ends_when_all_is_seen_again():
    blind, _ = bodies(alertmanager, notices.inconclusive())[0]
    clear, _ = bodies(alertmanager, notices.empty()._replace(seen_again=("container",)))[0]
    assert blind["labels"] == clear["labels"]
    assert blind["endsAt"] > clear["endsAt"] == "2026-11-22T12:00:00Z"


def test_cloudevents_own_library_reads_the_event():
    (message,) = render(cloudevents, notices.notice())
    event = from_http_event(HTTPMessage(dict(message.headers), message.body))
    assert event.get_id() == "msg_2c1d7a90b4"
    assert event.get_type() == cloudevents.TYPE
    assert event.get_source() == "urn:port-compliance/hss.eu-de.otc.t-systems.com/0123456789abcdef"
    assert event.get_data()["verdict"] == "violations"


def test_what_is_too_large_for_an_event_is_several_of_whole_findings():
    """More than one event where one would pass 64 KiB: nothing that a machine is due is only counted."""
    messages = render(cloudevents, notices.hostile("漢" * 10_000))
    assert max(len(message.body) for message in messages) <= 65_536
    datas = [json.loads(message.body)["data"] for message in messages]
    assert sum(len(data["findings"]) for data in datas) == 31
    assert [len(data["findings"]) + data["omitted"] for data in datas] == [31] * len(datas)


@pytest.mark.parametrize("shrink", [0, 1, PLAIN])
def test_an_allow_list_and_1400_rows_are_events_of_at_most_64_kib(shrink):
    """The policy `allowed_ports: [80, 443]`: each row is a finding, and each is in the vendor's view as well."""
    found = tuple(finding("only-web", port=n, severity=Severity.HIGH, rationale="why " * 20) for n in range(1000, 2400))
    gaps = Gaps((), tuple(("host", n, "tcp") for n in range(1000, 2400)))
    changes = Changes(new=tuple(one.fingerprint for one in found))
    notice = notices.notice(report=report(*found, vendor=gaps, changes=changes), new=found, resolved=(), grown=())
    sink = notices.sink("cloudevents", max_findings=10_000)
    messages = cloudevents.render(notice, sink, NOON, shrink)
    assert max(len(message.body) for message in messages) <= 65_536
    events = [json.loads(message.body) for message in messages]
    assert len({event["id"] for event in events}) == len(events) > (1 if shrink == 0 else 0)
    assert events[0]["id"] == notice.delivery_id
    shown = [one["fingerprint"] for event in events for one in event["data"]["findings"]]
    assert len(set(shown)) == len(shown)
    if shrink == 0:
        assert len(shown) == 1400
        assert sorted(one for event in events for one in event["data"]["changes"]["new"]) == sorted(shown)
    for event in events:
        parse_report(json.dumps(event["data"]).encode(), "event")


@pytest.mark.parametrize("notice", [notices.notice(), notices.inconclusive(), notices.huge(100)])
def test_ocsf_models_accept_every_event(notice):
    (events,) = bodies(ocsf, notice)
    for event in events:
        parsed = ComplianceFinding.model_validate(event)
        assert event["type_uid"] == 200300 + event["activity_id"]
        assert parsed.time_dt is None
        assert event["time"] > 1_000_000_000_000


def test_ocsf_creates_what_is_new_and_closes_what_is_gone():
    (events,) = bodies(ocsf, notices.notice())
    assert [event["activity_id"] for event in events] == [1] * 7 + [3]


@pytest.mark.parametrize("module", [alertmanager, pagerduty, ocsf])
@pytest.mark.parametrize("shrink", [0, PLAIN])
def test_every_message_of_a_tolerant_run_says_so(module, shrink):
    for notice in (notices.notice(resolved=()), notices.inconclusive()):
        warned = notice._replace(report=notice.report._replace(warnings=("tolerated (VALIDATION=warn): $.x: y",)))
        sent = [
            part for body in bodies(module, warned, shrink) for part in (body if isinstance(body, list) else [body])
        ]
        assert sent
        assert all("(VALIDATION=warn): 1 in all" in json.dumps(part) for part in sent)
        assert "VALIDATION" not in json.dumps(bodies(module, notice, shrink))


def test_machines_hear_of_what_opened_and_closed_while_they_were_away():
    away = notices.resolved_only()._replace(resolved=(), missed=notices.resolved_only().resolved)
    (event,) = bodies(cloudevents, away)
    assert [one["port"] for one in event["data"]["changes"]["resolved"]] == [21]
    assert [one["activity_name"] for one in bodies(ocsf, away)[0]] == ["Close"]
