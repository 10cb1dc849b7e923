"""Small policies written as their rules and exemptions, for pairs made by hand."""

from __future__ import annotations

from tests.small_policies import policy_of


def policy(*rules, exempt=(), expect="", limits=""):
    """A policy of these rules and exemptions, each the inside of a YAML mapping."""
    return policy_of(written(*rules, exempt=exempt, expect=expect, limits=limits))


def written(*rules, exempt=(), expect="", limits=""):
    """The same as a text; a table of many is read by the one who tests it."""
    lines = ["version: 1", *([f"expect_rows: {{{expect}}}"] if expect else [])]
    lines += [f"limits: {{{limits}}}"] if limits else []
    lines += ["rules:", *(f"  - {{{rule}}}" for rule in rules)]
    lines += ["exemptions:"] if exempt else []
    lines += [f"  - {{id: e{at}, reason: r, owner: o, {one}}}" for at, one in enumerate(exempt)]
    return "\n".join(lines) + "\n"
