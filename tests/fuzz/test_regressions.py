"""Every file that once broke a target, and every seed, goes through without a surprise."""

from __future__ import annotations

import pytest

from tests.fuzz.targets import TARGETS, seeds


@pytest.mark.parametrize(
    ("target", "path"),
    [pytest.param(target, path, id=f"{target}-{path.name}") for target in TARGETS for path in seeds(target)],
)
def test_nothing_but_promised_errors_comes_out(target, path):
    TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 50_000, b'"\\ud800"', b"1e999", b"-0"]
)
def test_small_surprises(target, data):
    TARGETS[target](data)
