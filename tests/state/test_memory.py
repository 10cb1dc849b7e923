"""The last run as a document: what goes in comes out, and nothing damaged is believed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.errors import StoreDamagedError
from handler.models.listeners import Host
from handler.state.document import _checksum, decode, encode
from handler.state.memory import (
    Batch,
    Item,
    LastRun,
    Receipt,
    Remembered,
    RunSummary,
    SinkMemory,
    at_place,
    place_parts,
)
from tests.examples import examples
from tests.fakes import finding

AT = "2026-11-22T12:00:00Z"


def last_run(count: int = 1) -> LastRun:
    records = {}
    for port in range(1, count + 1):
        one = finding(port=port, first_seen=AT)
        told = {"soc": Receipt("open", 1, 3, AT), "chat": Receipt("resolved", 2, 6, AT)}
        records[one.fingerprint] = Remembered(one, AT, AT, AT, base_num=3, told=told)
    memory = SinkMemory(
        since=AT,
        last_told=AT,
        pending=(Batch("id-1", (Item("new", "f", "m"), Item("not_seen", "host", "r", "why")), "run-1", AT),),
        not_seen={"host": ("page # is missing",)},
        exemptions={"lifts 2026-12-01 ending": AT},
        drift=("a key",),
    )
    history = (RunSummary("run-1", AT, "violations", (1, 0, 0, 0, 0), 12, 7, 4),)
    return LastRun(AT, "sha256:0", "place", records, {"soc": memory}, ("a key",), history, AT, lost=True)


def test_what_is_encoded_is_decoded_through_json():
    assert decode(json.loads(json.dumps(encode(last_run(3))))) == last_run(3)


def test_hosts_are_not_kept():
    one = finding(hosts=(Host("id-1", host_name="db7.internal"),))
    known = LastRun(AT, findings={one.fingerprint: Remembered(one, AT, AT, AT)})
    assert "db7" not in json.dumps(encode(known))


@pytest.mark.parametrize("document", [None, [], {}, {"schema": 1}, {"schema": 1, "last_run": []}, "text"])
def test_something_else_is_damaged(document):
    with pytest.raises(StoreDamagedError):
        decode(document)


@pytest.mark.parametrize("schema", [0, 3, "1", None])
def test_another_schema_is_not_read(schema):
    with pytest.raises(StoreDamagedError, match="schema"):
        decode(encode(last_run()) | {"schema": schema})


def test_a_changed_document_does_not_fit_its_checksum():
    document = json.loads(json.dumps(encode(last_run())))
    document["last_run"]["findings"][0][2][0] = "2026-01-01T00:00:00Z"
    with pytest.raises(StoreDamagedError, match="checksum"):
        decode(document)


def test_a_document_with_a_right_checksum_and_wrong_parts_is_damaged():
    document = encode(last_run()._replace(run_at="x"))
    inside = json.loads(json.dumps(document["last_run"]))
    del inside["findings"]
    with pytest.raises(StoreDamagedError, match="does not read"):
        decode({"schema": 1, "checksum": _checksum(inside), "last_run": inside})


def test_ten_thousand_findings_are_a_few_megabytes():
    assert len(json.dumps(encode(last_run(10_000)))) < 4_000_000


@settings(max_examples=examples(50), deadline=None)
@given(title=st.text(max_size=40), num=st.integers(1, 10**9), told=st.dictionaries(st.text(max_size=5), st.integers(1)))
def test_any_text_and_number_survives(title, num, told):
    one = finding(title=title, num=num, first_seen=AT)
    marks = {sink: Receipt("open", 1, count, AT) for sink, count in told.items()}
    known = LastRun(AT, findings={one.fingerprint: Remembered(one, AT, AT, AT, told=marks)})
    assert decode(json.loads(json.dumps(encode(known)))) == known


HERE, THERE = LastRun(AT, place="here", history=("line",)), LastRun(AT, place="there")


@pytest.mark.parametrize(
    ("last_run", "place", "mine", "others"),
    [
        (None, "here", None, []),
        (LastRun(AT), "here", "", []),  # a memory without a place is of whatever is asked first
        (HERE, "", "here", []),
        (HERE, "here", "here", []),
        (HERE, "there", None, ["here"]),
        (HERE._replace(others={"there": THERE}), "here", "here", ["there"]),
        (HERE._replace(others={"there": THERE}), "there", "there", ["here"]),
        (HERE._replace(others={"there": THERE}), "", "here", ["there"]),
    ],
)
def test_what_is_remembered_of_a_place_is_found_beside_all_others(last_run, place, mine, others):
    found, beside = at_place(last_run, place)
    assert (None if found is None else (found.place, found.others)) == (None if mine is None else (mine, {}))
    assert list(beside) == others
    assert all(one.others == {} for one in beside.values())
    assert all(one.history == () or name != "here" for name, one in beside.items())
    assert all(one.others == {} for one in beside.values())


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("hss.x|p|e", ("hss.x", "p", "e")),
        ("hss.x|p|", ("hss.x", "p", "")),
        ("hss.x|p", ("hss.x", "p", "")),
        ("hss.x", ("hss.x", "", "")),
        ("", ("", "", "")),
        ("hss.x|p|e|later", ("hss.x", "p", "e")),
    ],
)
def test_the_parts_of_a_place_are_empty_where_it_does_not_say_them(place, parts):
    assert place_parts(place) == parts
