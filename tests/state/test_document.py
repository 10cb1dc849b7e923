"""The state as a document: every field comes back with its type, and what the first version wrote is still read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.errors import StoreDamagedError
from handler.models import Finding, Severity
from handler.state import document as codec
from handler.state.content import from_bytes, to_bytes
from handler.state.document import decode, encode
from handler.state.memory import Batch, Item, LastRun, Receipt, Remembered, RunSummary, SinkMemory
from tests.examples import examples
from tests.fakes import finding
from tests.strategies import exact, nouns

AT, LATER = "2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z"
FIRST_VERSION = Path(__file__).parents[1] / "states" / "0.1.0.json"
LEFT_OUT = {
    (Finding, "hosts"): "names and addresses of servers are not kept",
    (Finding, "first_seen"): "kept once, with the record",
}
KNOWN = {(kind, name): st.none() for kind, name in LEFT_OUT}


APART = {(LastRun, name): st.just({}) for name in ("findings", "others", "rules")}
STATE = nouns(LastRun, {**KNOWN, **APART})
RECORDS = st.lists(nouns(Remembered, KNOWN), max_size=4)
TERMS = st.sampled_from([{}, {"host": {"telnet": ("ports", ((1, 9), (23, 23)), ("host",), (), (), "", 7)}}])


@st.composite
def one_place(draw):
    seen = [one._replace(finding=one.finding._replace(first_seen=one.first_seen)) for one in draw(RECORDS)]
    return draw(STATE)._replace(findings={one.finding.fingerprint: one for one in seen}, rules=draw(TERMS))


def state_of(places):
    """What is remembered of all these places."""
    others = {f"place {number}": other for number, other in enumerate(places[1:])}
    return places[0]._replace(others=others)


# Anything that is remembered: the fields of a finding that are left out are as they come back.
STATES = st.lists(one_place(), min_size=1, max_size=3).map(state_of)


@settings(max_examples=examples(30))  # each holds up to twelve records
@given(STATES)
def test_everything_that_is_remembered_comes_back_with_its_type(state):
    assert exact(from_bytes(to_bytes(encode(state)), decode)) == exact(state)


def test_every_field_of_a_finding_and_its_record_has_a_column_or_a_reason_to_have_none():
    of_finding = {*codec._FINDING, *codec.RULE_TEXTS, *(name for kind, name in LEFT_OUT if kind is Finding)}
    assert of_finding == set(Finding._fields)
    assert {*codec._RECORD, "finding", "told"} == set(Remembered._fields)


def test_every_field_of_what_is_remembered_is_in_the_document():
    batch = Batch("id", (Item("new", "f"),), "run", LATER)
    content = encode(LastRun(AT, sinks={"soc": SinkMemory(AT, pending=(batch,))}))["last_run"]
    assert set(content) == {*LastRun._fields, "texts", "columns"}
    assert set(content["sinks"]["soc"]) == set(SinkMemory._fields)
    assert set(content["sinks"]["soc"]["pending"][0]) == set(Batch._fields)
    assert len(content["sinks"]["soc"]["pending"][0]["items"][0]) == len(Item._fields)


def test_a_severity_that_was_remembered_is_a_word_again():
    one = finding(severity=Severity.HIGH, first_seen=AT)
    known = decode(encode(LastRun(AT, findings={one.fingerprint: Remembered(one, AT, AT, AT)})))
    assert str(known.findings[one.fingerprint].finding.severity) == "high"


def test_the_texts_of_a_rule_are_kept_once():
    several = [finding(port=port, title="Ports of old", first_seen=AT) for port in range(50)]
    known = LastRun(AT, findings={one.fingerprint: Remembered(one, AT, AT, AT) for one in several})
    assert json.dumps(encode(known)).count("Ports of old") == 1


def test_what_the_first_version_wrote_is_read():
    telnet = Finding(
        "f1", "telnet", "Telnet is open", Severity.CRITICAL, "host", 23, "tcp6", 3, "danger",
        "23/tcp6 is open (num 3)", "Passwords in clear text.", "Use SSH.", ("https://example.org/a",),
        ("remote-access",), AT,
    )  # fmt: skip
    many = Finding(
        "f2", "databases", "Too many databases", Severity.LOW, "container", None, None, 31, first_seen=AT
    )  # fmt: skip
    pending = Batch("id-1", (Item("new", "f1", "open 1 3", "why"), Item("not_seen", "host")), "run-1", LATER)
    assert from_bytes(FIRST_VERSION.read_bytes(), decode) == LastRun(
        run_at=LATER,
        policy_digest="sha256:0",
        place="host|project|0",
        findings={
            "f1": Remembered(telnet, AT, LATER, AT, base_num=3, told={"soc": Receipt("open", 1, 3, AT)}),
            "f2": Remembered(
                many, AT, AT, AT, "resolved", 2, True, 31, LATER, "policy", {"soc": Receipt("resolved", 2, 31, LATER)}
            ),
        },
        sinks={
            "soc": SinkMemory(
                AT, LATER, (pending,), {"host": ("page # is missing",)}, {"lifts 2026-12-01 ending": AT}, ("a key",)
            )
        },
        drift=("drift: a key",),
        history=(RunSummary("run-1", AT, "violations", (1, 0, 0, 1, 0), 12, 7, 4),),
        began_at=AT,
        lost=True,
    )


def sealed(change):
    """A document whose content was changed by somebody who set its checksum right."""
    one = finding(first_seen=AT)
    memory = SinkMemory(AT, pending=(Batch("id", (Item("new", "f"),)),))
    known = LastRun(
        AT,
        findings={one.fingerprint: Remembered(one, AT, AT, AT, told={"soc": Receipt("open", 1, 3, AT)})},
        sinks={"soc": memory},
        history=(RunSummary("run-1", AT, "violations", (1, 0, 0, 0, 0), 12, 7, 4),),
    )
    content = json.loads(to_bytes(encode(known)))["last_run"]
    change(content)
    return {"schema": codec.SCHEMA, "checksum": codec._checksum(content), "last_run": content}


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("run_at"),
        lambda content: content["columns"]["finding"].append("shoe_size"),
        lambda content: content["columns"]["record"].pop(),
        lambda content: (content["columns"]["finding"].append("mood"), content["findings"][0][0].append("glad")),
        lambda content: content["findings"][0].append({}),
        lambda content: content.update(findings=None),
        lambda content: content["findings"][0].__setitem__(1, 7),
        lambda content: content["findings"][0][0].__setitem__(codec._FINDING.index("severity"), 9),
        lambda content: content["findings"][0][3]["soc"].append("more"),
        lambda content: content["texts"][0].pop(),
        lambda content: content["sinks"].update(soc={"since": AT, "mood": "glad"}),
        lambda content: content["sinks"].update(soc=[["since", AT]]),
        lambda content: content["sinks"]["soc"]["pending"][0].pop("items"),
        lambda content: content["history"][0].pop(),
        lambda content: content["history"][0].append(1),
        lambda content: content.update(drift=3),
    ],
)
def test_parts_that_do_not_fit_are_damage_whatever_the_checksum_says(change):
    decode(sealed(lambda content: None))
    with pytest.raises(StoreDamagedError, match="does not read as a last run"):
        decode(sealed(change))


def test_a_column_that_an_older_version_did_not_write_has_its_default():
    place = codec._FINDING.index("status")

    def without_status(content):
        content["columns"]["finding"].pop(place)
        content["findings"][0][0].pop(place)

    (record,) = decode(sealed(without_status)).findings.values()
    assert record.finding == finding(first_seen=AT, status=None)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "the state is not a last run"),
        ({}, "the state is not a last run"),
        ({"last_run": []}, "the state is not a last run"),
        ({"last_run": {}, "schema": 9}, "the state has schema 9; this version reads 2"),
        ({"last_run": {}, "schema": 2, "checksum": "x"}, "the state's checksum does not fit its content"),
        (
            {"last_run": {}, "schema": 2, "checksum": codec._checksum({})},
            "the state does not read as a last run (KeyError)",
        ),
    ],
)
def test_why_a_document_is_damaged_is_said(document, said):
    with pytest.raises(StoreDamagedError) as damaged:
        decode(document)
    assert damaged.value.message == said


@pytest.mark.parametrize("content", [b"", b"oops", b"{", b"{\n", b'{"a":{\n', b'{"a":{\n"b":1'])
def test_what_is_no_json_is_damaged(content):
    with pytest.raises(StoreDamagedError) as damaged:
        from_bytes(content, lambda document: {name: list(part.items()) for name, part in document.items()})
    assert damaged.value.message == "the state is not JSON"


def test_each_thing_that_is_remembered_comes_back_of_other_places_too():
    plain = LastRun(
        AT, "sha256:1", "here", drift=("x",), began_at=AT, lost=True, excused={"a": 1}, blind_since={"host": AT},
        history=(RunSummary("run-1", AT, "compliant", (0,) * 5, 1, 2, 3),), target=("a", "b"), gap=(AT, LATER, "5"),
        rules={"host": {"telnet": ("ports", ((1, 9),), ("host",))}}, policy_change=("sha256:1", AT),
        sinks={"soc": SinkMemory(AT, pending=(Batch("id", (Item("new", "k"),)),))},
    )  # fmt: skip
    whole = plain._replace(others={"there": plain._replace(place="there", drift=("y",))})
    assert from_bytes(to_bytes(encode(whole)), decode) == whole
