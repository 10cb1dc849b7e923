"""The index: its document, its merging, its lease."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.clock import iso
from handler.decide.schedule import standing
from handler.errors import StoreDamagedError
from handler.state.content import from_bytes, to_bytes
from handler.state.index import (
    Day,
    Index,
    IndexEntry,
    Lease,
    believed,
    index_document,
    index_of,
    leased,
    merged_index,
    with_day,
)
from tests.strategies import NUMBER, chosen, mixed

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=timezone.utc)
stamps = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(iso)
EACH_SECOND = range(2 * 365 * 86_400)  # of a year; the odd ones are never
OF_AN_ENTRY = {
    "verdict": ("compliant", "violations", "inconclusive", None),
    "counts": ({}, {"high": 0}, {"high": 9}, {"low": 2}, {"high": 1, "low": 3}, {"low": 3, "high": 1}),
    "calls": range(61),
    "days": ((), (Day("2026-11-26", "compliant"),)),
    "interval_seconds": range(10),
    "last_run_at": EACH_SECOND,
    "last_complete_at": EACH_SECOND,
    "first_seen": EACH_SECOND,
}


@st.composite
def made(draw: st.DrawFn) -> IndexEntry:
    """An entry of one number and one text: what costs time is each draw."""
    said, _ = chosen(OF_AN_ENTRY, mixed(draw(NUMBER)))
    texts = draw(st.text(max_size=6))
    for name in ("last_run_at", "last_complete_at", "first_seen"):
        at = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=said[name] // 2)
        said[name] = "" if said[name] % 2 else iso(at)
    return IndexEntry(**said, run_id=texts[:3], problem=texts[3:])


entries = made()
indexes = st.builds(
    Index,
    st.dictionaries(st.sampled_from("abc"), entries),
    st.dictionaries(
        st.sampled_from("xy"), st.lists(st.floats(0, 1e9), max_size=5, unique=True).map(lambda v: tuple(sorted(v)))
    ),
    st.one_of(st.none(), st.builds(Lease, st.sampled_from("pq"), stamps)),
    st.dictionaries(st.sampled_from("ab"), st.text(max_size=3)),
)


@given(indexes)
def test_what_is_written_is_read(index: Index) -> None:
    assert from_bytes(to_bytes(index_document(index)), index_of) == index


@given(indexes, st.sampled_from([None, 1]))
def test_however_its_json_is_laid_out_it_is_read(index: Index, indent: int | None) -> None:
    written = json.loads(to_bytes(index_document(index)))
    assert from_bytes(json.dumps(written, indent=indent).encode(), index_of) == index


def test_the_days_of_an_entry_are_written_where_they_belong_whatever_its_texts_say() -> None:
    days = (Day("2026-11-25", "violations", 1), Day("2026-11-26", "compliant", 0, 2))
    odd = '"days":[]'
    index = Index({odd: IndexEntry(problem=odd, days=days, owner=odd), "b": IndexEntry(problem=odd)})
    written = json.loads(to_bytes(index_document(index)))
    assert from_bytes(to_bytes(index_document(index)), index_of) == index
    assert written["targets"][odd]["days"] == [day._asdict() for day in days]
    assert list(written["targets"][odd]) == list(IndexEntry._fields)


def test_a_line_is_written_for_each_target_and_one_that_ends_too_early_is_damaged() -> None:
    entry = IndexEntry("compliant", days=(Day("2026-11-26", "compliant"),))
    content = to_bytes(index_document(Index({"a": entry, "b": entry}, {"lane": (1.0,)})))
    assert [line[:4] for line in content.splitlines()[1:]] == [b'"a":', b'"b":', b"}}"]
    for end in range(1, len(content)):
        with pytest.raises(StoreDamagedError):
            from_bytes(content[:end], index_of)


def test_days_counts_and_texts_that_are_alike_are_kept_once() -> None:
    entry = IndexEntry("compliant", {"high": 1}, owner="team@example.org", days=(Day("2026-11-26", "compliant"),))
    read = from_bytes(to_bytes(index_document(Index({"a": entry, "b": entry}))), index_of)
    one, other = read.targets.values()
    assert (one.owner is other.owner, one.counts is other.counts, one.days[0] is other.days[0]) == (True, True, True)


def test_a_key_of_a_newer_version_is_passed_over() -> None:
    document = json.loads(to_bytes(index_document(Index({"a": IndexEntry()}))))
    document["targets"]["a"]["colour"] = "red"
    assert index_of(document) == Index({"a": IndexEntry()})


@pytest.mark.parametrize(
    "change",
    [
        {"version": "2"}, {"targets": []}, {"targets": {"a": 1}}, {"targets": {"a": {"last_run_at": "soon"}}},
        {"starts": {"a": ["x"]}}, {"lease": "now"}, {"fleet_told": None},
    ],
)  # fmt: skip
def test_a_damaged_index_is_said_to_be_so(change: dict[str, object]) -> None:
    with pytest.raises(StoreDamagedError):
        index_of({**index_document(Index()), **change})


@given(indexes, indexes)
def test_merging_loses_no_target_and_no_later_run_whoever_comes_first(one: Index, other: Index) -> None:
    for merged in (merged_index(one, other), merged_index(other, one)):
        assert set(merged.targets) == {*one.targets, *other.targets}
        for name, entry in merged.targets.items():
            both = [known.targets[name] for known in (one, other) if name in known.targets]
            assert entry.last_run_at == max(known.last_run_at for known in both)
            assert entry.last_complete_at == max(known.last_complete_at for known in both)
        for lane, starts in merged.starts.items():
            assert list(starts) == sorted({*one.starts.get(lane, ()), *other.starts.get(lane, ())})[-5:]


@given(indexes)
def test_merging_with_itself_changes_nothing(index: Index) -> None:
    assert merged_index(index, index) == index


@pytest.mark.parametrize(
    ("seconds", "live"), [(-1, False), (0, False), (1, True), (900, True), (901, False), (10**8, False)]
)
def test_a_lease_lasts_at_most_one_run_whatever_the_clock_says(seconds: int, live: bool) -> None:
    lease = Lease("other", iso(NOW + timedelta(seconds=seconds)))
    assert leased(Index(lease=lease), NOW, timedelta(seconds=900)) is live
    assert not leased(Index(), NOW, timedelta(seconds=900))


def test_a_day_keeps_its_worst_verdict_and_sums_its_changes() -> None:
    days = with_day((), NOW, "compliant", 1, 0)
    days = with_day(days, NOW, "inconclusive", 0, 2)
    days = with_day(days, NOW, "violations", 3, 0)
    assert days == (Day("2026-11-26", "inconclusive", 4, 2),)


def test_only_a_month_of_days_is_kept() -> None:
    days: tuple[Day, ...] = ()
    for number in range(40):
        days = with_day(days, NOW + timedelta(days=number), "compliant", 0, 0)
    assert len(days) == 31
    assert (days[0].date, days[-1].date) == ("2026-12-05", "2027-01-04")


def test_of_two_leases_the_later_counts_and_a_lane_that_one_run_alone_knows_is_kept() -> None:
    early, late = Lease("z", "2026-11-26T08:00:00Z"), Lease("a", "2026-11-26T09:00:00Z")
    one = Index(starts={"x": (1.0,)}, lease=early, fleet_told={"a": "1"})
    other = Index(starts={"y": (2.0,)}, lease=late, fleet_told={"a": "2", "b": "3"})
    for theirs, ours, told in ((one, other, "2"), (other, one, "1")):
        merged = merged_index(theirs, ours)
        assert (merged.lease, merged.starts) == (late, {"x": (1.0,), "y": (2.0,)})
        assert merged.fleet_told == {"a": told, "b": "3"}


def test_of_one_lane_the_last_five_starts_of_both_are_kept() -> None:
    one, other = Index(starts={"x": (1.0, 2.0, 3.0)}), Index(starts={"x": (2.0, 4.0, 5.0, 6.0)})
    assert merged_index(one, other).starts == {"x": (2.0, 3.0, 4.0, 5.0, 6.0)}


def test_what_a_clock_wrote_that_was_ahead_counts_as_never() -> None:
    now, ahead = "2026-11-26T08:00:00Z", "2026-11-26T08:00:01Z"
    days = tuple(Day(date, "compliant") for date in ("2026-11-25", "2026-11-26", "2026-11-27"))
    known = IndexEntry(last_run_at=ahead, last_complete_at=now, first_seen=ahead, days=days)
    (entry,) = believed(Index({"a": known}), NOW).targets.values()
    assert (entry.last_run_at, entry.last_complete_at, entry.first_seen, entry.days) == ("", now, now, days[:2])
    at_the_time = IndexEntry(last_run_at=now, last_complete_at=now, first_seen=now, days=days)
    assert believed(Index({"a": at_the_time}), NOW).targets["a"] == at_the_time


def test_an_index_of_another_version_is_named_by_it() -> None:
    with pytest.raises(StoreDamagedError) as refused:
        index_of({"version": "2"})
    assert refused.value.message == "the index has version '2'; this program reads 1"
    with pytest.raises(StoreDamagedError) as odd:
        index_of({"version": "1", "lease": 5})
    assert odd.value.message == "the index does not read as one (KeyError)"


NOW_AT, AHEAD, EARLIER = "2026-11-26T08:00:00Z", "2026-11-26T08:00:01Z", "2026-11-26T07:00:00Z"


@pytest.mark.parametrize("name", ["last_run_at", "last_complete_at", "first_seen"])
def test_each_time_that_lies_ahead_is_not_believed_and_the_others_are(name: str) -> None:
    times = {"last_run_at": NOW_AT, "last_complete_at": EARLIER, "first_seen": EARLIER}
    (entry,) = believed(Index({"a": IndexEntry(**times | {name: AHEAD})}), NOW).targets.values()
    assert {key: getattr(entry, key) for key in times} == times | {name: NOW_AT if name == "first_seen" else ""}


@pytest.mark.parametrize("name", ["last_run_at", "last_complete_at", "first_seen"])
def test_a_time_that_is_none_damages_the_index(name: str) -> None:
    document = from_bytes(to_bytes(index_document(Index({"a": IndexEntry(**{name: AHEAD})}))), dict)
    broken = {**document, "targets": {"a": {name: "yesterday"}}}
    with pytest.raises(StoreDamagedError):
        index_of(broken)


WELL = IndexEntry(
    "violations", {"high": 1}, NOW_AT, NOW_AT, "r", "", NOW_AT, 2, (Day("2026-11-26", "violations"),), 60.0
)
WHOLE = json.loads(
    to_bytes(index_document(Index({"a": WELL}, {"x": (1.0,)}, Lease("r", NOW_AT), {"sink/a": "stale"}))).decode()
)
ODD = [None, "x", 5, -1, True, 1e400, 10**400, [], [None], {}, {"a": None}, "2026-13-01T00:00:00Z"]


def places_in(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(one for key, inner in pairs for one in places_in(inner, (*path, key)))]


@pytest.mark.parametrize("path", places_in(WHOLE), ids=lambda path: ".".join(map(str, path)) or "all")
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:12])
def test_whatever_stands_in_an_index_it_is_one_that_a_run_can_use_or_damaged(
    path: tuple[str, ...], odd: object
) -> None:
    document = json.loads(json.dumps(WHOLE)) if path else odd
    at = document
    for key in path[:-1]:
        at = at[key]
    if path:
        at[path[-1]] = odd
    try:
        index = index_of(document)
    except StoreDamagedError:
        return
    leased(index, NOW, timedelta(hours=1))
    assert believed(merged_index(index, Index({"a": WELL})), NOW).targets["a"].calls == 2
    for entry in believed(index, NOW).targets.values():
        assert with_day(entry.days, NOW, "compliant", 1, 1)
        assert standing(entry, NOW, timedelta(seconds=entry.interval_seconds)) in ("inconclusive", "violations", None)
    to_bytes(index_document(index))


def test_days_and_counts_are_read_as_they_were_written_or_as_none() -> None:
    days = (Day("2026-11-25", "violations", 2, 3), Day("2026-11-26", "inconclusive", 5, 7))
    whole = Index({"a": IndexEntry(days=days, counts={"high": 2}), "b": IndexEntry(days=days[:1], counts={"low": 1})})
    assert from_bytes(to_bytes(index_document(whole)), index_of) == whole
    bare = {"version": "1", "targets": {"a": {}}, "starts": {}, "lease": None, "fleet_told": {}}
    assert index_of(bare).targets == {"a": IndexEntry()}


@pytest.mark.parametrize(("seconds", "is_read"), [(-1, False), (0, True), (10**9, True), (10**9 + 1, False)])
def test_an_interval_is_read_up_to_thirty_years(seconds: int, is_read: bool) -> None:
    document = to_bytes(index_document(Index({"a": IndexEntry(interval_seconds=seconds)})))
    if is_read:
        assert from_bytes(document, index_of).targets["a"].interval_seconds == seconds
    else:
        with pytest.raises(StoreDamagedError):
            from_bytes(document, index_of)


def test_of_two_entries_the_first_sight_is_the_earlier_and_the_rest_of_the_later_run() -> None:
    one = IndexEntry(run_id="1", last_run_at=EARLIER, last_complete_at=EARLIER, first_seen=EARLIER)
    two = IndexEntry(run_id="2", last_run_at=NOW_AT, last_complete_at="", first_seen=NOW_AT)
    for theirs, ours in ((one, two), (two, one)):
        merged = merged_index(Index({"a": theirs}), Index({"a": ours})).targets["a"]
        assert merged == two._replace(first_seen=EARLIER, last_complete_at=EARLIER)


@pytest.mark.parametrize(
    ("theirs", "ours", "is_one_place"),
    [("h|p|", "h|p|", True), ("h|p|", "", True), ("", "h|p|", True), ("", "", True), ("h|p|", "h|q|", False)],
)
def test_of_a_name_the_later_run_is_known_but_where_it_stands_for_another_place_now(
    theirs: str, ours: str, is_one_place: bool
) -> None:
    before, now = "2026-11-26T07:00:00Z", "2026-11-26T06:00:00Z"
    known = IndexEntry(place=theirs, last_run_at=before, last_complete_at=before, first_seen="2026-11-01T00:00:00Z")
    own = IndexEntry(place=ours, last_run_at=now, last_complete_at=now, first_seen="2026-11-02T00:00:00Z")
    merged = merged_index(Index({"a": known}), Index({"a": own})).targets["a"]
    assert merged == (known if is_one_place else own)
