from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import AnswerError, ApiError, DeniedError, PortComplianceError
from handler.hss.decode import asset_counters, drift_warnings, port_page
from handler.models import Row
from handler.transport import Response
from tests.fakes import json_response

AT = "https://hss.example/v5/p/asset/port/statistics"
ROW = {"port": 23, "type": "TCP", "num": 4, "status": "danger"}


def page(body, cloud="huaweicloud", validation="strict"):
    return port_page(body if isinstance(body, Response) else json_response(body), AT, cloud, validation)


def counters(body, validation="strict"):
    return asset_counters(json_response(body), AT, "otc", validation)


def refused(body, **other) -> str:
    with pytest.raises(AnswerError) as caught:
        page(body, **other)
    assert str(caught.value).startswith(AT)
    return str(caught.value)


def listing(*rows, total: object = None):
    return {"total_num": len(rows) if total is None else total, "data_list": list(rows)}


def test_a_documented_answer_is_read_without_notes():
    got = page(listing(ROW))
    assert (got.total_num, got.rows, got.raw, got.notes) == (1, (Row(23, "tcp", 4, "danger"),), (ROW,), {})


@pytest.mark.parametrize(
    ("row", "read"),
    [
        (ROW | {"type": "TCP6"}, Row(23, "tcp6", 4, "danger")),
        (ROW | {"type": "SCTP"}, Row(23, "sctp", 4, "danger")),
        (ROW | {"status": "unknow"}, Row(23, "tcp", 4, "unknown")),
        (ROW | {"status": "normal"}, Row(23, "tcp", 4, "normal")),
        ({"port": 23, "type": "UDP6", "num": 4}, Row(23, "udp6", 4, None)),
        (ROW | {"port": 0}, Row(0, "tcp", 4, "danger")),
        (ROW | {"port": 65535, "num": 65535}, Row(65535, "tcp", 65535, "danger")),
        (ROW | {"num": 0}, Row(23, "tcp", 0, "danger")),
    ],
)
@pytest.mark.parametrize("cloud", ["otc", "huaweicloud"])
def test_what_documents_disagree_on_is_read(cloud, row, read):
    assert page(listing(row), cloud).rows == (read,)


@pytest.mark.parametrize(
    "body", [{"total_num": 0, "data_list": []}, {"total_num": 0, "data_list": None}, {"total_num": 0}]
)
def test_an_empty_list_may_be_left_out_where_total_num_is_0(body):
    assert page(body).rows == ()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data_list": []},
        {"data_list": None},
        {"total_num": 1},
        {"total_num": 3, "data_list": None},
        {"total_num": 0, "data_list": {}},
        {"total_num": False, "data_list": None},
        {"total_num": False, "data_list": []},
        {"total_num": "0"},
        {"total_num": None, "data_list": []},
        {"total_num": -1, "data_list": []},
        {"total_num": 1, "data_list": ROW},
        {"total_num": 1.0, "data_list": [ROW]},
        {"total_num": 10001, "data_list": []},
    ],
    ids=str,
)
def test_a_missing_list_or_count_is_never_empty(body):
    assert "$.total_num" in (text := refused(body)) or "$.data_list" in text


@pytest.mark.parametrize("body", [[], [ROW], "x", 1, None, True], ids=str)
def test_an_answer_that_is_no_object_is_refused_with_its_type(body):
    assert "not an object" in refused(body)


@pytest.mark.parametrize(
    ("change", "path", "kind"),
    [
        ({"port": "23"}, "port", "string"),
        ({"port": True}, "port", "boolean"),
        ({"port": None}, "port", "null"),
        ({"port": 23.0}, "port", "number"),
        ({"port": -1}, "port", "integer"),
        ({"port": 65536}, "port", "integer"),
        ({"num": "4"}, "num", "string"),
        ({"num": False}, "num", "boolean"),
        ({"num": [4]}, "num", "array"),
        ({"num": -1}, "num", "integer"),
        ({"num": 65536}, "num", "integer"),
        ({"type": None}, "type", "null"),
        ({"type": 6}, "type", "integer"),
        ({"status": 1}, "status", "integer"),
    ],
)
def test_a_breach_names_its_path_and_type(change, path, kind):
    text = refused(listing(ROW, ROW | {"port": 24} | change))
    assert f"$.data_list[1].{path}: " in text
    assert kind in text


@pytest.mark.parametrize("key", ["port", "type", "num"])
@pytest.mark.parametrize("validation", ["strict", "warn"])
def test_a_row_without_port_type_or_num_is_refused(key, validation):
    text = refused(listing({name: value for name, value in ROW.items() if name != key}), validation=validation)
    assert f"$.data_list[0].{key}: " in text


@pytest.mark.parametrize("row", [None, 1, "x", [ROW], True])
@pytest.mark.parametrize("validation", ["strict", "warn"])
def test_a_row_that_is_no_object_is_refused(row, validation):
    assert "$.data_list[0]" in refused(listing(row), validation=validation)


def test_many_breaches_are_counted_not_all_listed():
    assert "and 15 more" in refused(listing(*[ROW | {"num": "4"}] * 20))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<html>maintenance</html>",
        b'{"total_num": 0, "data_list": []',
        b'{"total_num": 0, "data_list": []} trailing',
        b'{"total_num": NaN, "data_list": []}',
        b'{"total_num": Infinity, "data_list": []}',
        b'{"total_num": 1e999, "data_list": []}',
        b'{"total_num": 0, "total_num": 5, "data_list": []}',
        b'{"total_num": 1, "data_list": [{"port": 22, "port": 23, "type": "TCP", "num": 1}]}',
        b'{"total_num": ' + b"9" * 5000 + b', "data_list": []}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        '{"total_num": 0, "data_list": [], "x": "é"}'.encode("latin-1"),
        '{"total_num": 0, "data_list": []}'.encode("utf-16"),
        b"\x00",
    ],
    ids=range(16),
)
def test_bytes_that_two_readers_might_read_differently_are_refused(body):
    assert len(refused(Response(200, {"content-type": "text/html"}, body))) < 200


def test_an_answer_of_markup_is_named_as_such_with_its_content_type_but_not_shown():
    text = refused(Response(200, {"content-type": "text/html"}, b"<html>secret</html>"))
    assert "a page of markup (text/html, 19 bytes)" in text


def test_a_byte_order_mark_is_passed_over():
    assert page(Response(200, {}, b"\xef\xbb\xbf" + json.dumps(listing(ROW)).encode())).total_num == 1


def test_an_error_body_under_status_200_is_an_error():
    with pytest.raises(DeniedError, match=r"HSS\.0013"):
        page({"error_code": "HSS.0013", "error_description": "no permission"})


@pytest.mark.parametrize("status", [201, 204, 206, 301, 302, 400, 404, 500])
def test_only_a_200_is_an_answer(status):
    with pytest.raises(ApiError):
        page(json_response(listing(ROW), status))


def test_drift_is_counted_not_refused():
    got = page(
        listing(*(ROW | {"port": port, "type": "SCTP", "process_path": "/x"} for port in range(3)), total=3)
        | {"page": 1}
    )
    told = drift_warnings([got.notes, got.notes])
    assert any("$.data_list[].process_path" in text and "(6 times)" in text for text in told)
    assert any("$.page" in text and "(2 times)" in text for text in told)


def test_warn_tolerates_what_leaves_port_type_and_num_readable_and_says_so():
    got = page(listing(ROW | {"num": 70000, "status": 5}), validation="warn")
    assert got.rows == (Row(23, "tcp", 70000, None),)
    assert sum(text.startswith("tolerated (VALIDATION=warn)") for text in got.notes) == 2


@pytest.mark.parametrize(
    "change", [{"port": "23"}, {"port": 65536}, {"port": -1}, {"num": "4"}, {"num": -1}, {"num": True}, {"type": 1}]
)
def test_warn_tolerates_nothing_else(change):
    assert "$.data_list[0]" in refused(listing(ROW | change), validation="warn")


@pytest.mark.parametrize(
    "body", [{}, {"total_num": 1, "data_list": None}, {"total_num": "1", "data_list": [ROW]}, {"data_list": [ROW]}]
)
def test_warn_still_needs_a_count_and_a_list(body):
    assert "$." in refused(body, validation="warn")


def test_notes_beyond_twenty_kinds_are_counted():
    assert len(drift_warnings([{f"drift: $.k{number}": 1 for number in range(50)}])) == 21


def test_counters_may_be_missing_one_by_one():
    assert counters({"port_num": 3, "database_num": 0}).counters == {"port_num": 3, "database_num": 0}


@pytest.mark.parametrize("body", [{}, {"core_conf_file_num": 3}, {"total_num": 0, "data_list": []}])
@pytest.mark.parametrize("validation", ["strict", "warn"])
def test_counters_may_not_all_be_missing(body, validation):
    with pytest.raises(AnswerError, match="none of the known counters"):
        counters(body, validation)


@pytest.mark.parametrize("value", ["3", True, None, -1, 2**31, 1.5])
def test_a_counter_is_a_count(value):
    with pytest.raises(AnswerError, match=r"\$\.port_num"):
        counters({"port_num": value, "app_num": 1})


def test_warn_leaves_out_a_counter_that_cannot_be_read():
    got = counters({"port_num": "3", "app_num": 1}, "warn")
    assert got.counters == {"app_num": 1}
    assert got.notes


hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["total_num", "data_list", "port", "type", "num", "status", "x"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(
    hostile | st.binary(max_size=60), st.sampled_from(["strict", "warn"]), st.integers(200, 201) | st.integers(400, 503)
)
def test_whatever_comes_is_a_page_or_a_typed_error(body, validation, status):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    for read in (port_page, asset_counters):
        try:
            got = read(Response(status, {}, raw), AT, "otc", validation)
        except PortComplianceError:
            continue
        assert status == 200
        assert all(0 <= row.port <= 65535 and row.num >= 0 for row in getattr(got, "rows", ()))
