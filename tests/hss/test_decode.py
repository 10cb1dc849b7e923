from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import AnswerError, ApiError, DeniedError, PortComplianceError
from handler.hss.decode import (
    MOST_NAMED,
    asset_counters,
    drift_warnings,
    failure_said,
    port_page,
    unreadable_counters,
    whole,
)
from handler.models import Row
from handler.transport.request import Response
from tests.decoded import AT, ROW, listing, page, refused
from tests.fakes import json_response


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
        {"data_list": None},
        {"total_num": 1},
        {"total_num": 3, "data_list": None},
        {"total_num": 0, "data_list": {}},
        {"total_num": False, "data_list": None},
        {"total_num": "0"},
        {"total_num": 1, "data_list": ROW},
    ],
    ids=str,
)
@pytest.mark.parametrize("validation", ["strict", "warn"])
def test_a_missing_list_is_never_empty(body, validation):
    assert "$.data_list: is " in refused(body, validation=validation)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"data_list": []}, "is missing"),
        ({"data_list": [ROW]}, "is missing"),
        ({"total_num": False, "data_list": []}, "is of type boolean, not a count"),
        ({"total_num": None, "data_list": [ROW]}, "is of type null, not a count"),
        ({"total_num": "1", "data_list": [ROW]}, "is of type string, not a count"),
        ({"total_num": 1.0, "data_list": [ROW]}, "is of type number, not a count"),
        ({"total_num": -1, "data_list": []}, "is out of range, not a count"),
    ],
    ids=str,
)
def test_a_total_that_is_no_count_is_a_problem_and_the_rows_are_used(body, why):
    got = page(body)
    assert [str(problem) for problem in got.problems] == [f"$.total_num: {why}"]
    assert (got.total_num, len(got.rows), got.unreadable, got.notes) == (len(body["data_list"]),) * 2 + (0, {})


@pytest.mark.parametrize("body", [[], [ROW], "x", 1, None, True], ids=str)
def test_an_answer_that_is_no_object_is_refused_with_its_type(body):
    assert "not an object" in refused(body)


@pytest.mark.parametrize("change", [{"status": None}, {"num": 70000}, {"process_path": "/x"}, {"type": "SCTP"}])
def test_with_strict_what_is_not_as_documented_is_used_and_is_a_problem_too(change):
    warned, strict = (page(listing(ROW | change), "otc", validation) for validation in ("warn", "strict"))
    assert (warned.rows, warned.notes) == (strict.rows, strict.notes)
    assert warned.problems == ()
    (problem,) = strict.problems
    assert problem.message.startswith("VALIDATION=strict: $.data_list[]")


def test_with_strict_a_documented_answer_has_no_problem():
    assert page(listing(ROW), validation="strict").problems == ()


def test_an_answer_above_4_mib_is_refused_whole():
    body = json.dumps(listing(ROW)).encode()
    assert page(Response(200, {}, body.ljust(4 * 1024 * 1024))).rows
    assert "more than 4194304" in refused(Response(200, {}, body.ljust(4 * 1024 * 1024 + 1)))


def test_the_work_on_a_large_answer_is_bounded():
    rows = b",".join([b"[]"] * 10_000)
    started = time.process_time()
    got = page(Response(200, {}, b'{"total_num": 1, "data_list": [' + rows + b"]}"))
    assert (got.unreadable, len(got.problems)) == (10_000, 6)
    assert "10001 rows in one answer, more than 10000" in refused(
        Response(200, {}, b'{"total_num": 1, "data_list": [[],' + rows + b"]}")
    )
    keys = b",".join(b'"k%d":1' % number for number in range(50_000))
    got = page(Response(200, {}, b'{"total_num": 0, "data_list": [], ' + keys + b"}"))
    assert sum(got.notes.values()) == 10_000
    assert len(got.notes) <= 101
    assert time.process_time() - started < 10  # about 0.5 s here


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
        b'{"total_num": 0, "total_num": 5, "data_list": []}',
        b'{"total_num": 1, "data_list": [{"port": 22, "port": 23, "type": "TCP", "num": 1}]}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        '{"total_num": 0, "data_list": [], "x": "é"}'.encode("latin-1"),
        '{"total_num": 0, "data_list": []}'.encode("utf-16"),
        b"\x00",
    ],
    ids=range(14),
)
def test_bytes_that_two_readers_might_read_differently_are_refused(body):
    assert len(refused(Response(200, {"content-type": "text/html"}, body))) < 200


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 31, "-" + "9" * 5000])
@pytest.mark.parametrize("key", ["port", "num", "status", "another"])
def test_a_number_that_nothing_can_hold_costs_its_own_row_at_most(key, number):
    odd = {**ROW, "port": 22, key: "@"}
    body = json.dumps(listing(odd, ROW)).replace('"@"', number)
    read = page(Response(200, {}, body.encode()))
    assert [row.port for row in read.rows] == ([23] if key in ("port", "num") else [22, 23])
    assert read.unreadable == (key in ("port", "num"))
    assert bool(read.notes) is (key in ("status", "another"))


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


def test_notes_beyond_twenty_kinds_are_counted():
    assert len(drift_warnings([{f"drift: $.k{number}": 1 for number in range(50)}])) == 21


def test_who_asks_for_all_of_an_answer_gets_an_error_where_a_part_cannot_be_read():
    good, bad = page(listing(ROW)), page(listing(ROW, ROW | {"num": None}))
    assert whole(good, AT) is good
    with pytest.raises(AnswerError, match=r"asset/port/statistics: \$\.data_list\[1\]\.num: is of type null"):
        whole(bad, AT)


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
        assert all(problem.message for problem in got.problems)
        assert all(0 <= row.port <= 65535 and row.num >= 0 for row in getattr(got, "rows", ()))


# what is said of an answer that cannot be used


def why(response, read=port_page) -> str:
    with pytest.raises(PortComplianceError) as caught:
        read(response, AT, "otc")
    return str(caught.value)


@pytest.mark.parametrize("read", [port_page, asset_counters])
@pytest.mark.parametrize(
    ("response", "said"),
    [
        (Response(200, {}, b"oops"), f"{AT}: the answer is not JSON at line 1, column 1 (no content type, 4 bytes)"),
        (
            Response(200, {"content-type": "a" * 60}, b"oops"),
            f"{AT}: the answer is not JSON at line 1, column 1 ({'a' * 60}, 4 bytes)",
        ),
        (
            Response(200, {"content-type": "a" * 61}, b"oops"),
            f"{AT}: the answer is not JSON at line 1, column 1 ({'a' * 59}…, 4 bytes)",
        ),
        (json_response([1]), f"{AT}: $: is of type array, not an object"),
    ],
)
def test_an_answer_that_is_no_object_is_named_by_what_it_is(response, said, read):
    assert why(response, read) == said


@pytest.mark.parametrize("read", [port_page, asset_counters])
@pytest.mark.parametrize("status", [200, 500])
def test_a_refusal_names_the_endpoint(status, read):
    assert why(json_response({"error_code": "HSS.1", "error_msg": "no"}, status), read).startswith(
        f"{AT}: HTTP {status}"
    )


def test_a_total_beside_an_error_code_is_an_answer():
    assert page(listing(ROW) | {"error_code": "HSS.1"}).rows == (Row(23, "tcp", 4, "danger"),)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"total_num": 1}, f"{AT}: $.data_list: is missing"),
        (
            {"total_num": "1", "data_list": 5},
            f"{AT}: $.total_num: is of type string, not a count; $.data_list: is of type integer, not a list",
        ),
    ],
)
def test_an_answer_without_a_list_says_everything_that_is_wrong(body, said):
    assert why(json_response(body)) == said


def test_what_is_not_whole_says_all_its_problems():
    bad = page(listing(ROW | {"port": None}, ROW | {"num": "x"}))
    with pytest.raises(AnswerError) as caught:
        whole(bad, AT)
    assert str(caught.value) == f"{AT}: " + "; ".join(map(str, bad.problems))


@pytest.mark.parametrize(
    ("count", "more"), [(MOST_NAMED, ""), (MOST_NAMED + 1, "1 more rows"), (MOST_NAMED + 9, "9 more rows")]
)
def test_of_many_rows_that_cannot_be_read_some_are_named_and_the_others_counted(count, more):
    problems = page(listing(*[ROW | {"port": None}] * count)).problems
    assert len(problems) == MOST_NAMED + bool(more)
    assert (problems[-1].message, problems[-1].path) == (f"{more} cannot be read", "$.data_list") or not more
    assert {problem.hint for problem in problems} == {AnswerError.hint}


def test_drift_is_a_problem_only_where_that_is_asked_for_and_says_what_to_do():
    body = listing(ROW | {"more": 1})
    assert port_page(json_response(body), AT, "huaweicloud").problems == ()
    (problem,) = page(body, validation="strict").problems
    assert (problem.message.startswith("VALIDATION=strict: "), problem.hint) == (True, AnswerError.hint)
    assert "drift" not in problem.message
    counters = {"port_num": 1, "other_num": 2}
    assert asset_counters(json_response(counters), AT, "otc").problems == ()
    assert asset_counters(json_response(counters), AT, "otc").raw == counters


@pytest.mark.parametrize(("kinds", "told"), [(20, 20), (21, 21), (25, 21)])
def test_notes_are_told_once_each_and_the_kinds_beyond_twenty_are_counted(kinds, told):
    warnings = drift_warnings([{f"drift: $.k{number:02}": 1 for number in range(kinds)}])
    assert len(warnings) == told
    assert warnings[0] == "drift: $.k00"
    assert kinds == 20 or warnings[-1] == f"drift: and {kinds - 20} more kinds of it"


@pytest.mark.parametrize(("times", "said"), [(1, "drift: x"), (2, "drift: x (2 times)")])
def test_a_note_says_how_often_where_it_was_more_than_once(times, said):
    assert drift_warnings([{"drift: x": 1}] * times) == (said,)


@pytest.mark.parametrize(
    ("body", "names", "said"),
    [
        ({"a": 3, "b": 0}, ["a", "b"], []),
        ({"a": None}, ["a", "c"], []),
        ({"a": -1}, ["a"], []),  # which is named already
        ({"a": "3", "b": "x"}, ["a", "a"], ["$.a: is of type string, not a count"]),
        (
            {"a": 1.5, "b": []},
            ["b", "a"],
            ["$.b: is of type array, not a count", "$.a: is of type number, not a count"],
        ),
    ],
)
def test_a_counter_that_is_read_and_is_no_count_is_a_problem_by_itself(body, names, said):
    assert [str(problem) for problem in unreadable_counters(body, names)] == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error_code": "HSS.1001", "error_msg": "the query timed out"}, "HSS.1001 the query timed out"),
        ({"error_code": "HSS.1001"}, "HSS.1001"),
        ({"error_code": "HSS.1001", "error_msg": None}, "HSS.1001"),
        ({"error_code": 500, "error_msg": ""}, "500"),
        ({"error_code": "HSS.0010"}, "HSS.0010"),
        ({"error_code": "1"}, "1"),
        ({"error_code": "a\u202eb"}, "a b"),
    ],
)
def test_an_answer_that_says_that_it_failed_is_a_problem_of_its_error_code(body, said):
    (problem,) = failure_said(body | {"total_num": 0, "data_list": []})
    assert (problem.message, problem.path) == (f"the answer itself says that it failed: {said}", "$.error_code")


@pytest.mark.parametrize(
    "body", [{}, *({"error_code": code} for code in (None, "", "0", 0, "HSS.0000", "HSS.", False, True, [], {}, 1.5))]
)
def test_an_error_code_that_is_none_says_nothing(body):
    assert failure_said(body | {"error_msg": "success"}) == ()
