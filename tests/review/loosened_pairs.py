"""Small policies in pairs, and a plain walk over every row of a small world that says where the second is weaker."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from itertools import product

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from handler.decide.evaluate import evaluate
from handler.models import CATEGORIES, CategorySnapshot, Row, Severity, Snapshot, Target
from handler.policy.rules import NO_LIMITS, Exemption, Limits, Policy, Rule
from handler.ports import ALL_PORTS, NAMED_PORTS, PortSet
from handler.review.loosened import loosened
from handler.review.mutants import mutants
from tests.strategies import some_of

DAY = date(2026, 12, 1)
DAYS = [DAY + timedelta(days=ahead) for ahead in range(5)]
PORTS, KINDS, NUMS, STATUSES = range(5), ("tcp6", "udp", "sctp"), (1, 2, 3, 4), (None, "danger", "normal")
PROJECTS = ("p", "all_granted_eps")
COUNTERS = ("app_num", "database_num")
ROWS = tuple(Row(*parts) for parts in product(PORTS, KINDS, NUMS, STATUSES))
port_sets = st.sets(st.integers(1, 3), min_size=1).map(PortSet.of_ports)
small_limits = st.just(NO_LIMITS) | st.builds(
    Limits, st.none() | st.integers(0, 3), st.sampled_from([(), ("ticket",), ("ports",)])
)
near_days = st.integers(-1, 3).map(lambda ahead: DAY + timedelta(days=ahead))


@st.composite
def small_rules(draw, name):
    kind = draw(st.sampled_from(["ports", "ports", "ports", "allowed_ports", "status", "statistic"]))
    listed = draw(port_sets) if kind in ("ports", "allowed_ports") else PortSet()
    forbidden = {"ports": listed, "allowed_ports": ALL_PORTS - listed, "status": NAMED_PORTS, "statistic": PortSet()}
    counts = kind == "statistic"
    status = draw(st.sampled_from([("danger",), ("danger", "normal")])) if draw(st.booleans()) else ()
    return Rule(
        id=name,
        kind=kind,
        severity=draw(st.sampled_from([Severity.LOW, Severity.HIGH])),
        ports=forbidden[kind],
        categories=draw(some_of(CATEGORIES)),
        protocols=("tcp", "udp") if counts else draw(some_of(["tcp", "udp"])),
        status=() if counts else ("danger",) if kind == "status" else status,
        statistic=draw(st.sampled_from(COUNTERS)) if counts else None,
        above=draw(st.integers(0, 3)),
        effective_from=draw(st.none() | near_days),
    )


@st.composite
def small_exemptions(draw, name, rule_ids):
    return Exemption(
        id=name,
        reason="r",
        owner="o",
        expires=draw(near_days),
        rules=draw(st.sampled_from([(), *((rule_id,) for rule_id in rule_ids)])),
        ports=draw(st.none() | port_sets),
        categories=draw(some_of(CATEGORIES)),
        enterprise_projects=draw(st.sampled_from([(), (), ("p",)])),
        up_to=draw(st.none() | st.integers(0, 3)),
        protocols=draw(some_of(["tcp", "udp"])),
        ticket=draw(st.sampled_from(["", "T-1"])),
    )


@st.composite
def small_policies(draw):
    names = ["a", "b", "c"][: draw(st.integers(1, 3))]
    exempted = ["x", "y"][: draw(st.integers(0, 2))]
    rules = tuple(draw(small_rules(name)) for name in names)
    exemptions = tuple(draw(small_exemptions(name, names)) for name in exempted)
    return Policy("p", "", rules, exemptions, limits=draw(small_limits))


@st.composite
def pairs(draw):
    """Two policies: of their own, or the second is the first with a few changes, in another order."""
    old = draw(small_policies())
    if draw(st.integers(0, 3)) == 0:
        return old, draw(small_policies())
    new = old
    for _ in range(draw(st.integers(0, 2))):
        changed = list(mutants(new))
        new = draw(st.sampled_from(changed)).policy if changed else new
    if draw(st.integers(0, 3)) == 0:
        new = new._replace(limits=draw(small_limits))
    if draw(st.booleans()):
        new = new._replace(rules=(*new.rules, draw(small_rules("d"))))
    return old, new._replace(rules=tuple(draw(st.permutations(new.rules))))


def worst(policy):
    """The worst severity with which each row and counter of the small world is found; what is not found is not in it."""
    counts = NUMS if any(rule.statistic for rule in policy.rules) else ()
    named = any(exemption.enterprise_projects for exemption in policy.exemptions)
    found = {}
    for day, count in product(DAYS, (None, *counts)):
        for projects in [(name,) for name in PROJECTS] if named else [PROJECTS]:
            for one in evaluate(policy, _world(count, projects[0]), day).findings:
                counter = one.message.split()[0] if one.port is None else None
                for project in projects:
                    at = (one.category, counter, one.port, one.protocol, one.num, one.status, day, project)
                    found[at] = max(found.get(at, one.severity), one.severity)
    return found


def _world(count, project):
    """Every row, or no row and each counter at that count."""
    rows = ROWS if count is None else ()
    counters = dict.fromkeys(COUNTERS, count or 0)
    listings = tuple(
        CategorySnapshot(name, rows, len(rows), counters, "pages", every_row=True, complete=True) for name in CATEGORIES
    )
    return Snapshot(Target(enterprise_project_id=project), "2026-12-01T00:00:00Z", listings)


def weaker_rows(old, new):
    """Each row and counter that the second policy finds less severely: from which severity to which (None: nothing)."""
    before, after = worst(old), worst(new)
    weaker = {}
    for at, severity in before.items():
        now = after.get(at)
        if now is None or now < severity:
            weaker[at] = (severity, now)
    return weaker


def rows_of(places, old, new):
    """The rows and counters of the small world that these places name."""
    known = {status for rule in (*old.rules, *new.rules) for status in rule.status}
    rows = {}
    for place in places:
        for at in _points(place, known):
            assert at not in rows, "no row is named twice"
            rows[at] = (place.was, place.now)
    return rows


def _points(place, known):
    shown = {"tcp": "tcp6", "udp": "udp", "other": "sctp"}
    kinds = [shown[protocol] for protocol in place.protocols] if place.counter is None else [None]
    ports = [port for port in PORTS if place.low <= port <= place.high] if place.counter is None else [None]
    nums = [num for num in NUMS if place.least <= num and (place.most is None or num <= place.most)]
    days = [day for day in DAYS if place.since <= day and (place.until is None or day <= place.until)]
    projects = [name for name in PROJECTS if not place.projects or name in place.projects]
    statuses = (
        [status for status in STATUSES if _named(status, place.statuses, known)] if place.counter is None else [None]
    )
    counted = [place.counter]
    return product([place.category], counted, ports, kinds, nums, statuses, days, projects)


def _named(status, statuses, known):
    """Whether a place with these statuses holds such a row; `other` is every one that no rule knows."""
    return not statuses or status in statuses or ("other" in statuses and status not in known)


def compare_many(count):
    """Compare so many pairs on all cores, and say after each thousand how many were weaker. Raises AssertionError."""
    pairs_so_far = weaker = 0
    with ProcessPoolExecutor() as pool:
        for came in pool.map(_weaker_of_a_thousand, range(0, count, 1000)):
            pairs_so_far, weaker = pairs_so_far + 1000, weaker + came
            print({"pairs": pairs_so_far, "weaker": weaker}, flush=True)


def _weaker_of_a_thousand(first):
    """How many of the thousand pairs of that seed are weaker, each as the walk says."""
    came = []

    @settings(max_examples=1000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(pairs())
    def compare(pair):
        found = rows_of(loosened(*pair, DAY), *pair)
        assert found == weaker_rows(*pair)
        came.append(bool(found))

    seed(first)(compare)()
    return sum(came)


if __name__ == "__main__":  # python -m tests.review.loosened_pairs 20000
    compare_many(int(sys.argv[1]))
