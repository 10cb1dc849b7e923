"""Rules split by server: not weaker where the texts show that the parts are the whole, and never silent where they are."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.decide.evaluate import evaluate
from handler.models import CategorySnapshot, Row, Severity, Snapshot, Target
from handler.models.listeners import Listener, PortListeners
from handler.policy.rules import Exemption, Policy, Rule
from handler.ports import NAMED_PORTS
from handler.review.loosened import loosened
from tests.examples import examples
from tests.review.small_pairs import policy

DAY = date(2026, 12, 1)
HEX = "0123456789abcdef0123456789abcdef"
PROD = "id: rdp, ports: [3389], protocols: [tcp], hosts"
WIN = "id: win, ports: [3389], protocols: [tcp], hosts: [prod-win-*]"
REST = 'id: rest, ports: [3389], protocols: [tcp], hosts: [prod-*, "!prod-win-*"]'


def words(old, new):
    return [f"{place.words(DAY)}: {place.because}" for place in loosened(old, new, DAY)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (policy(f"{PROD}: [prod-*]"), policy(WIN, REST)),
        (policy(f"{PROD}: [prod-*]"), policy(REST, WIN)),
        (policy(f"{PROD}: [prod-*]"), policy("id: all-win, ports: [3389], hosts: ['*win-*', 'prod-win-*']", REST)),
        (policy(f"{PROD}: [prod-*], above: 3"), policy(WIN + ", above: 1", REST + ", above: 2")),
        (policy(f"{PROD}: [prod-*], severity: low"), policy(WIN, REST + ", severity: low")),
        (policy(f"{PROD}: ['!lab-*']"), policy(f"{PROD}: ['!lab-*', '!win-*']", "id: w, ports: [3389], hosts: [win-*]")),
        (
            policy(f"{PROD}: [10.0.0.0/8]"),
            policy(f"{PROD}: [10.2.0.0/16]", "id: r, ports: [3389], hosts: [10.0.0.0/8, '!10.2.0.0/16']"),
        ),
        (
            policy(f"{PROD}: [prod-*]"),
            policy(WIN, "id: a, ports: [3389], hosts: [prod-*, '!prod-win-*', '!prod-db-*']",
                   "id: b, ports: [3389], hosts: [prod-db-*]"),
        ),
        (
            policy(f"{PROD}: [prod-*], listening: beyond-loopback"),
            policy(WIN + ", listening: beyond-loopback", REST),
        ),
    ],
)  # fmt: skip
def test_a_rule_by_server_split_by_a_pattern_and_its_negation_is_not_loosened(old, new):
    assert words(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f"{PROD}: [prod-*]", (REST,), "high -> nothing, from today"),
        (f"{PROD}: [prod-*]", (WIN,), "high -> nothing, from today"),
        (f"{PROD}: [prod-*]", (WIN.replace("win-*", "win-1*"), REST), "high -> nothing, from today"),
        (f"{PROD}: [prod-*]", (WIN + ", severity: low", REST), "high -> low, from today"),
        (f"{PROD}: [prod-*]", (WIN + ", above: 1", REST), "num 1, servers prod-*: high -> nothing, from today"),
        (f"{PROD}: [prod-*], above: 1", (WIN + ", above: 1", REST + ", above: 1"), "num 2, servers prod-*: high -> nothing, from today"),
        (f"{PROD}: [prod-*]", (WIN + ", listening: beyond-loopback", REST), "high -> nothing, from today"),
        (f"{PROD}: [prod-*]", (WIN, REST + ", effective_from: 2027-01-01"), "from today to 2026-12-31"),
        # a server without a name is in the network, and in neither half
        (f"{PROD}: [10.0.0.0/8]",
         (f"{PROD}: [win-*]", 'id: r, ports: [3389], hosts: [10.0.0.0/8, "!win-*"]'), "high -> nothing, from today"),
        (f"{PROD}: ['*']", (f"{PROD}: [win-*]", 'id: r, ports: [3389], hosts: ["!win-*"]'), "high -> nothing"),
        (f'{PROD}: [{HEX}, "f*"]', (f"{PROD}: [f1*]", f'id: r, ports: [3389], hosts: [{HEX}, "f*", "!f1*"]'),
         "high -> nothing"),
    ],
)  # fmt: skip
def test_halves_that_do_not_plainly_say_the_whole_are_weaker(old, new, said):
    (place,) = words(policy(old), policy(*new))
    assert said in place


def test_a_rule_that_needed_no_listeners_says_less_where_they_are_not_told():
    plain, halves = policy("id: rdp, ports: [3389], protocols: [tcp]"), policy(WIN, REST.replace("prod-*, ", ""))
    row = CategorySnapshot("host", (Row(3389, "tcp", 1),), 1, None, "pages", every_row=True, complete=True)
    snapshot = Snapshot(Target(), "2026-12-01T00:00:00Z", (row,))
    assert len(evaluate(plain, snapshot, DAY).findings) == 1
    assert not evaluate(halves, snapshot, DAY).findings
    (said,) = words(plain, halves)
    assert said.startswith("3389/tcp on host: high -> nothing, from today: rule dropped; ")
    assert said.endswith("; win, rest cannot say so where HSS does not tell who listens")


ENTRIES = ("win-*", "win-1", "lin-*", "*", "10.2.0.0/16", "10.0.0.0/8", HEX, "f*")
SERVERS = tuple(
    Listener(host_id, name, ip, protocol="tcp", address=address)
    for host_id, name, ip, address in (
        ("e" * 32, "win-1", "10.2.0.7", "0.0.0.0"),
        ("d" * 32, "win-2", "10.9.0.7", "127.0.0.1"),
        ("c" * 32, "lin-1", "10.2.0.8", "0.0.0.0"),
        (HEX, "mac-2", "10.9.0.8", "0.0.0.0"),
        ("f" * 32, "lin-2", "192.0.2.7", "0.0.0.0"),
        ("b" * 32, "mac-1", "10.2.0.9", "0.0.0.0"),
    )
)
WORLDS = tuple(world for size in (1, 2, 3) for world in combinations(SERVERS, size))
server_lists = st.lists(st.sampled_from([*ENTRIES, *(f"!{entry}" for entry in ENTRIES)]), max_size=3, unique=True)


def _rule(name, hosts, severity, above, listening):
    return Rule(
        id=name,
        kind="ports",
        severity=severity,
        ports=NAMED_PORTS,
        hosts=tuple(hosts),
        above=above,
        listening=listening,
    )


levels = st.sampled_from([Severity.LOW, Severity.HIGH])
listenings = st.sampled_from(["any", "any", "beyond-loopback"])


@st.composite
def split_pairs(draw):
    """A rule by server, and rules that are its halves or nearly so, sometimes with an exemption of some servers."""
    hosts = draw(server_lists)
    old = _rule("old", hosts, draw(levels), draw(st.integers(0, 2)), draw(listenings))
    by = draw(st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=2, unique=True))
    away = [entry for entry in hosts if entry.startswith("!")]
    halves = [[*hosts, *(f"!{entry}" for entry in by)], *([entry, *away] for entry in by), draw(server_lists)]
    chosen = draw(st.permutations(halves))[: draw(st.integers(1, 4))]
    rules = tuple(_rule(f"r{at}", part, *_parts_near(draw, old)) for at, part in enumerate(chosen))
    exempt = tuple(
        Exemption("e", "r", "o", date(2027, 3, 31), hosts=tuple(draw(server_lists)), up_to=draw(st.none() | st.just(1)))
        for _ in range(draw(st.integers(0, 1)))
    )
    return Policy("p", "", (old,)), Policy("p", "", rules, exempt)


def _parts_near(draw, old):
    """Mostly as severe and tolerant as the old rule."""
    severity = draw(st.sampled_from([old.severity, old.severity, Severity.LOW]))
    above = draw(st.sampled_from([0, 0, old.above, 1]))
    return severity, above, draw(st.sampled_from([old.listening, "any"]))


def _worst(policy):
    """The worst severity found on each port, behind each of which is another world; on the last nobody knows who."""
    rows = [Row(at, "tcp", len(world)) for at, world in enumerate(WORLDS, 1)]
    rows.append(Row(len(WORLDS) + 1, "tcp", 3))
    listeners = tuple(PortListeners(at, world) for at, world in enumerate(WORLDS, 1))
    listing = CategorySnapshot(
        "host", tuple(rows), len(rows), None, "pages", every_row=True, complete=True, listeners=listeners
    )
    found = {}
    for one in evaluate(policy, Snapshot(Target(), "2026-12-01T00:00:00Z", (listing,)), DAY).findings:
        found[one.port] = max(found.get(one.port, one.severity), one.severity)
    return found


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(split_pairs())
def test_nothing_is_silent_where_some_servers_are_found_less_severely(pair):
    """Where HSS tells name, id and address of each: else a longer list may be undecided, for it asks for more."""
    old, new = pair
    if not loosened(old, new, DAY):
        before, after = _worst(old), _worst(new)
        assert all(port in after and after[port] >= severity for port, severity in before.items())
