"""What is taken for documented at a glance is so, and is read as value by value."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import AnswerError
from handler.hss.decode import AssetCounters, PortPage, asset_counters, notes_of, port_page
from handler.hss.documented import documented_counters, documented_rows
from handler.hss.rows import is_count, read_counters, read_rows
from handler.hss.strict import NotJsonError, read
from handler.models import COUNTERS, Row
from handler.transport.request import Response

CLOUDS = ["otc", "huaweicloud"]
TYPES = st.sampled_from(["TCP", "UDP", "TCP6", "UDP6"])
STATUSES = st.sampled_from(["danger", "normal", "unknown"])
ODD = st.sampled_from(
    [
        "true", "null", "1.0", "1e1", "-0", "-1", "0", "65535", "65536", "10000", "10001", "1" + "0" * 30, "NaN", '""',
        '"TCP"', '"tcp"', '" TCP"', '"TCP\\n"', '"unknow"', '"normal"', '"a:b"', '"\\ud800"', '"\\u0054CP"', "[]", "{}",
        '{"a": 1}', "[[1]]",
    ]
)  # fmt: skip
KEYS = st.sampled_from(["port", "type", "num", "status", "other", "po\\u0072t"])
GOOD = {"total_num": 2, "data_list": [{"port": 22, "type": "TCP", "num": 3}, {"port": 53, "type": "UDP6", "num": 0}]}


@st.composite
def good_pages(draw):
    statuses = draw(st.booleans())
    rows = [
        {"port": port, "type": draw(TYPES), "num": draw(st.integers(0, 10_000))}
        for port in draw(st.lists(st.integers(0, 65535), min_size=1, max_size=5))
    ]
    if statuses:
        rows = [row | {"status": draw(STATUSES)} for row in rows]
    return {"total_num": draw(st.integers(0, 10_000)), "data_list": rows}


@st.composite
def odd_bodies(draw):
    """The text of a good page in which some members are replaced, left out, added or written twice."""
    page = draw(good_pages())
    rows = [[(key, json.dumps(value)) for key, value in row.items()] for row in page["data_list"]]
    whole = [("total_num", str(page["total_num"])), ("data_list", "")]
    for _ in range(draw(st.integers(0, 2))):
        members = draw(st.sampled_from([*rows, whole]))
        at = draw(st.integers(0, len(members) - 1)) if members else 0
        how = draw(st.sampled_from(["set", "add", "drop", "twice"]))
        if how == "add" or not members:
            members.append((draw(KEYS), draw(ODD)))
        elif how == "set":
            members[at] = (members[at][0], draw(ODD))
        elif how == "drop":
            del members[at]
        else:
            members.append(members[at])
    listed = "[" + ", ".join(map(written, rows)) + "]"
    return written([(key, value or listed) for key, value in whole]).encode()


def written(members):
    return "{" + ", ".join(f'"{key}": {value}' for key, value in members) + "}"


def body_of(page):
    return json.dumps(page).encode()


def documented(cloud, body):
    return documented_rows(cloud, json.loads(body), body.count(b":"))


@pytest.mark.parametrize("cloud", CLOUDS)
@given(page=good_pages())
def test_a_page_as_documented_is_read_at_a_glance(cloud, page):
    assert documented(cloud, body_of(page)) == read_rows(page["data_list"]).rows


@pytest.mark.parametrize("cloud", CLOUDS)
@given(body=odd_bodies())
def test_what_is_read_at_a_glance_is_what_is_read_value_by_value(cloud, body):
    rows = documented(cloud, body)
    if rows is None:
        return
    value = read(body)  # raises where a key stands twice
    assert value == json.loads(body)
    assert is_count(value["total_num"])
    assert read_rows(value["data_list"]) == (rows, value["data_list"], 0, ())
    assert notes_of("port_statistics", cloud, value) == {}


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("validation", ["warn", "strict"])
def test_such_a_page_has_no_notes_and_no_problems(cloud, validation):
    page = port_page(Response(200, {}, body_of(GOOD)), "x", cloud, validation)
    rows = (Row(22, "tcp", 3), Row(53, "udp6", 0))
    assert page == PortPage(total_num=2, rows=rows, raw=tuple(GOOD["data_list"]))


@pytest.mark.parametrize(
    "change",
    [
        {"port": 65536}, {"port": -1}, {"port": True}, {"port": 22.0}, {"port": None}, {"num": 65536}, {"num": "3"},
        {"type": "tcp"}, {"type": "SCTP"}, {"type": ["TCP"]}, {"type": 1}, {"status": "danger "}, {"status": None},
        {"other": 1}, {"status": "danger", "other": 1},
    ],
)  # fmt: skip
def test_a_row_with_anything_odd_is_left_to_others(change):
    for rows in ([GOOD["data_list"][0] | change], [GOOD["data_list"][0] | change, GOOD["data_list"][1]]):
        assert documented("huaweicloud", body_of(GOOD | {"data_list": rows})) is None


@pytest.mark.parametrize(
    "answer",
    [
        [], None, "total_num", {}, {"total_num": 2}, {"total_num": 2, "data_list": []}, GOOD | {"more": 1},
        GOOD | {"total_num": -1}, GOOD | {"total_num": True}, GOOD | {"total_num": 10_001},
        {"total_num": 2, "data_list": GOOD["data_list"][0]}, GOOD | {"data_list": ["abc"]},
        GOOD | {"data_list": GOOD["data_list"] * 5_001},
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_left_to_others(answer):
    assert documented("huaweicloud", body_of(answer)) is None


def test_the_old_spelling_of_unknown_is_read_at_a_glance_too():
    rows = [row | {"status": "unknow"} for row in GOOD["data_list"]]
    assert [row.status for row in documented("huaweicloud", body_of(GOOD | {"data_list": rows}))] == ["unknown"] * 2


@pytest.mark.parametrize("twice", ['"port": 23, ', '"num": 3, '])
def test_a_key_that_stands_twice_is_refused_as_ever(twice):
    body = body_of(GOOD).replace(b'"port": 22, ', b'"port": 22, ' + twice.encode())
    assert documented("otc", body) is None
    with pytest.raises(NotJsonError, match="twice"):
        read(body)


COUNTS = st.one_of(ODD, st.sampled_from(["2147483647", "2147483648", "7"]), st.integers(0, 99).map(str))
NAMES = st.sampled_from([*COUNTERS, "core_conf_file_num", "error_code", "po\\u0072t_num"])


@pytest.mark.parametrize("cloud", CLOUDS)
@given(counters=st.dictionaries(st.sampled_from(COUNTERS), st.integers(0, 2**31 - 1), min_size=1))
def test_counters_as_documented_are_read_at_a_glance(cloud, counters):
    body = body_of(counters)
    glance = documented_counters(cloud, counters, body.count(b":"))
    assert list(glance.items()) == list(read_counters(counters).counters.items())
    assert asset_counters(Response(200, {}, body), "x", cloud, "strict") == AssetCounters(glance, counters)


@pytest.mark.parametrize("cloud", CLOUDS)
@given(members=st.lists(st.tuples(NAMES, COUNTS), max_size=4))
def test_counters_that_are_read_at_a_glance_are_read_so_one_by_one(cloud, members):
    body = written(members).encode()
    try:
        value = json.loads(body)
    except ValueError:
        return
    counters = documented_counters(cloud, value, body.count(b":"))
    if counters is not None:
        assert read(body) == value  # raises where a key stands twice
        assert read_counters(value) == (counters, ())
        assert notes_of("asset_statistics", cloud, value) == {}


@pytest.mark.parametrize(
    "answer",
    [[], None, 3, {}, {"port_num": -1}, {"port_num": True}, {"port_num": 1.0}, {"port_num": None}, {"port_num": 2**31},
     {"port_num": 1, "other": 2}, {"other": 2}, {"port_num": {"a": 1}}],
)  # fmt: skip
def test_counters_with_anything_odd_are_left_to_others(answer):
    assert documented_counters("otc", answer, body_of(answer).count(b":")) is None


def test_a_counter_that_stands_twice_is_refused_as_ever():
    body = b'{"port_num": 1, "port_num": 1}'
    assert documented_counters("otc", json.loads(body), body.count(b":")) is None
    with pytest.raises(AnswerError, match="twice"):
        asset_counters(Response(200, {}, body), "x", "otc")
