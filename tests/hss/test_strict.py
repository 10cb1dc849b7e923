from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.hss.strict import DEEPEST, NotJsonError, json_object, read


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "an empty body"),
        (" \n", "an empty body"),
        (" <p>", "markup"),
        ("{", "line 1, column 2"),
        ("\x00", "line 1, column 1"),
        ('{"a": 1, "a": 1}', "twice"),
        ('[{"a": {"b": 1, "b": 2}}]', "twice"),
        ("NaN", "NaN"),
        ("-Infinity", "Infinity"),
        ("[" * 200_000, "too deep"),
        ("[" * 51 + "]" * 51, "too deep"),
        ('"\\ud800', "line 1"),
    ],
)
def test_what_is_not_plain_json_is_refused_and_says_why(text, why):
    with pytest.raises(NotJsonError, match=why):
        read(text.encode())
    assert json_object(text.encode()) is None


def test_the_longest_whole_number_has_twenty_digits():
    assert read(b"9" * 20) == int("9" * 20)


@pytest.mark.parametrize(
    "text", ["1e999", "-1e999", "9" * 21, "-" + "9" * 20, "9" * 9999, "9" * 1_000_000, "1" + "0" * 30]
)
def test_a_number_beyond_all_bounds_is_no_whole_number_and_takes_nothing_else_with_it(text):
    value, other = read(f"[{text}, 23]".encode())
    assert (type(value), type(other), other) == (float, int, 23)
    assert abs(value) <= sys.float_info.max
    assert (value < 0) is text.startswith("-")


def test_a_colon_in_a_text_changes_no_number():
    assert read(b'{"at": "12:30", "a": 1e999, "b": 1.5}') == {"at": "12:30", "a": sys.float_info.max, "b": 1.5}


@pytest.mark.parametrize("container", [b"[", b"{", b"[{"])
def test_a_text_that_opens_too_many_arrays_and_objects_is_not_parsed(container):
    with pytest.raises(NotJsonError, match="more than 250000 arrays and objects"):
        read(container * 250_001)


def test_fifty_levels_are_read():
    assert read(b"[" * 50 + b"]" * 50)


@pytest.mark.parametrize("body", ["é".encode("latin-1"), "{}".encode("utf-16"), b"\xff"])
def test_only_utf_8_is_read(body):
    with pytest.raises(NotJsonError, match="not UTF-8"):
        read(body)


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"x"'])
def test_an_object_is_an_object(body):
    assert json_object(body) is None


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**18), 10**18)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=10,
    )
)
def test_plain_json_is_read_as_by_the_standard_library(value):
    assert read(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"\\ud800"', "\ufffd"),
        ('"a\\uDC00b"', "a\ufffdb"),
        ('{"\\ud800": ["\\udfff", 1]}', {"\ufffd": ["\ufffd", 1]}),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\\\ud800"', "\\ud800"),
    ],
)
def test_text_that_nothing_can_encode_is_replaced(text, value):
    assert read(text.encode()) == value
    json.dumps(read(text.encode()), ensure_ascii=False).encode()


def test_two_keys_that_only_differ_in_what_cannot_be_encoded_are_one_key_twice():
    with pytest.raises(NotJsonError, match="twice"):
        read(b'{"\\ud800": 1, "\\ud801": 2}')


KEYS = st.sampled_from(["a", "b", "a:b", ":", "\u00e9", '"', "\\u0061"])
TEXTS = st.recursive(
    st.sampled_from(["1", "null", '"x"', '"a:b"', '"\\u003a"', '"\\""', "12345678901234567890", "1.5", "[]", "{}"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")
        | st.lists(st.tuples(KEYS.map(json.dumps), inner), max_size=3).map(
            lambda pairs: "{" + ",".join(f"{key}: {value}" for key, value in pairs) + "}"
        )
    ),
    max_leaves=12,
)


def twice(pairs):
    if len(dict(pairs)) < len(pairs):
        raise KeyError
    return dict(pairs)


@given(TEXTS)
def test_a_key_that_stands_twice_is_seen_wherever_colons_stand(text):
    try:
        expected = json.loads(text, object_pairs_hook=twice)
    except KeyError:
        with pytest.raises(NotJsonError, match="twice"):
            read(text.encode())
    else:
        assert read(text.encode()) == expected


@given(st.binary(max_size=50))
def test_any_bytes_are_read_or_refused(body):
    value = json_object(body)
    assert value is None or isinstance(value, dict)


def test_arrays_and_objects_are_counted_before_they_are_made():
    assert len(read(b"[" + b"[]," * 249_998 + b"[]]")) == 249_999
    with pytest.raises(NotJsonError, match="more than 250000 arrays and objects"):
        read(b"[" + b"{}," * 250_000 + b"{}]")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("beside", ["1", "12345678901234567890"])
def test_what_is_no_number_of_json_is_refused_beside_a_long_number_too(value, beside):
    with pytest.raises(NotJsonError):
        read(f"[{value}, {beside}]".encode())


@pytest.mark.parametrize("outer", ["[%s, {}]", '{"a": %s, "b": []}', "[%s]", '{"a": %s}'])
@pytest.mark.parametrize(("deep", "refused"), [(DEEPEST - 1, False), (DEEPEST + 1, True)])
def test_arrays_and_objects_lie_in_each_other_up_to_a_depth_whatever_lies_beside_them(outer, deep, refused):
    text = "1"
    for _ in range(deep):
        text = outer % text
    if refused:
        with pytest.raises(NotJsonError, match="deep"):
            read(text.encode())
    else:
        assert read(text.encode()) == json.loads(text)
