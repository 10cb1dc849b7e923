"""Rules that do not rule yet: when they are told, to whom, in what words; and the day on which they begin."""

from datetime import date, timedelta

import pytest

from handler.decide.announced import announcements
from handler.decide.diff import compare
from handler.decide.evaluate import evaluate
from handler.models import CATEGORIES, Row, Secret, Severity
from handler.notify.due import due_batch
from handler.notify.receipts import with_receipts
from handler.policy.rules import Policy, Rule
from handler.ports import ALL_PORTS, PortSet
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Match, Sink
from handler.state.document import decode, encode
from tests.fakes import NOON, category, report, snapshot

DAY = timedelta(days=1)
TODAY = NOON.date()
SOC = Sink("soc", SINK_KINDS["slack"], Secret("https://soc.example/"))
MANY = PortSet.of_ports([21, 23, 9000, 9001, 9002])


def rule(day, **other):
    known = {"ports": PortSet.of_ports([3306]), "severity": Severity.HIGH, "effective_from": day}
    return Rule("mysql", other.pop("kind", "ports"), **(known | other))


class Days:
    """One run a day with a policy, told to one sink; `run` gives the announcements that it was told, and what is new."""

    def __init__(self, sink=SOC, start=NOON):
        self.sink, self.now, self.memory = sink, start - DAY, None

    def run(self, *rules, num=3, whole=True, digest="sha256:1"):
        self.now += DAY
        seen = category([Row(3306, "tcp", num, "danger")] if num else [])
        cover = seen if whole else category(complete=False, every_row=False, plan="none", statistics=None)
        policy = Policy("p", digest, rules)
        evaluation = evaluate(policy, snapshot(cover), self.now.date())
        compared = compare(evaluation, self.memory, policy, self.now)
        made = report(*compared.findings, verdict="compliant" if whole else "inconclusive", coverage=(cover,))
        batch = due_batch(self.sink, made, compared.last_run, self.now, announced=compared.announced)
        items = () if batch is None else batch.items
        told = with_receipts(compared.last_run, self.sink.name, items, self.now)
        self.memory = decode(encode(told))
        known = ("announced", "new", "newly_forbidden")
        return [
            (item.what, item.mark if item.what == "announced" else item.key) for item in items if item.what in known
        ]


def test_a_rule_is_told_when_it_appears_and_fourteen_days_and_one_day_before_it_rules():
    days, day = Days(), TODAY + 20 * DAY
    told = [days.run(rule(day)) for _ in range(22)]
    stages = {at: what for at, what in enumerate(told) if what}
    assert {at: [mark for _, mark in what] for at, what in stages.items() if at < 20} == {
        0: [f"{day} 0"], 6: [f"{day} 14"], 19: [f"{day} 1"],
    }  # fmt: skip
    assert [what for what, _ in stages[20]] == ["newly_forbidden"]
    assert list(stages) == [0, 6, 19, 20]


@pytest.mark.parametrize(("left", "stage"), [(14, "14"), (10, "14"), (2, "14"), (1, "1")])
def test_one_that_appears_late_is_told_once(left, stage):
    days = Days()
    day = TODAY + left * DAY
    assert days.run(rule(day)) == [("announced", f"{day} {stage}")]
    assert days.run(rule(day)) in ([], [("announced", f"{day} 1")]) or left == 1


def test_another_day_is_another_announcement():
    days = Days()
    days.run(rule(TODAY + 30 * DAY))
    later = TODAY + 40 * DAY
    assert days.run(rule(later), digest="sha256:2") == [("announced", f"{later} 0")]


@pytest.mark.parametrize(
    ("sink", "told"),
    [
        (SOC._replace(min_severity=Severity.HIGH), True),
        (SOC._replace(min_severity=Severity.CRITICAL), False),
        (SOC._replace(match=Match(categories=("container",))), False),
        (SOC._replace(match=Match(categories=("host",))), True),
        (SOC._replace(match=Match(tags=("databases",))), True),
        (SOC._replace(match=Match(tags=("web",))), False),
    ],
)
def test_only_whom_its_findings_will_concern_hears_of_a_rule(sink, told):
    assert bool(Days(sink).run(rule(TODAY + 20 * DAY, tags=("databases",)))) is told


def test_what_a_rule_finds_when_it_begins_is_newly_forbidden_also_where_it_grew_meanwhile():
    days = Days()
    days.run(rule(TODAY + DAY))
    assert days.run(rule(TODAY + DAY), num=9) == [("newly_forbidden", days_key(days))]


def test_a_port_that_opened_with_the_rule_is_new():
    days = Days()
    days.run(rule(TODAY + DAY), num=0)
    assert days.run(rule(TODAY + DAY)) == [("new", days_key(days))]


def test_a_rule_that_begins_while_nothing_is_seen_forbids_newly_what_was_there_before():
    days, day = Days(), TODAY + 2 * DAY
    days.run(rule(day))
    for _ in range(2):
        days.run(rule(day), whole=False)
    assert days.run(rule(day))[-1] == ("newly_forbidden", days_key(days))


def days_key(days):
    return next(iter(days.memory.findings))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({}, "mysql forbids 3306 (host)"),
        ({"title": "MySQL is open"}, "MySQL is open (mysql) forbids 3306 (host)"),
        ({"ports": MANY, "protocols": ("udp",)}, "mysql forbids 21, 23, 9000-9002/udp (host)"),
        ({"ports": PortSet.of_ports(range(2, 40, 2))}, "mysql forbids 2, 4, 6, 8, 10, 12, 14, 16 and 11 more (host)"),
        ({"kind": "allowed_ports", "ports": ALL_PORTS - MANY}, "mysql forbids every port but 21, 23, 9000-9002 (host)"),
        ({"kind": "status", "status": ("danger",)}, "mysql forbids every port that HSS calls danger (host)"),
        ({"kind": "statistic", "statistic": "database_num", "above": 7}, "mysql forbids more than 7 of database_num (host)"),
        ({"above": 2}, "mysql forbids 3306 on more than 2 servers (host)"),
        ({"hosts": ("win-*",), "categories": CATEGORIES}, "mysql forbids 3306 of the servers that it names (host, container)"),
    ],
)  # fmt: skip
def test_the_words_say_what_it_will_forbid(other, words):
    (one,) = announcements([rule(date(2027, 1, 1), **other)], TODAY)
    assert one.words == words


def test_the_nearest_comes_first_and_what_rules_is_not_announced():
    rules = [
        rule(TODAY + 9 * DAY, ports=MANY)._replace(id="b"),
        rule(TODAY + DAY)._replace(id="c"),
        rule(TODAY),
        rule(None),
    ]
    assert [one.rule_id for one in announcements(rules, TODAY)] == ["c", "b"]
