from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.hss.strict import NotJsonError, json_object, read


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
        ("1e999", "too large"),
        ("9" * 21, "21 digits"),
        ("9" * 9999, "9999 digits"),
        ("[" * 200_000, "too deep"),
        ("[" * 51 + "]" * 51, "too deep"),
        ('"\\ud800', "line 1"),
    ],
)
def test_what_is_not_plain_json_is_refused_and_says_why(text, why):
    with pytest.raises(NotJsonError, match=why):
        read(text.encode())
    assert json_object(text.encode()) is None


def test_the_longest_number_has_twenty_digits():
    assert read(b"9" * 20) == int("9" * 20)


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


@given(st.binary(max_size=50))
def test_any_bytes_are_read_or_refused(body):
    value = json_object(body)
    assert value is None or isinstance(value, dict)
