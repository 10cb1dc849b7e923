"""Hypothesis strategies for policies, snapshots, reports and the like, shared by the property tests."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from enum import Enum
from functools import cache
from itertools import combinations
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from handler import models
from handler.models import CATEGORIES, COUNTERS, Row, Severity, gaps, listeners
from handler.policy.canonical import canonical, digest
from handler.policy.rules import NO_LIMITS, Exemption, Limits, Policy, Rule
from handler.ports import ALL_PORTS, NAMED_PORTS, PortSet

SEVERITIES = [str(severity) for severity in Severity]
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=4)
ids = st.one_of(words, st.tuples(words, words).map("-".join))
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))
port_numbers = st.one_of(st.sampled_from([1, 21, 22, 23, 443, 3389, 65535]), st.integers(1, 65535))
spans = st.tuples(port_numbers, st.integers(0, 40)).map(lambda span: (span[0], min(65535, span[0] + span[1])))
port_sets = st.lists(spans, min_size=1, max_size=4).map(PortSet.of)
rows = st.builds(
    Row,
    port=st.one_of(st.just(0), port_numbers),
    protocol=st.sampled_from(["tcp", "tcp6", "udp", "udp6", "sctp"]),
    num=st.integers(0, 9),
    status=st.sampled_from(["danger", "normal", "unknown", None]),
)


def some_of(words):
    """A part of the words, not empty, in their order."""
    return st.sampled_from([part for size in range(1, len(words) + 1) for part in combinations(words, size)])


# Made once: what is made inside of a composite is checked again for every example.
KINDS = st.sampled_from(["ports", "allowed_ports", "status", "statistic"])
SEVERITY = st.sampled_from(list(Severity))
PLACES = some_of(CATEGORIES)
PROTOCOLS = some_of(["tcp", "udp"])
STATUS = some_of(["danger", "normal", "unknown"])
ANY_STATUS = st.one_of(st.just(()), STATUS)
STATISTIC = st.sampled_from(COUNTERS)
FEW = st.integers(0, 5)
NOTES = st.one_of(st.just(""), texts)
LINKS = st.lists(st.just("https://example.org/a"), max_size=2)
TAGS = st.lists(texts, max_size=2)
ANY_DAY = st.one_of(st.none(), days)
ANY_PORTS = st.one_of(st.none(), port_sets)
PROJECTS = st.lists(texts, unique=True, max_size=2)
AT_MOST = st.one_of(st.none(), FEW)
RULE_IDS = st.lists(ids, min_size=1, max_size=4, unique=True)
EXEMPTION_IDS = st.lists(ids, max_size=2, unique=True)
RUNBOOK = st.sampled_from(["", "https://example.org/steps"])
REQUIRED = st.lists(st.sampled_from(["ports", "ticket", "approved_by"]), unique=True).map(tuple)
LIMITS = st.just(NO_LIMITS) | st.builds(Limits, st.none() | st.integers(0, 9_999), REQUIRED)
EXPECTED = st.dictionaries(st.sampled_from(CATEGORIES), st.integers(1, 9))


@st.composite
def rules(draw, rule_id):
    kind = draw(KINDS)
    listed = draw(port_sets) if kind in ("ports", "allowed_ports") else PortSet()
    forbidden = {"ports": listed, "allowed_ports": ALL_PORTS - listed, "status": NAMED_PORTS, "statistic": PortSet()}
    plain = kind == "statistic"
    return Rule(
        id=rule_id,
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
        references=tuple(draw(LINKS)),
        tags=tuple(draw(TAGS)),
        owner=draw(NOTES),
        runbook=draw(RUNBOOK),
        effective_from=draw(ANY_DAY),
    )


@st.composite
def exemptions(draw, exemption_id, rule_ids):
    named = tuple(draw(st.lists(st.sampled_from(rule_ids), unique=True, max_size=2)))
    return Exemption(
        id=exemption_id,
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


@st.composite
def policies(draw):
    """Any policy that the loader could have made, with its digest."""
    rule_ids = draw(RULE_IDS)
    built = Policy(
        name=draw(texts),
        digest="",
        rules=tuple(draw(rules(rule_id)) for rule_id in rule_ids),
        exemptions=tuple(draw(exemptions(one, rule_ids)) for one in draw(EXEMPTION_IDS)),
        expect_rows=draw(EXPECTED),
        description=draw(NOTES),
        limits=draw(LIMITS),
    )
    return Policy(**{name: getattr(built, name) for name in Policy._fields} | {"digest": digest(built)})


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
