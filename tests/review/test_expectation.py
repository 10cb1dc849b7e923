"""Expected entries and results are paired as well as any pairing could."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from handler.review.expectation import _agree, _Entry, _pair
from tests.examples import examples

RULE, PORT, PROTOCOL = st.sampled_from("ab"), st.sampled_from([1, 2, 3]), st.sampled_from(["tcp", "udp"])
GOT = st.fixed_dictionaries({"rule": RULE, "port": PORT, "protocol": PROTOCOL})
WANTED = st.fixed_dictionaries({"rule": RULE}, optional={"port": PORT, "protocol": PROTOCOL})


def best(entries, got, used=frozenset()):
    """The size of the largest pairing, by trying all."""
    if not entries:
        return 0
    free = [at for at, other in enumerate(got) if at not in used and _agree(entries[0], other)]
    return max([best(entries[1:], got, used), *(1 + best(entries[1:], got, used | {at}) for at in free)])


@given(st.lists(WANTED, max_size=5), st.lists(GOT, max_size=5))
@settings(max_examples=examples(300), deadline=None)
def test_no_pairing_is_larger(wanted, results):
    entries, got = [_Entry(facts, "") for facts in wanted], [_Entry(facts, "") for facts in results]
    pairs = _pair(entries, got)
    assert len(set(pairs.values())) == len(pairs) == best(entries, got)
    assert all(_agree(entries[index], got[at]) for at, index in pairs.items())
