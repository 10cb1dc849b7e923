"""Hypothesis strategies for policies, snapshots, reports and the like, shared by the property tests."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from enum import Enum
from functools import cache
from itertools import combinations, permutations
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from handler import models
from handler.models import CATEGORIES, COUNTERS, Row, Severity, gaps, listeners
from handler.policy.canonical import canonical, digest
from handler.policy.rules import NO_LIMITS, Exemption, Limits, Policy, Rule
from handler.ports import ALL_PORTS, NAMED_PORTS, PortSet

SEVERITIES = [str(severity) for severity in Severity]
SEEN = st.characters(codec="utf-8")
texts = st.text(SEEN, min_size=1, max_size=30).map(lambda text: text if text.strip() else f"{text}x")
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=4)
ids = st.one_of(words, st.tuples(words, words).map("-".join))
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))
USUAL_PORTS = (1, 21, 22, 23, 443, 3389, 65535)
WIDTHS = 41


def _span(number):
    """First and last of some ports, of one number: half of them begin at a usual port, so that they meet."""
    number, width = divmod(number, WIDTHS)
    number, usual = divmod(number, 2)
    low = USUAL_PORTS[number % len(USUAL_PORTS)] if usual else 1 + number
    return low, min(65535, low + width)


port_numbers = st.one_of(st.sampled_from(USUAL_PORTS), st.integers(1, 65535))
spans = st.integers(0, 65535 * 2 * WIDTHS - 1).map(_span)  # one draw for each; policies have many
port_sets = st.lists(spans, min_size=1, max_size=4).map(PortSet.of)
rows = st.builds(
    Row,
    port=st.one_of(st.just(0), port_numbers),
    protocol=st.sampled_from(["tcp", "tcp6", "udp", "udp6", "sctp"]),
    num=st.integers(0, 9),
    status=st.sampled_from(["danger", "normal", "unknown", None]),
)


def some_of(words, *, least=1):
    """A part of the words, in their order, not empty unless `least` is 0."""
    return st.sampled_from([part for size in range(least, len(words) + 1) for part in combinations(words, size)])


# Made once: what is made inside of a composite is checked again for every example. Each value is one draw where it can be.
KINDS = st.sampled_from(["ports", "allowed_ports", "status", "statistic"])
SEVERITY = st.sampled_from(list(Severity))
PLACES = some_of(CATEGORIES)
PROTOCOLS = some_of(["tcp", "udp"])
STATUS = some_of(["danger", "normal", "unknown"])
ANY_STATUS = some_of(["danger", "normal", "unknown"], least=0)
STATISTIC = st.sampled_from(COUNTERS)
FEW = st.integers(0, 5)
NOTES = st.text(SEEN, max_size=30).map(lambda text: text if text.strip() else "")
LINKS = st.sampled_from([("https://example.org/a",) * times for times in range(3)])
TAGS = st.lists(texts, max_size=2)
ANY_DAY = st.one_of(st.none(), days)
ANY_PORTS = st.one_of(st.none(), port_sets)
PROJECTS = st.lists(texts, unique=True, max_size=2)
AT_MOST = st.sampled_from([None, *range(6)])
OF_FOUR = st.sampled_from([(), *permutations(range(4), 1), *permutations(range(4), 2)])
RULE_IDS = st.lists(ids, min_size=1, max_size=4, unique=True)
EXEMPTION_IDS = st.lists(ids, max_size=2, unique=True)
RUNBOOK = st.sampled_from(["", "https://example.org/steps"])
REQUIRED = st.lists(st.sampled_from(["ports", "ticket", "approved_by"]), unique=True).map(tuple)
LIMITS = st.just(NO_LIMITS) | st.builds(Limits, st.none() | st.integers(0, 9_999), REQUIRED)
EXPECTED = st.dictionaries(st.sampled_from(CATEGORIES), st.integers(1, 9))


def rules(rule_id):
    """Any rule of that name."""
    return _RULES.map(lambda rule: rule._replace(id=rule_id))


@st.composite
def _rules(draw):
    kind = draw(KINDS)
    listed = draw(port_sets) if kind in ("ports", "allowed_ports") else PortSet()
    forbidden = {"ports": listed, "allowed_ports": ALL_PORTS - listed, "status": NAMED_PORTS, "statistic": PortSet()}
    plain = kind == "statistic"
    return Rule(
        id="",
        kind=kind,
        title=draw(texts),
        severity=draw(SEVERITY),
        ports=forbidden[kind],
        listed=listed,
        categories=draw(PLACES),
        protocols=("tcp", "udp") if plain else draw(PROTOCOLS),
        status=() if plain else draw(STATUS if kind == "status" else ANY_STATUS),
        statistic=draw(STATISTIC) if plain else None,
        above=draw(FEW),
        rationale=draw(NOTES),
        remediation=draw(NOTES),
        references=draw(LINKS),
        tags=tuple(draw(TAGS)),
        owner=draw(NOTES),
        runbook=draw(RUNBOOK),
        effective_from=draw(ANY_DAY),
    )


_RULES = _rules()


@st.composite
def _exemptions(draw):
    """Of at most two rules, which are named by their places among those of the policy."""
    named = draw(OF_FOUR)
    return Exemption(
        id="",
        reason=draw(texts),
        owner=draw(texts),
        expires=draw(days),
        rules=named,
        ports=draw(ANY_PORTS if named else port_sets),
        categories=draw(PLACES),
        enterprise_projects=tuple(draw(PROJECTS)),
        up_to=draw(AT_MOST),
        protocols=draw(PROTOCOLS),
        ticket=draw(NOTES),
        approved_by=draw(NOTES),
    )


_EXEMPTIONS = _exemptions()


def _exemption(drawn, exemption_id, rule_ids):
    named = dict.fromkeys(rule_ids[place % len(rule_ids)] for place in drawn.rules)
    return drawn._replace(id=exemption_id, rules=tuple(named))


@st.composite
def policies(draw):
    """Any policy that the loader could have made, with its digest."""
    rule_ids = draw(RULE_IDS)
    built = Policy(
        name=draw(texts),
        digest="",
        rules=tuple(draw(_RULES)._replace(id=rule_id) for rule_id in rule_ids),
        exemptions=tuple(_exemption(draw(_EXEMPTIONS), one, rule_ids) for one in draw(EXEMPTION_IDS)),
        expect_rows=draw(EXPECTED),
        description=draw(NOTES),
        limits=draw(LIMITS),
    )
    return built._replace(digest=digest(built))


def policy_texts():
    """Policies as YAML documents (plain data)."""
    return policies().map(canonical)


PLAIN = {
    str: st.text(max_size=12),
    int: st.integers(0, 65_535),
    bool: st.booleans(),
    NoneType: st.none(),
    Any: st.one_of(st.none(), st.integers(0, 9), st.text(max_size=4)),
}


def hints(kind):
    """The types of a named tuple's fields, also those that its module imports for the type checker only."""
    names = vars(models) | vars(listeners) | vars(gaps) | {"Mapping": Mapping}
    return get_type_hints(kind, vars(sys.modules[kind.__module__]), names)


def nouns(kind, known=None):
    """Any value of a named tuple, each of its fields from its annotation.

    `known` gives strategies for the fields of some kinds, by kind and name; they hold for what is inside as well.
    """
    return _nouns(kind, frozenset((known or {}).items()))


@cache
def _nouns(kind, known):
    chosen = dict(known)
    fields = {
        name: chosen[kind, name] if (kind, name) in chosen else values(hint, chosen)
        for name, hint in hints(kind).items()
    }
    return st.builds(kind, **fields)


def values(hint, known=None):
    """Any value of a type that our nouns have fields of."""
    if hint in PLAIN:
        return PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of([values(one, known) for one in arguments])
    if origin is tuple and arguments[1:] == (...,):
        return st.lists(values(arguments[0], known), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*(values(one, known) for one in arguments))
    if origin is Mapping:
        return st.dictionaries(values(arguments[0], known), values(arguments[1], known), max_size=3)
    return st.sampled_from(list(hint)) if issubclass(hint, Enum) else nouns(hint, known)


def exact(value):
    """The value with the type of each of its parts, so that a list is no tuple and 4 no severity."""
    if isinstance(value, Mapping):
        return {key: exact(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value), [exact(part) for part in value]
    return type(value), value
