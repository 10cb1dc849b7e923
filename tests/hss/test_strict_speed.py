"""What makes a listing fast says the same as before: a throttle under status 200, and numbers of many digits."""

from __future__ import annotations

import pytest

from handler.hss.refusals import is_throttle
from handler.hss.strict import DEEPEST, NotJsonError, read
from handler.transport.request import Response


@pytest.mark.parametrize("code", ["APIG.0308", "APIGW.0308", "APIG.\\u0030308"])
def test_a_throttle_under_status_200_is_seen_however_it_is_written(code):
    assert is_throttle(Response(200, {}, f'{{"error_code": "{code}"}}'.encode()))


@pytest.mark.parametrize("body", [b'{"data_list": [{"port": 10308}]}', b'{"error_code": "APIG.0301"}', b"\\u", b""])
def test_what_only_looks_like_a_throttle_is_none(body):
    assert not is_throttle(Response(200, {}, body))


@pytest.mark.parametrize("digits", ["1" * 21, "-" + "1" * 20, "1" * 5000])
def test_a_number_of_many_digits_is_no_whole_number_and_the_short_ones_beside_it_are(digits):
    value = read(f'{{"a": 1, "b": [{digits}]}}'.encode())
    assert [type(value["a"]), type(value["b"][0])] == [int, float]


@pytest.mark.parametrize("digits", ["1" * 20, "-" + "1" * 19])
def test_a_number_of_twenty_characters_is_read(digits):
    assert read(digits.encode()) == int(digits)


def test_many_digits_in_a_text_are_no_number():
    assert read(b'{"a": "' + b"1" * 40 + b'"}') == {"a": "1" * 40}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_the_deepest_that_is_read(opening, closing):
    inner = "1" if opening != "[" else ""
    assert read((opening * DEEPEST + inner + closing * DEEPEST).encode()) is not None
    with pytest.raises(NotJsonError, match="deep"):
        read((opening * (DEEPEST + 1) + inner + closing * (DEEPEST + 1)).encode())
