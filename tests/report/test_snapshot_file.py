"""Snapshot files: what is written is read again; what was edited, cut off or is newer is refused."""

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.errors import SnapshotError
from handler.models import CATEGORIES, COUNTERS, CategorySnapshot, Problem, Row, Snapshot
from handler.models.listeners import Listener, PortListeners
from handler.report.snapshot_file import RECEIVED, SNAPSHOT, parse_snapshot, snapshot_text
from tests.examples import examples
from tests.fakes import category, snapshot
from tests.strategies import exact, nouns, rows

TAKEN = snapshot(
    category(
        [Row(23, "tcp", 3, "danger"), Row(123, "udp6", 1)],
        raw_rows=(
            {"port": 23, "type": "TCP", "num": 3, "status": "danger", "owner": "Jo"},
            {"port": 123, "type": "UDP6", "num": 1},
        ),
        raw_statistics={"port_num": 4, "secret_num": 2},
    ),
    category(name="container", complete=False, problems=(Problem("page 2 is missing"),)),
)

KNOWN = {
    (CategorySnapshot, "category"): st.sampled_from(CATEGORIES),
    (CategorySnapshot, "plan"): st.sampled_from(["pages", "ports", "sorted", "skipped", "none"]),
    (CategorySnapshot, "rows"): st.lists(rows, max_size=3).map(tuple),
    (CategorySnapshot, "statistics"): st.none() | st.dictionaries(st.sampled_from(COUNTERS), st.integers(0, 99)),
    (CategorySnapshot, "api_calls"): st.just(0),  # not in the file
    (Listener, "protocol"): st.sampled_from(["tcp", "tcp6", "udp", ""]),
    (PortListeners, "port"): st.integers(0, 65535),
    (CategorySnapshot, "raw_rows"): st.just(()),  # then the rows are written as the API would have sent them
    (CategorySnapshot, "raw_statistics"): st.none(),
    (Problem, "path"): st.just(""),  # stands before the message
    (Problem, "hint"): st.just(""),  # not in the file
}


def read(text):
    return parse_snapshot(text.encode(), "estate.json")


def edited(change):
    document = json.loads(snapshot_text(TAKEN))
    change(document)
    return json.dumps(document)


def test_rows_and_completeness_come_back():
    taken = read(snapshot_text(TAKEN))
    assert taken.categories[0].rows == TAKEN.categories[0].rows
    assert (taken.categories[0].complete, taken.categories[1].complete) == (True, False)
    assert str(taken.categories[1].problems[0]) == "page 2 is missing"
    assert taken.target == TAKEN.target


@settings(max_examples=examples(25))
@given(nouns(Snapshot, KNOWN))
def test_every_snapshot_comes_back_whole(taken):
    back = read(snapshot_text(taken))
    judged = tuple(one._replace(raw_rows=(), raw_statistics=None) for one in back.categories)
    assert exact(back._replace(categories=judged)) == exact(taken)


def test_every_field_of_a_snapshot_is_described_once_or_left_out():
    judged_anew, not_in_the_file = {"rows", "statistics"}, {"api_calls"}
    described = {field.attribute for field in RECEIVED.fields}
    assert described | judged_anew | not_in_the_file == set(CategorySnapshot._fields)
    assert {field.attribute for field in SNAPSHOT.fields} == set(Snapshot._fields)


def test_what_the_documents_do_not_name_is_kept_for_schema_check():
    assert read(snapshot_text(TAKEN)).categories[0].raw_rows[0]["owner"] == "Jo"


def test_a_redacted_snapshot_keeps_no_value_that_cannot_be_read():
    rows = ({"port": 23, "type": "TCP", "num": 3, "status": {"host": "Jo"}},)
    taken = snapshot(category([Row(23, "tcp", 3)], raw_rows=rows, raw_statistics={"port_num": 4, "app_num": ["Jo"]}))
    assert "Jo" in snapshot_text(taken)
    assert "Jo" not in snapshot_text(taken, redact=True)
    assert read(snapshot_text(taken, redact=True)).categories[0].rows == (Row(23, "tcp", 3),)


@pytest.mark.parametrize("odd", [None, "", 5, [], {"a": 1}])
def test_what_was_as_good_as_absent_is_kept_as_received_and_read_the_same_way(odd):
    rows = ({"port": 23, "type": "TCP", "num": 3, "status": odd},)
    counted = {"port_num": 4, "web_app_num": odd if odd != 5 else "5"}
    taken = snapshot(category([Row(23, "tcp", 3)], raw_rows=rows, raw_statistics=counted))
    (again,) = read(snapshot_text(taken)).categories
    assert (again.rows, again.statistics) == ((Row(23, "tcp", 3),), {"port_num": 4})
    assert (again.raw_rows[0]["status"], again.raw_statistics) == (odd, counted)


def test_the_writing_is_stable():
    assert snapshot_text(read(snapshot_text(TAKEN))) == snapshot_text(TAKEN)


def test_a_file_is_written_one_value_a_line_so_that_people_can_read_and_compare_it():
    lines = snapshot_text(TAKEN).splitlines()
    assert lines[:3] == ["{", ' "version": "1",', ' "kind": "port-compliance/snapshot",']
    assert "    {" in lines
    assert snapshot_text(TAKEN).endswith('"\n}\n')


def test_a_redacted_snapshot_has_no_ids_and_no_unknown_keys():
    text = snapshot_text(TAKEN, redact=True)
    for word in ("Jo", "secret_num", TAKEN.target.project_id, TAKEN.target.host):
        assert word not in text
    assert read(text).categories[0].rows == TAKEN.categories[0].rows


@pytest.mark.parametrize(
    ("project", "kept"), [("0", "0"), ("all_granted_eps", "all_granted_eps"), ("7f3a", "redacted")]
)
def test_a_redacted_snapshot_says_that_its_place_was_hidden(project, kept):
    taken = TAKEN._replace(target=TAKEN.target._replace(enterprise_project_id=project))
    target = read(snapshot_text(taken, redact=True)).target
    assert (target.host, target.project_id, target.enterprise_project_id) == ("redacted.invalid", "redacted", kept)
    assert target.cloud == TAKEN.target.cloud


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "not JSON, or cut off"),
        (snapshot_text(TAKEN)[:200], "not JSON, or cut off (line "),
        ("[]", "not a snapshot, but a JSON list"),
        ("{}", "not a snapshot of version 1"),
        ('{"version": NaN}', "not JSON"),
        ("[" * 100_000, "not JSON"),
        (edited(lambda d: d.update(version="2")), "it says version '2', kind 'port-compliance/snapshot')"),
        (edited(lambda d: d.update(kind="another")), "it says version '1', kind 'another')"),
        (edited(lambda d: d["categories"][0]["rows"].pop()), "its digest does not match"),
        (edited(lambda d: d["categories"][0].update(complete=True)), None),
        (edited(lambda d: d["categories"][1].update(complete=True)), "its digest does not match"),
        (edited(lambda d: d.update(digest="sha256:" + "0" * 64)), "its digest does not match"),
        (edited(lambda d: d["categories"][0]["rows"][0].update(port=70000)), "$.categories[0].rows[0].port"),
        (edited(lambda d: d["categories"][0]["rows"][0].pop("num")), "'num' is a required property"),
        (edited(lambda d: d.pop("target")), "'target' is a required property"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused(text, part):
    if part is None:
        assert read(text)
        return
    with pytest.raises(SnapshotError) as caught:
        read(text)
    assert part in str(caught.value)
    assert "estate.json" in str(caught.value)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_end_in_a_traceback(data):
    with pytest.raises(SnapshotError):
        parse_snapshot(data, "x.json")


def test_half_a_surrogate_pair_in_a_file_becomes_a_character_that_can_be_written():
    text = snapshot_text(snapshot(category([Row(23, "\ud800", 3)])))
    (row,) = parse_snapshot(text.encode("utf-8", "surrogatepass"), "s.json").categories[0].rows
    assert row == Row(23, "\ufffd", 3)


def test_a_file_of_an_earlier_version_knows_no_listeners():
    assert "listeners" not in snapshot_text(TAKEN)
    assert [one.listeners for one in read(snapshot_text(TAKEN)).categories] == [(), ()]


def test_a_redacted_snapshot_hides_servers_the_same_way_everywhere():
    win = Listener("id-win", "win-7", "10.2.0.7", protocol="tcp", address="10.2.0.7", path="/home/jo/x", pid=7)
    pod = Listener("id-node", "node", "10.2.0.8", "c1", "web", "tcp", "127.0.0.1", "/x", 1)
    world = snapshot(
        category(listeners=(PortListeners(23, (win,)), PortListeners(24, (win, win._replace(host_id="id-b"))))),
        category(name="container", listeners=(PortListeners(80, (pod, win), "page 2 is missing"),)),
    )
    text = snapshot_text(world, redact=True)
    assert not any(name in text for name in ("win", "10.2.0", "node", "web", "home", "/x"))
    first, second = read(text).categories[0].listeners
    third = read(text).categories[1].listeners[0]
    assert first.listeners[0] == second.listeners[0] == third.listeners[1]
    assert second.listeners[0].host_id != second.listeners[1].host_id
    assert second.listeners[0].host_name == second.listeners[1].host_name
    assert (third.listeners[0].address, third.trouble) == ("127.0.0.1", "page 2 is missing")
    assert first.listeners[0].address == first.listeners[0].host_ip


def test_the_digest_is_over_the_compact_json_of_everything_else_as_in_files_of_earlier_versions():
    text = snapshot_text(TAKEN._replace(target=TAKEN.target._replace(name="Zürich 東京")))
    document = json.loads(text)
    digest = document.pop("digest")
    compact = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert "Zürich 東京" in text
    assert digest == f"sha256:{hashlib.sha256(compact).hexdigest()}"


def test_a_row_is_written_with_a_status_only_where_it_has_one():
    taken = snapshot(category([Row(23, "tcp", 3, "danger"), Row(123, "udp6", 1)]))
    assert json.loads(snapshot_text(taken))["categories"][0]["rows"] == [
        {"port": 23, "type": "TCP", "num": 3, "status": "danger"},
        {"port": 123, "type": "UDP6", "num": 1},
    ]


def test_a_redacted_snapshot_keeps_rows_and_counters_as_they_were_received():
    rows = ({"port": 23, "type": " Tcp ", "num": 3, "owner": "Jo"},)
    taken = snapshot(category([Row(23, "tcp", 3)], raw_rows=rows, raw_statistics={"port_num": 4, "secret_num": 2}))
    document = json.loads(snapshot_text(taken, redact=True))
    assert document["target"]["name"] == "redacted"
    assert document["categories"][0]["rows"] == [{"port": 23, "type": " Tcp ", "num": 3}]
    assert document["categories"][0]["statistics"] == {"port_num": 4}
    unknown = json.loads(snapshot_text(snapshot(category(statistics=None)), redact=True))
    assert unknown["categories"][0]["statistics"] is None


def test_a_file_that_is_refused_says_every_line_of_why_and_what_may_be_the_cause():
    with pytest.raises(SnapshotError) as caught:
        read(edited(lambda d: d.update(version="2")))
    assert caught.value.hint == "A newer version of port-compliance may have written it."
    with pytest.raises(SnapshotError, match="not a snapshot of version 1") as caught:
        parse_snapshot(b'{"version": "1", "run_id": "a report"}', "report.json")
    assert caught.value.hint == "Record it again with `port-compliance snapshot --output FILE`."
    with pytest.raises(SnapshotError) as caught:
        read(edited(lambda d: d["categories"][0]["rows"][0].update(port=70000) or d.pop("target")))
    places = [line.partition(": ")[2].partition(": ")[0] for line in caught.value.message.split("\n")]
    assert places == ["'$'", "'$.categories[0].rows[0].port'"]
    assert all(line.startswith("estate.json: ") for line in caught.value.message.split("\n"))
