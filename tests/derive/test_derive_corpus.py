"""Some hundred made pages of every form: each row is derived as it was described, or named in a gap."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.derivation.compare import MODES, tried
from tests.derivation.pages import FORMS
from tests.examples import examples

PAGES = examples(40)  # of each form and mode; tens of thousands by hand, see tests/derivation
FLOOR = {
    "rst": 1.0,
    "rows": 1.0,
    "text": 0.95,
    "open": 0.95,
    "cells": 0.9,
    "runs": 0.85,
}  # of the rows of clean queries


def outcomes(form, share):
    """All differences of some pages in both modes, and how their rows were read by mode."""
    results = [tried(form, seed, share) for seed in range(PAGES)]
    silent = [difference for result in results for one in result.values() for difference in one.differences]
    return silent, {mode: sum((result[mode].counts for result in results), Counter()) for mode in MODES}


@pytest.mark.parametrize("form", FORMS)
def test_nothing_differs_in_silence(form):
    silent, counts = outcomes(form, share=0.4)
    assert silent == []
    assert all(min(counts[mode]["read"], counts[mode]["named"]) > PAGES / 4 for mode in MODES)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_worded_as_pages_should_is_read_and_not_only_named(form):
    silent, counts = outcomes(form, share=0)
    assert silent == []
    assert counts["query"]["read"] >= FLOOR[form] * counts["query"].total()
