"""What a fleet's digest tells one sink: silence once, then as it wants to be reminded; what is worse; nothing twice."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from handler.clock import iso
from handler.decide.fleet import fleet_of
from handler.decide.fleet_digest import digest_for
from handler.state.index import Index, IndexEntry

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=timezone.utc)
WEEK = timedelta(days=7)


def fleet(now=NOW, unread=(), **targets):
    """Targets by what they are: a verdict, `stale` or `never`."""
    made = {}
    for name, word in targets.items():
        at = iso(now - timedelta(hours=5 if word == "stale" else 0.1))
        made[name] = IndexEntry("compliant" if word == "stale" else word, {"high": 2}, at, at, interval_seconds=3600)
        if word in ("never", "new"):
            first = iso(now - timedelta(hours=3 if word == "never" else 1))
            made[name] = IndexEntry(first_seen=first, interval_seconds=3600)
    return fleet_of([Index(made)], now, unread=unread)


def told_of(*days_and_fleets, remind_after=None):
    """The lines of each digest, one after the other."""
    told, lines = {}, []
    for days, targets in days_and_fleets:
        now = NOW + timedelta(days=days)
        digest = digest_for(fleet(now, **targets), told, now, remind_after)
        told = digest.told
        lines.append([line.partition(",")[0] for line in digest.lines])
    return lines


def test_what_is_wrong_is_told_worst_first_and_only_once():
    wrong = {"a": "violations", "b": "stale", "c": "never", "d": "compliant", "e": "inconclusive", "f": "new"}
    assert told_of((0, wrong), (1, wrong)) == [
        ["c: never checked", "b: stale", "e: inconclusive", "a: violations"],
        [],
    ]


def test_what_gets_worse_is_told_and_a_relapse_too():
    days = ("violations", "inconclusive", "violations", "stale", "compliant", "violations")
    told = told_of(*((day, {"a": word}) for day, word in enumerate(days)))
    assert told == [["a: violations"], ["a: inconclusive"], [], ["a: stale"], [], ["a: violations"]]


@pytest.mark.parametrize(("remind_after", "days"), [(None, [0]), (WEEK, [0, 7]), (timedelta(days=3), [0, 3, 6])])
def test_a_silent_target_is_told_again_only_by_remind_after(remind_after, days):
    told = told_of(*((day, {"a": "stale"}) for day in range(9)), remind_after=remind_after)
    assert [day for day, lines in enumerate(told) if lines] == days


def test_a_target_with_findings_is_not_reminded_of_here():
    told = told_of(*((day, {"a": "violations"}) for day in range(9)), remind_after=WEEK)
    assert [day for day, lines in enumerate(told) if lines] == [0]


def test_an_index_that_cannot_be_read_is_told_once():
    first = digest_for(fleet(unread=["state 2: gone"], a="compliant"), {}, NOW, None)
    assert first.lines == ("not read: state 2: gone",)
    assert digest_for(fleet(unread=["state 2: gone"], a="compliant"), first.told, NOW, None).lines == ()


def test_an_index_that_cannot_be_read_for_another_reason_is_not_told_again():
    first = digest_for(fleet(unread=["state 2: timed out"], a="compliant"), {}, NOW, None)
    assert digest_for(fleet(unread=["state 2: HTTP 503"], a="compliant"), first.told, NOW, None).lines == ()


def test_many_targets_with_one_cause_are_one_line():
    many = {f"t{n:03}": "stale" for n in range(295)}
    digest = digest_for(fleet(**many, other="inconclusive"), {}, NOW, None)
    at = iso(NOW - timedelta(hours=5))
    assert digest.lines == (
        f"295 targets stale, no whole run since {at}: t000, t001, t002 and 292 more",
        "other: inconclusive",
    )
    assert len(digest.told) == 296


def test_the_same_events_have_the_same_key_and_a_relapse_another():
    first, again = (digest_for(fleet(a="stale"), {}, NOW, None) for _ in range(2))
    later = NOW + timedelta(days=1)
    relapse = digest_for(fleet(later, a="stale"), {}, later, None)
    assert first.key == again.key != relapse.key
    reminded = digest_for(fleet(a="stale"), first.told, NOW + WEEK, WEEK)
    assert reminded.key != first.key


def test_of_two_targets_with_one_name_the_worse_is_told():
    at = iso(NOW - timedelta(hours=5))
    old, new = (IndexEntry("compliant", {}, at, end, interval_seconds=3600) for end in (at, iso(NOW)))
    digest = digest_for(fleet_of([Index({"a": new}), Index({"a": old})], NOW), {}, NOW, None)
    assert digest.lines == (f"a: stale, no whole run since {at}",)


def test_a_line_says_what_and_since_when_and_whom_to_ask():
    at = "2026-11-25T08:00:00Z"
    entry = IndexEntry("inconclusive", {}, at, at, problem="HTTP 503", owner="team-a@example.org")
    digest = digest_for(fleet_of([Index({"a": entry})], NOW, timedelta(hours=2)), {}, NOW, None)
    assert digest.lines == (f"a: stale, no whole run since {at}, HTTP 503, ask team-a@example.org",)
