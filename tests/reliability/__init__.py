"""A small world with faults, and what its receivers heard: nothing lost, nothing twice."""

from tests.reliability.kind import FAKE, POLICY, FakeKind
from tests.reliability.scenarios import SCENARIOS, simulate
from tests.reliability.world import World

__all__ = ["FAKE", "POLICY", "SCENARIOS", "FakeKind", "World", "simulate"]
