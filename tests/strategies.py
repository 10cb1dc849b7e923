"""Hypothesis strategies for policies, snapshots and the like, shared by the property tests."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from handler.models import CATEGORIES, COUNTERS, Row, Severity
from handler.policy.canonical import canonical, digest
from handler.policy.rules import Exemption, Policy, Rule
from handler.ports import ALL_PORTS, NAMED_PORTS, PortSet

SEVERITIES = [str(severity) for severity in Severity]
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)
ids = st.from_regex(r"[a-z0-9]{1,4}(-[a-z0-9]{1,4})?", fullmatch=True)
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
    return st.sets(st.sampled_from(words), min_size=1).map(lambda chosen: tuple(w for w in words if w in chosen))


@st.composite
def rules(draw, rule_id):
    kind = draw(st.sampled_from(["ports", "allowed_ports", "status", "statistic"]))
    listed = draw(port_sets) if kind in ("ports", "allowed_ports") else PortSet()
    forbidden = {"ports": listed, "allowed_ports": ALL_PORTS - listed, "status": NAMED_PORTS, "statistic": PortSet()}
    plain = kind == "statistic"
    status = some_of(["danger", "normal", "unknown"])
    return Rule(
        id=rule_id,
        kind=kind,
        title=draw(texts),
        severity=draw(st.sampled_from(list(Severity))),
        ports=forbidden[kind],
        listed=listed,
        categories=draw(some_of(CATEGORIES)),
        protocols=("tcp", "udp") if plain else draw(some_of(["tcp", "udp"])),
        status=() if plain else draw(status if kind == "status" else st.one_of(st.just(()), status)),
        statistic=draw(st.sampled_from(COUNTERS)) if plain else None,
        above=draw(st.integers(0, 5)),
        rationale=draw(st.one_of(st.just(""), texts)),
        remediation=draw(st.one_of(st.just(""), texts)),
        references=tuple(draw(st.lists(st.just("https://example.org/a"), max_size=2))),
        tags=tuple(draw(st.lists(texts, max_size=2))),
        effective_from=draw(st.one_of(st.none(), days)),
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
        ports=draw(st.one_of(st.none(), port_sets) if named else port_sets),
        categories=draw(some_of(CATEGORIES)),
        enterprise_projects=tuple(draw(st.lists(texts, unique=True, max_size=2))),
        up_to=draw(st.one_of(st.none(), st.integers(0, 5))),
        ticket=draw(st.one_of(st.just(""), texts)),
    )


@st.composite
def policies(draw):
    """Any policy that the loader could have made, with its digest."""
    rule_ids = draw(st.lists(ids, min_size=1, max_size=4, unique=True))
    built = Policy(
        name=draw(texts),
        digest="",
        rules=tuple(draw(rules(rule_id)) for rule_id in rule_ids),
        exemptions=tuple(draw(exemptions(one, rule_ids)) for one in draw(st.lists(ids, max_size=2, unique=True))),
        expect_rows=draw(st.dictionaries(st.sampled_from(CATEGORIES), st.integers(1, 9))),
        description=draw(st.one_of(st.just(""), texts)),
    )
    return Policy(**{name: getattr(built, name) for name in Policy._fields} | {"digest": digest(built)})


def policy_texts():
    """Policies as YAML documents (plain data)."""
    return policies().map(canonical)
