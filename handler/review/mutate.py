"""Which small changes to a policy its own tests do not notice. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.named_tuple import NamedTuple
from handler.review.cases import run_case, snapshot_of
from handler.review.mutants import mutants
from handler.review.probes import differs

if TYPE_CHECKING:
    from handler.models import Snapshot
    from handler.policy.rules import Policy
    from handler.review.cases import Case, Suite
    from handler.review.mutants import Mutant


class MutationResult(NamedTuple):
    """The mutants of one policy: how many its tests kill, which survive, how many say the same as the policy."""

    policy_path: str
    killed: int
    survivors: tuple[Mutant, ...]
    equivalent: int
    broken: tuple[str, ...] = ()  # names of cases that fail without any change, so they prove nothing

    @property
    def total(self) -> int:
        """The mutants that differ from the policy."""
        return self.killed + len(self.survivors)

    def below(self, percent: int) -> bool:
        """Whether less than that share is killed (or a case is broken), without rounding."""
        return bool(self.broken) or 100 * self.killed < percent * self.total


def mutate_suite(suite: Suite) -> MutationResult:
    """Every mutant of the policy that differs from it, against the cases that pass unchanged."""
    broken = [case for case in suite.cases if run_case(suite.policy, case).differences]
    sound = [(case, snapshot_of(case)) for case in suite.cases if case not in broken]
    killed = equivalent = 0
    survivors: list[Mutant] = []
    for mutant in mutants(suite.policy):
        if _kills(mutant.policy, sound):
            killed += 1
        elif differs(suite.policy, mutant):
            survivors.append(mutant)
        else:
            equivalent += 1
    names = tuple(case.name for case in broken)
    return MutationResult(suite.policy_path, killed, tuple(survivors), equivalent, names)


def _kills(policy: Policy, cases: list[tuple[Case, Snapshot]]) -> bool:
    """Whether some case notices; that one is asked first from now on, because the next mutant is much like this one."""
    for at, (case, snapshot) in enumerate(cases):
        if run_case(policy, case, snapshot).differences:
            cases.insert(0, cases.pop(at))
            return True
    return False
