"""The workers' shares of the test modules: together all of them, each worker beginning with another."""

import pytest

from tests.shared_bytecode import from_share

MODULES = tuple(range(231))


@pytest.mark.parametrize("count", [1, 2, 3, 8, 300])
def test_the_workers_begin_at_even_distances(count):
    begins = [len(MODULES) - len(from_share(MODULES, number, count)) if number else 0 for number in range(count)]
    gaps = {after - before for before, after in zip(begins, [*begins[1:], len(MODULES)], strict=True)}
    assert max(gaps) - min(gaps) <= 1


def test_the_first_worker_imports_nothing_early():
    assert not from_share(MODULES, 0, 2)
