"""What a notification shows of the report: servers only to who may see them, what it is not about worst first."""

from __future__ import annotations

import pytest

from handler.clock import iso
from handler.decide.diff import shape
from handler.models import AnnouncedFinding, ExemptedFinding, Severity
from handler.models.listeners import Host
from handler.notify.notification import RunNotifications, Situation, _for_eyes
from handler.state.memory import Batch, Item, LastRun
from tests.desk import SOC
from tests.fakes import NOON, category, finding, report

NAMED = finding(hosts=(Host("id-1", "secret-server"),))
COUNTED = finding("rdp", 3389)


def whole():
    exempted = tuple(ExemptedFinding(one, "e", "Old.", "ops", "2027-03-31", 129) for one in (NAMED, COUNTED))
    announced = tuple(AnnouncedFinding(one, "2027-01-01") for one in (NAMED, COUNTED))
    return report(NAMED, COUNTED, exempted=exempted, announced=announced)


def test_servers_are_taken_out_wherever_a_finding_stands():
    shown = _for_eyes(whole(), SOC)
    groups = (shown.findings, [one.finding for one in shown.exempted], [one.finding for one in shown.announced])
    for named, counted in groups:
        assert named == NAMED._replace(hosts=None)
        assert counted == COUNTED
    assert "secret-server" not in repr(shown)


def test_only_what_names_servers_is_made_anew():
    before = whole()
    shown = _for_eyes(before, SOC)
    assert shown.findings[1] is before.findings[1]
    assert (shown.exempted[1] is before.exempted[1], shown.announced[1] is before.announced[1]) == (True, True)


def test_a_sink_that_may_see_them_gets_the_report_as_it_is():
    before = whole()
    assert _for_eyes(before, SOC._replace(hosts=True)) is before


def test_each_message_of_a_run_shows_what_it_is_not_about_worst_first():
    low, high, worst = (
        finding(str(one), 22 + one, severity=one) for one in (Severity.LOW, Severity.HIGH, Severity.CRITICAL)
    )
    situation = Situation(report(low, high, worst), LastRun(iso(NOON)), NOON)
    notifications = RunNotifications(SOC)
    batches = [Batch(one.fingerprint, (Item("new", one.fingerprint),)) for one in (low, worst)]
    made = [notifications.notification_of(batch, situation) for batch in batches]
    assert [[*one.new, *one.ongoing] for one in made] == [[low, worst, high], [worst, high, low]]


def test_a_message_that_is_repeated_says_how_severe_a_finding_was_when_it_was_made():
    """Before, what was raised and lowered again between two tries was told as raised to the lower severity."""
    now = finding(severity=Severity.LOW)
    situation = Situation(report(now), LastRun(iso(NOON)), NOON)
    batch = Batch("one", (Item("raised", now.fingerprint, "", "critical"),))
    made = RunNotifications(SOC).notification_of(batch, situation)
    assert made.raised == (now._replace(severity=Severity.CRITICAL),)
    assert made.report.findings == (now,)


def test_what_is_not_as_documented_is_said_as_it_is_and_not_in_the_form_in_which_it_is_remembered():
    drift = 'drift: $.data_list[].type: string "TCP6" is none of "TCP", "UDP"'
    situation = Situation(report(coverage=(category(warnings=(drift,)),)), LastRun(iso(NOON)), NOON)
    items = (Item("drift", shape(drift)), Item("drift", "drift: key x in # rows"))  # the other one is gone by now
    made = RunNotifications(SOC).notification_of(Batch("id", items), situation)
    assert made.notes == (
        f"HSS answers in another form: {drift}",
        "HSS answers in another form: drift: key x in # rows",
    )


@pytest.mark.parametrize("day", ["2026-11-22", "2026-11-23"])
def test_what_is_announced_again_on_its_day_says_what_is_open_of_it(day):
    """Before, a message that was repeated after a lost answer said that nothing of it is open once the rule ruled."""
    now = finding("telnet", 23)
    whole = report(now) if day == "2026-11-22" else report(announced=(AnnouncedFinding(now, day),))
    item = Item("announced", "telnet", f"{day} 1", "telnet forbids 23")
    made = RunNotifications(SOC).notification_of(Batch("one", (item,)), Situation(whole, LastRun(iso(NOON)), NOON))
    assert "open now: 23/tcp" in made.announcements[0]
