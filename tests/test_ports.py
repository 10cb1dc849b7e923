"""Port sets behave like sets of integers."""

from hypothesis import given
from hypothesis import strategies as st

from handler.ports import PortSet

ranges = st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 300)).map(lambda p: (p[0], min(65535, p[0] + p[1]))))
port_sets = ranges.map(PortSet.of)


@given(ranges)
def test_the_ranges_are_sorted_disjoint_and_hold_the_same_ports(ranges):
    merged = PortSet.of(ranges)
    assert set(merged) == {port for low, high in ranges for port in range(low, high + 1)}
    assert len(merged) == len(set(merged))
    assert all(high + 1 < low for (_, high), (low, _) in zip(merged.ranges, merged.ranges[1:], strict=False))


@given(port_sets, port_sets)
def test_union_difference_and_intersection_are_those_of_sets(one, other):
    assert set(one | other) == set(one) | set(other)
    assert set(one - other) == set(one) - set(other)
    assert set(one & other) == set(one) & set(other)


@given(port_sets, st.integers(0, 65535))
def test_membership_is_that_of_sets(ports, port):
    assert (port in ports) == (port in set(ports))


def test_a_set_reads_like_a_policy():
    assert str(PortSet.of([(21, 21), (135, 137), (138, 139), (23, 23)])) == "21, 23, 135-139"


def test_an_empty_set_is_false():
    assert not PortSet()
    assert PortSet.of_ports([0])
