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
FIRST_DAY, LAST_DAY = date(2020, 1, 1).toordinal(), date(2040, 12, 31).toordinal()
days = st.integers(FIRST_DAY, LAST_DAY).map(date.fromordinal)
USUAL_PORTS = (1, 21, 22, 23, 443, 3389, 65535)
WIDTHS = 41
SPANS = 65535 * 2 * WIDTHS
PORT_SETS = 4 * SPANS**4


BITS = 128
NUMBER = st.integers(0, 2**BITS - 1)
"""A rule is made of one such number and one text, because what costs time is each draw and each map."""


def mixed(number):
    """Another number of as many bits: those of Hypothesis are mostly small, and the high digits are to differ too."""
    return number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**BITS


def _span(number):
    """First and last of some ports, of one number: half of them begin at a usual port, so that they meet."""
    number, width = divmod(number, WIDTHS)
    number, usual = divmod(number, 2)
    low = USUAL_PORTS[number % len(USUAL_PORTS)] if usual else 1 + number
    return low, min(65535, low + width)


def _port_set(number):
    """One to four of them, of one number too."""
    number, more = divmod(number, 4)
    return PortSet.of([_span(number // SPANS**place % SPANS) for place in range(1 + more)])


port_numbers = st.one_of(st.sampled_from(USUAL_PORTS), st.integers(1, 65535))
spans = st.integers(0, SPANS - 1).map(_span)
port_sets = st.integers(0, PORT_SETS - 1).map(lambda number: _port_set(mixed(number) % PORT_SETS))
rows = st.builds(
    Row,
    port=st.one_of(st.just(0), port_numbers),
    protocol=st.sampled_from(["tcp", "tcp6", "udp", "udp6", "sctp"]),
    num=st.integers(0, 9),
    status=st.sampled_from(["danger", "normal", "unknown", None]),
)


def parts_of(words, *, least=1):
    """Every part of the words, each in their order, without the empty one unless `least` is 0."""
    return [part for size in range(least, len(words) + 1) for part in combinations(words, size)]


def some_of(words, *, least=1):
    """A part of the words, in their order, not empty unless `least` is 0."""
    return st.sampled_from(parts_of(words, least=least))


def chosen(choices, number):
    """One of the values of each name, by the digits of the number, and what is left of the number."""
    taken = {}
    for name, values in choices.items():
        number, place = divmod(number, len(values))
        taken[name] = values[place]
    return taken, number


def _cut(text, parts, most):
    """The text as so many texts that say something, and empty ones up to `most`."""
    shown = [text[place::parts] for place in range(parts)]
    return [part if part.strip() else f"{part}x" for part in shown] + [""] * (most - parts)


def _id(number):
    """One or two words of one to three letters and digits."""
    letters = ""
    while number or not letters:
        number, place = divmod(number, 36)
        letters += LETTERS[place]
    return f"{letters[:3]}-{letters[3:]}" if letters[3:] else letters


# Made once: what is made inside of a composite is checked again for every example.
WORDS = st.text(SEEN, min_size=8, max_size=60)  # cut into the texts of a rule or an exemption
OF_A_RULE = {
    "kind": ("ports", "allowed_ports", "status", "statistic"),
    "severity": tuple(Severity),
    "categories": parts_of(CATEGORIES),
    "protocols": parts_of(["tcp", "udp"]),
    "status": parts_of(["danger", "normal", "unknown"], least=0),
    "statistic": COUNTERS,
    "above": range(6),
    "references": [("https://example.org/a",) * times for times in range(3)],
    "runbook": ("", "https://example.org/steps"),
    "texts": range(1, 7),  # title, and perhaps rationale, remediation, owner and two tags
    "dated": (False, True),
    "day": range(FIRST_DAY, LAST_DAY + 1),
}
OF_AN_EXEMPTION = {
    "rules": [(), *permutations(range(4), 1), *permutations(range(4), 2)],  # by their places in the policy
    "bound": (False, True),
    "categories": parts_of(CATEGORIES),
    "up_to": (None, *range(6)),
    "protocols": parts_of(["tcp", "udp"]),
    "texts": range(2, 7),  # reason and owner, and perhaps ticket, who approved, and two projects
    "expires": range(FIRST_DAY, LAST_DAY + 1),
}
NOTES = st.text(SEEN, max_size=30).map(lambda text: text if text.strip() else "")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
RULE_IDS = st.lists(st.integers(0, 36**6 - 1), min_size=1, max_size=4, unique=True)
EXEMPTION_IDS = st.lists(st.integers(0, 36**6 - 1), max_size=2, unique=True)
NAMES_OF_TERMS = ("ports", "ticket", "approved_by")
OF_A_POLICY = {
    "expect_rows": [{}, *({name: rows} for name in CATEGORIES for rows in range(1, 10)), {"host": 3, "container": 7}],
    "limited": (False, True),
    "exemption_days": (None, 0, 1, 9, 30, 180, 365, 9_999),
    "require": [(), *(some for size in (1, 2, 3) for some in permutations(NAMES_OF_TERMS, size))],
}


def rules(rule_id):
    """Any rule of that name."""
    return _RULES.map(lambda rule: rule._replace(id=rule_id))


@st.composite
def _rules(draw):
    said, number = chosen(OF_A_RULE, mixed(draw(NUMBER)))
    kind, statistic, status = said.pop("kind"), said.pop("statistic"), said.pop("status")
    dated, day = said.pop("dated"), date.fromordinal(said.pop("day"))
    title, rationale, remediation, owner, *tags = _cut(draw(WORDS), said.pop("texts"), 6)
    listed = _port_set(number % PORT_SETS) if kind in ("ports", "allowed_ports") else PortSet()
    forbidden = {"ports": listed, "allowed_ports": ALL_PORTS - listed, "status": NAMED_PORTS, "statistic": PortSet()}
    if kind == "statistic":
        said |= {"protocols": ("tcp", "udp"), "statistic": statistic}
    else:
        said["status"] = status or (("danger",) if kind == "status" else ())
    return Rule(
        **said,
        id="",
        kind=kind,
        title=title,
        ports=forbidden[kind],
        rationale=rationale,
        remediation=remediation,
        owner=owner,
        tags=tuple(tag for tag in tags if tag),
        effective_from=day if dated else None,
    )


_RULES = _rules()


@st.composite
def _exemptions(draw):
    said, number = chosen(OF_AN_EXEMPTION, mixed(draw(NUMBER)))
    bound = said.pop("bound") or not said["rules"]
    reason, owner, ticket, approved_by, *projects = _cut(draw(WORDS), said.pop("texts"), 6)
    return Exemption(
        **said | {"expires": date.fromordinal(said["expires"])},
        id="",
        reason=reason,
        owner=owner,
        ports=_port_set(number % PORT_SETS) if bound else None,
        enterprise_projects=tuple(dict.fromkeys(project for project in projects if project)),
        ticket=ticket,
        approved_by=approved_by,
    )


_EXEMPTIONS = _exemptions()


def _exemption(drawn, exemption_id, rule_ids):
    named = dict.fromkeys(rule_ids[place % len(rule_ids)] for place in drawn.rules)
    return drawn._replace(id=exemption_id, rules=tuple(named))


@st.composite
def policies(draw):
    """Any policy that the loader could have made, with its digest."""
    said, _ = chosen(OF_A_POLICY, mixed(draw(NUMBER)))
    rule_ids = [_id(number) for number in draw(RULE_IDS)]
    exemption_ids = [_id(number) for number in draw(EXEMPTION_IDS)]
    built = Policy(
        name=draw(texts),
        digest="",
        rules=tuple(draw(_RULES)._replace(id=rule_id) for rule_id in rule_ids),
        exemptions=tuple(_exemption(draw(_EXEMPTIONS), one, rule_ids) for one in exemption_ids),
        expect_rows=said["expect_rows"],
        description=draw(NOTES),
        limits=Limits(said["exemption_days"], said["require"]) if said["limited"] else NO_LIMITS,
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


@cache
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
