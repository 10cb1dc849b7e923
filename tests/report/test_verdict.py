"""The report: JSON version 1, exit codes, and how it is made to fit."""

import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from handler.decide.schedule import Deferred
from handler.errors import SettingsError
from handler.models import (
    AnnouncedFinding,
    Changes,
    Evaluation,
    ExemptedFinding,
    ExemptionNotice,
    PastFinding,
    Problem,
    Report,
    Row,
    Severity,
)
from handler.models.delivery import Delivery
from handler.models.gaps import Gaps
from handler.models.listeners import Host
from handler.policy.rules import Location, Policy, Rule
from handler.report.fit import fit_report
from handler.report.json_v1 import report_dict, targets_dict
from handler.report.verdict import asked_at, build_report, narrowed_away, worst_verdict
from handler.run.result import RunResult, exit_code
from tests.fakes import TARGET, category, finding, report, snapshot

SCHEMA = Draft202012Validator(json.loads(files("handler.schemas").joinpath("report.schema.json").read_text()))
KEYS = [
    "version",
    "run_id",
    "started_at",
    "finished_at",
    "verdict",
    "policy",
    "target",
    "coverage",
    "statistics",
    "counts",
    "vendor",
    "announced",
    "findings",
    "exempted",
    "changes",
    "deliveries",
    "problems",
    "warnings",
    "omitted",
]
FULL = report(
    finding(hosts=(Host("h-1", "web-1", "10.0.0.1", "0.0.0.0", "/usr/sbin/telnetd", 7, "", loopback_only=False),)),
    exempted=(ExemptedFinding(finding(port=24), "old", "r", "o", "2027-03-31", 129, "https://t.example"),),
    announced=(AnnouncedFinding(finding(port=25), "2026-12-01"),),
    vendor=Gaps((("host", 99, "udp"),), ()),
    changes=Changes(
        new=("a",),
        grown=("b",),
        ongoing=("c",),
        resolved=(PastFinding(finding(port=26), "tolerated"),),
        reopened=("d",),
        newly_forbidden=("e",),
        raised=("b",),
        lowered=("f",),
    ),
    deliveries=(Delivery("soc", "slack", "delivered"),),
    problems=(Problem("broken", "$.data_list[0].port"),),
    warnings=("careful",),
)


@pytest.mark.parametrize("one", [report(), FULL, report()._replace(coverage=(), verdict="inconclusive")])
def test_every_report_fits_its_published_schema(one):
    SCHEMA.validate(report_dict(one))
    SCHEMA.validate(targets_dict("r", [one, one]))


def test_the_keys_are_those_of_the_contract():
    assert list(report_dict(FULL)) == KEYS


def test_problems_are_sentences_with_their_path():
    assert report_dict(FULL)["problems"] == ["$.data_list[0].port: broken"]


def test_counts_by_severity_hold_zeros_worst_first():
    counts = report_dict(report(finding(), finding(port=24, severity=Severity.LOW)))["counts"]
    assert list(counts.items()) == [("critical", 1), ("high", 0), ("medium", 0), ("low", 1), ("info", 0)]


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (report(), 0),
        (report(finding()), 1),
        (report(verdict="inconclusive"), 3),
        (report(finding(), verdict="inconclusive", deliveries=(Delivery("s", "slack", "failed"),)), 3),
        (report(finding(), deliveries=(Delivery("s", "slack", "failed"),)), 4),
        (report(deliveries=(Delivery("s", "slack", "owed"),)), 4),
        (report(deliveries=(Delivery("s", "slack", "quiet"), Delivery("t", "teams", "accepted"))), 0),
    ],
)
def test_the_first_exit_code_that_applies(one, code):
    assert exit_code(one) == code
    assert RunResult((one,)).exit_code == code


@pytest.mark.parametrize(("fail_on", "code"), [("high", 1), ("critical", 0)])
def test_fail_on_changes_the_exit_code_and_not_the_verdict(fail_on, code):
    one = report(finding(severity=Severity.HIGH))
    assert exit_code(one, Severity.of(fail_on)) == code
    assert one.verdict == "violations"


def test_several_targets_exit_with_the_worst():
    unknown = report()._replace(verdict="inconclusive")
    owed = report(deliveries=(Delivery("s", "slack", "owed"),))
    assert RunResult((report(finding()), unknown, owed)).exit_code == 3
    assert RunResult((report(finding()), owed)).exit_code == 4
    assert RunResult((report(), report(finding()))).exit_code == 1
    assert RunResult(()).exit_code == 3


def test_a_usage_error_exits_with_two_whatever_its_report_says():
    failed = RunResult((report(verdict="inconclusive"),), error=SettingsError("no policy"))
    assert (failed.exit_code, failed.exit_code_for(Severity.CRITICAL)) == (2, 2)


@pytest.mark.parametrize(("status", "accepted"), [("delivered", True), ("accepted", True), ("owed", False)])
def test_a_run_is_known_to_somebody_only_where_a_sink_took_it(status, accepted):
    silent, told = report(), report(deliveries=(Delivery("s", "slack", "quiet"), Delivery("t", "teams", status)))
    assert RunResult((silent, told)).accepted is accepted


def test_the_document_is_the_one_report_or_all_of_them_under_the_id_of_the_run():
    one = report(finding())
    assert RunResult((one,)).document() == report_dict(one)
    for several in (RunResult((one,), several=True), RunResult((one, report()))):
        document = several.document()
        assert (document["run_id"], document["verdict"]) == ("run-1", "violations")
        assert document["targets"] == [report_dict(each) for each in several.reports]
    nothing = {"version": "1", "run_id": "", "verdict": "inconclusive", "targets": [], "deferred": []}
    assert RunResult(()).document() == nothing


def test_what_was_not_asked_counts_by_what_it_stands_for_and_has_a_quarter_of_the_room():
    old = Deferred("old", "2026-11-20T12:00:00Z", "compliant", "inconclusive")
    found = Deferred("found", "2026-11-22T12:00:00Z", "violations", "violations", {"low": 1, "high": 0})
    later = Deferred("later", "", None, None)
    one = (report(),)
    assert (RunResult(one, True, deferred=(later,)).verdict, RunResult((), deferred=(later,)).verdict) == (
        "compliant",
        "inconclusive",
    )
    assert RunResult(one, True, deferred=(later, found)).exit_code == 1
    assert RunResult(one, True, deferred=(later, found)).exit_code_for(Severity.MEDIUM) == 0
    whole = RunResult(one, True, deferred=(old, found, later), run_id="run-9")
    assert (whole.exit_code, whole.not_known) == (3, ("old was not asked; last compliant at 2026-11-20T12:00:00Z",))
    document = whole.document()
    SCHEMA.validate(document)
    assert (document["run_id"], document["verdict"]) == ("run-9", "inconclusive")
    assert document["deferred"] == [
        {"name": "old", "last_run_at": "2026-11-20T12:00:00Z", "verdict": "compliant"},
        {"name": "found", "last_run_at": "2026-11-22T12:00:00Z", "verdict": "violations"},
        {"name": "later", "last_run_at": None, "verdict": None},
    ]
    many = RunResult(one, True, deferred=tuple(found._replace(name=f"t{n:04}") for n in range(5000)))
    cut = many.document()
    assert len(json.dumps(cut).encode()) < 60_000
    assert (len(cut["deferred"]) > 400, cut["verdict"], many.exit_code) == (True, "violations", 1)


def test_the_worst_verdict_comes_first_and_nothing_is_not_compliant():
    assert worst_verdict(["compliant", "violations"]) == "violations"
    assert worst_verdict([]) == "inconclusive"
    result = targets_dict("r", [report(), report(finding()), report(verdict="inconclusive")])
    assert [one["verdict"] for one in result["targets"]] == ["inconclusive", "violations", "compliant"]


def test_a_report_that_is_too_large_drops_the_least_severe_findings_and_counts_them():
    many = [finding(port=p, severity=Severity.CRITICAL if p < 10 else Severity.LOW) for p in range(1000)]
    cut = fit_report(report(*many), 50_000)
    assert len(json.dumps(report_dict(cut))) < 50_000
    assert cut.omitted == 1000 - len(cut.findings)
    assert [f.port for f in cut.findings[:10]] == list(range(10))


def test_a_report_that_fits_is_not_touched():
    assert fit_report(FULL) is FULL


def test_even_a_report_of_exemptions_fits():
    many = tuple(ExemptedFinding(finding(port=p), "old", "r" * 500, "o", "2027-03-31", 1) for p in range(500))
    cut = fit_report(report(finding(), exempted=many), 60_000)
    assert len(json.dumps(report_dict(cut))) < 60_000
    assert (cut.verdict, cut.omitted, len(cut.findings), len(cut.exempted)) == ("violations", 0, 1, 20)
    assert "too long" in cut.warnings[-1]


def test_what_was_cut_still_counts():
    many = [finding(port=p, severity=Severity.LOW) for p in range(1000)]
    cut = report_dict(fit_report(report(*many), 50_000))
    assert cut["counts"]["low"] == 1000 == len(cut["findings"]) + cut["omitted"]


def test_a_report_is_built_of_all_that_the_run_knows():
    """Each value is one of its own, so that none can stand in another's place."""
    evaluation = Evaluation(
        findings=(finding(),),
        exempted=(ExemptedFinding(finding(port=24), "old", "r", "o", "2027-03-31", 129),),
        announced=(AnnouncedFinding(finding(port=25), "2026-12-01"),),
        exemption_notices=(ExemptionNotice("old", "o", "2026-11-30", 8),),
        coverage=(category(),),
        vendor=Gaps((("host", 99, "udp"),), ()),
        problems=(Problem("page 3 is missing"),),
        warnings=("of the evaluation",),
    )
    rule = Rule("telnet", "ports", location=Location("policies/p.yaml", 4, 2))
    policy = Policy("baseline", "sha256:0", (rule,), (), files=("policies/p.yaml",), warnings=("of the policy",))
    assert build_report("run-1", "2026-11-22T12:00:00Z", policy, snapshot(), evaluation) == Report(
        run_id="run-1",
        started_at="2026-11-22T12:00:00Z",
        finished_at="2026-11-22T12:00:00Z",
        verdict="violations",
        policy_name="baseline",
        policy_digest="sha256:0",
        policy_files=("policies/p.yaml",),
        target=TARGET,
        warnings=("of the policy", "of the evaluation"),
        taken_at=snapshot().taken_at,
        rule_places={"telnet": ("policies/p.yaml", 4)},
        **{name: getattr(evaluation, name) for name in Evaluation._fields if name != "warnings"},
    )


@pytest.mark.parametrize(
    ("rows", "changes", "asked"),
    [
        (0, {"api_calls": 1, "complete": False}, True),
        (0, {"api_calls": 0, "complete": True}, True),
        (1, {"api_calls": 0, "complete": False}, True),
        (0, {"api_calls": 0, "complete": False, "total_num": 11}, True),  # recorded: an answer without a row
        (0, {"api_calls": 0, "complete": False, "total_num": None}, False),
        (0, {"api_calls": 1, "complete": True, "plan": "skipped"}, False),
    ],
)
def test_a_report_says_when_hss_was_asked_if_it_was(rows, changes, asked):
    one = report(coverage=(category([Row(23, "tcp", 1)] * rows, **changes),))
    assert asked_at(one) == (one.taken_at if asked else "")
    assert asked_at(one._replace(taken_at=None)) == (one.started_at if asked else "")
    assert asked_at(report(coverage=())) == ""


def test_the_categories_that_a_setting_kept_from_being_asked_are_named():
    parts = (
        category(name="container", complete=False, plan="skipped"),
        category(),
        category(name="third", plan="skipped"),
    )
    assert narrowed_away(report(coverage=parts)) == ("container", "third")
    assert narrowed_away(report(coverage=parts[1:2])) == ()
