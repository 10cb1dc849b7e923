"""The report of a run as it is built, its counts, and which verdict is worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.models import SEVERITIES, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from handler.decide.schedule import Deferred
    from handler.models import Evaluation, Finding, Snapshot, Verdict
    from handler.policy.rules import Policy

VERDICTS: tuple[Verdict, ...] = ("inconclusive", "violations", "compliant")  # worst first


def build_report(run_id: str, started_at: str, policy: Policy, snapshot: Snapshot, evaluation: Evaluation) -> Report:
    """The report of a run before anybody was told; `finished_at` is `started_at` until the run ends."""
    return Report(
        run_id=run_id,
        started_at=started_at,
        finished_at=started_at,
        verdict=verdict_of(evaluation),
        policy_name=policy.name,
        policy_digest=policy.digest,
        policy_files=policy.files,
        target=snapshot.target,
        coverage=evaluation.coverage,
        findings=evaluation.findings,
        exempted=evaluation.exempted,
        announced=evaluation.announced,
        exemption_notices=evaluation.exemption_notices,
        vendor=evaluation.vendor,
        problems=evaluation.problems,
        warnings=(*policy.warnings, *evaluation.warnings),
        taken_at=snapshot.taken_at,
        rule_places={rule.id: (rule.location.file, rule.location.line) for rule in policy.rules},
    )


def verdict_of(evaluation: Evaluation) -> Verdict:
    """`inconclusive` if an asked category is not complete, else `violations` with a finding, else `compliant`."""
    asked = [category for category in evaluation.coverage if category.plan != "skipped"]
    if not asked or any(not category.complete for category in asked):
        return "inconclusive"
    return "violations" if evaluation.findings else "compliant"


def count_severities(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings of each severity, worst first, zeros included."""
    found = [finding.severity for finding in findings]
    return {str(severity): found.count(severity) for severity in SEVERITIES}


def counts_of(report: Report) -> Mapping[str, int]:
    """How many findings of each severity the run made, those that were left out of the report included."""
    return count_severities(report.findings) if report.counts is None else report.counts


def worst_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several targets' verdicts; of none, `inconclusive`."""
    return min(verdicts, key=VERDICTS.index, default="inconclusive")


def verdict_of_run(reports: Iterable[Report], deferred: Iterable[Deferred]) -> Verdict:
    """The worst of what was asked and of what the others stand for, but for those whose first turn is still to come."""
    stand = (one.stands for one in deferred if one.stands is not None)
    return worst_verdict((*(report.verdict for report in reports), *stand))


def worst_target_first(reports: Iterable[Report]) -> list[Report]:
    """The reports of several targets, worst verdict first, those of one verdict by name."""
    return sorted(reports, key=lambda report: (VERDICTS.index(report.verdict), report.target.name))


def narrowed_away(report: Report) -> tuple[str, ...]:
    """The categories that the policy speaks of and a setting kept from being asked: nothing is known of them."""
    return tuple(one.category for one in report.coverage if one.plan == "skipped")


def asked_at(report: Report) -> str:
    """When HSS was asked; an empty text where it was not: no call got as far, and no recorded answer was read."""
    answers = [one for one in report.coverage if one.plan != "skipped"]
    asked = any(one.api_calls or one.rows or one.complete or one.total_num is not None for one in answers)
    return (report.taken_at or report.started_at) if asked else ""
