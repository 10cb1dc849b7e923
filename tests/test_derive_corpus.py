"""Some hundred made pages of every form: each row is derived as it was described, or named in a gap."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.derivation.compare import MODES, tried
from tests.derivation.pages import FORMS

PAGES = 40  # of each form and mode; tens of thousands by hand, see tests/derivation
FLOOR = {
    "rst": 1.0,
    "rows": 1.0,
    "text": 0.95,
    "open": 0.95,
    "cells": 0.9,
    "runs": 0.85,
}  # of the rows of clean queries


def outcome(form, mode, share):
    results = [tried(form, mode, seed, share) for seed in range(PAGES)]
    silent = [difference for found, *_ in results for difference in found]
    return silent, sum((counts for _, counts, *_ in results), Counter())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("form", FORMS)
def test_nothing_differs_in_silence(form, mode):
    silent, counts = outcome(form, mode, share=0.4)
    assert silent == []
    assert min(counts["read"], counts["named"]) > PAGES / 4


@pytest.mark.parametrize("form", FORMS)
def test_what_is_worded_as_pages_should_is_read_and_not_only_named(form):
    silent, counts = outcome(form, "query", share=0)
    assert silent == []
    assert counts["read"] >= FLOOR[form] * (counts["read"] + counts["named"] + counts["gap beside the truth"])
