"""What the cases of a policy came to, and which rules and exemptions none of them fires. Pure."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from handler.named_tuple import NamedTuple
from handler.review.cases import run_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from handler.models import Evaluation
    from handler.policy.rules import Exemption, Policy, Rule
    from handler.review.cases import CaseResult, Suite


class Fired(NamedTuple):
    """How much of a policy its cases fire. A rule is fired by a finding, exempted or announced row of it."""

    total: int
    rules: tuple[Rule, ...]  # never fired
    exemptions: tuple[Exemption, ...]  # never fired

    @property
    def fired(self) -> int:
        """How many rules and exemptions at least one case fires."""
        return self.total - len(self.rules) - len(self.exemptions)

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means all."""
        return 100 * self.fired // self.total if self.total else 100

    def below(self, percent: int) -> bool:
        """Whether less than that share is fired."""
        return self.percent < percent


class SuiteResult(NamedTuple):
    """All cases of one policy, run."""

    policy_path: str
    results: tuple[CaseResult, ...]
    coverage: Fired

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """The cases that differ from what they expect."""
        return tuple(result for result in self.results if result.differences)


def run_suite(suite: Suite) -> SuiteResult:
    """Run every case of one policy."""
    results = tuple(run_case(suite.policy, case) for case in suite.cases)
    return SuiteResult(suite.policy_path, results, fired_by(suite.policy, results))


def fired_by(policy: Policy, results: Iterable[CaseResult]) -> Fired:
    """Which rules and exemptions these results never name."""
    evaluations = [result.evaluation for result in results]
    rules = set(chain.from_iterable(map(_rules_of, evaluations)))
    exemptions = {item.exemption_id for evaluation in evaluations for item in evaluation.exempted}
    return Fired(
        total=len(policy.rules) + len(policy.exemptions),
        rules=tuple(rule for rule in policy.rules if rule.id not in rules),
        exemptions=tuple(exemption for exemption in policy.exemptions if exemption.id not in exemptions),
    )


def _rules_of(evaluation: Evaluation) -> Iterator[str]:
    """The rules that this names, whatever became of what they found."""
    yield from (finding.rule_id for finding in evaluation.findings)
    yield from (item.finding.rule_id for item in evaluation.exempted)
    yield from (item.finding.rule_id for item in evaluation.announced)
