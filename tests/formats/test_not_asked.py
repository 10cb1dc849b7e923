"""What a run did not ask is said by every format, and by none as if it were clean or a finding."""

from __future__ import annotations

import csv
import io
import json

import jsonschema
import junitparser
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

from handler.decide.schedule import Deferred
from handler.formats.not_asked import NotAsked
from handler.formats.registry import MERGED, render_all
from tests.environments import invalid
from tests.fakes import report
from tests.formats.test_machines import SARIF, SCHEMA

AT = "2026-11-22T12:00:00Z"
STALE = Deferred("stale", "2026-11-20T12:00:00Z", "compliant", "inconclusive", {"high": 0})
OPEN = Deferred("open", AT, "violations", "violations", {"critical": 0, "high": 2, "low": 1})
CLEAN = Deferred("clean", AT, "compliant", "compliant", {"high": 0})
COMING = Deferred("coming", "", None, None)
EVERY = NotAsked((STALE, OPEN, CLEAN, COMING), "run-1", AT)
ONLY_CLEAN = NotAsked((CLEAN,), "run-1", AT)


def shown(format_, not_asked=EVERY, reports=()):
    return render_all(format_, reports, several=True, not_asked=not_asked)


@pytest.mark.parametrize("reports", [(), (report(),)])
@pytest.mark.parametrize("format_", sorted(MERGED))
def test_every_format_names_what_is_not_known_to_be_clean(format_, reports):
    text = shown(format_, reports=reports)
    assert "stale" in text
    assert "open" in text


@pytest.mark.parametrize("format_", sorted(MERGED))
def test_where_every_target_was_asked_a_format_says_what_it_said_before(format_):
    assert shown(format_, NotAsked((), "run-1", AT), [report()]) == render_all(format_, [report()], several=True)


def test_text_and_markdown_begin_with_a_sentence_for_each_that_counts_and_sum_up_the_others():
    sentences = [
        "stale counts as inconclusive: last compliant at 2026-11-20T12:00:00Z",
        f"open counts as violations: last violations at {AT}, 2 high, 1 low",
        "1 compliant, by the last run",
        "1 not checked yet",
    ]
    text, markdown = shown("text", reports=[report()]), shown("markdown", reports=[report()])
    assert text.splitlines()[0] == "NOT ASKED IN THIS RUN (4)"
    assert markdown.splitlines()[0] == "## ⚠️ Not asked in this run: 4 targets"
    for sentence in sentences:
        assert f" {sentence} " in " ".join(text.split())
        assert f"- {sentence}\n" in markdown
    assert shown("markdown", ONLY_CLEAN).startswith("## ✅ Not asked in this run: 1 target\n")


def test_thousands_that_were_not_asked_leave_markdown_within_its_limit():
    many = NotAsked(tuple(STALE._replace(name=f"t{n}") for n in range(5000)), "run-1", AT)
    assert len(shown("markdown", many, [report()] * 3)) < 65_536


def test_sarif_has_one_run_of_an_id_of_its_own_without_results():
    log = json.loads(shown("sarif", reports=[report()]))
    jsonschema.validate(log, SARIF)
    asked, others = log["runs"]
    assert asked["automationDetails"]["id"] == "port-compliance/prod/"
    assert (others["automationDetails"]["id"], others["results"]) == ("port-compliance/_not_asked/", [])
    (call,) = others["invocations"]
    assert call["executionSuccessful"] is False
    assert [one["level"] for one in call["toolExecutionNotifications"]] == ["error", "warning", "note", "note"]
    assert call["toolExecutionNotifications"][1]["message"]["text"] == (
        f"not asked in this run: open counts as violations: last violations at {AT}, 2 high, 1 low"
    )
    (clean,) = json.loads(shown("sarif", ONLY_CLEAN))["runs"]
    assert clean["invocations"][0]["executionSuccessful"] is True


@pytest.mark.real
def test_sarif_of_what_was_not_asked_is_valid_for_the_published_schema():
    if not SCHEMA.exists():
        pytest.skip("needs the npm packages of tests/browser (npm ci)")
    assert invalid(SCHEMA, {"others": json.loads(shown("sarif"))}) == {"others": None}


def test_junit_has_an_error_for_what_is_not_known_and_a_skipped_case_for_the_others():
    *_, others = junitparser.JUnitXml.fromstring(shown("junit", reports=[report()]).encode())
    assert (others.tests, others.failures, others.errors, others.skipped) == (4, 0, 1, 3)
    assert [type(case.result[0]).__name__ for case in others] == ["Error", "Skipped", "Skipped", "Skipped"]
    assert "counts as violations" in list(others)[1].result[0].message


def test_ocsf_has_a_warning_for_each_that_is_not_known_to_be_clean():
    events = json.loads(shown("ocsf"))
    for event in events:
        ComplianceFinding.model_validate(event)
        assert event["compliance"]["status"] == "Warning"
        assert event["time"] == 1_795_348_800_000
    assert [event["resources"][0]["name"] for event in events] == ["stale", "open", "coming"]
    assert [event["severity"] for event in events] == ["Medium", "High", "Medium"]
    assert len({event["finding_info"]["uid"] for event in events}) == 3
    assert json.loads(shown("ocsf", ONLY_CLEAN)) == []


@pytest.mark.parametrize("servers", [False, True])
def test_csv_has_a_line_for_each_that_is_not_known_to_be_clean_that_is_no_finding(servers):
    text = render_all("csv", [report()], several=True, servers=servers, not_asked=EVERY)
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [(line["target"], line["result"], line["rule_id"]) for line in lines] == [
        ("stale", "not asked", ""), ("open", "not asked", ""), ("coming", "not asked", ""),
    ]  # fmt: skip
    assert "last violations" in lines[1]["message"]
    assert None not in lines[0]  # no line has more cells than the header


def levels(*deferred, reports=()):
    shown_as = shown("github", NotAsked(deferred, "run-1", AT), reports).splitlines()
    return [line.split()[0].strip(":") for line in shown_as if "Not asked" in line]


def test_github_has_an_error_for_what_makes_the_run_fail_and_a_notice_for_the_others():
    assert (
        levels(*EVERY.deferred) == levels(*EVERY.deferred, reports=[report()]) == ["error", "error", "notice", "notice"]
    )
    assert levels(STALE, CLEAN) == levels(OPEN, CLEAN) == levels(OPEN, COMING) == ["error", "notice"]
    assert levels(CLEAN, COMING) == ["notice", "notice"]


@pytest.mark.parametrize(("reports", "level"), [((), "error"), ((report(),), "notice")])
def test_what_is_still_to_come_is_an_error_where_nothing_else_is_known(reports, level):
    assert levels(COMING, reports=reports) == [level]


def test_github_sums_up_what_is_clean():
    assert shown("github", ONLY_CLEAN) == "::notice title=Not asked in this run::1 compliant, by the last run\n"


def test_openmetrics_keeps_the_verdict_and_the_last_findings_of_who_was_checked_before():
    families = {one.name: one.samples for one in text_string_to_metric_families(shown("openmetrics"))}
    verdicts = {
        sample.labels["target"]: sample.labels["verdict"]
        for sample in families["port_compliance_verdict"]
        if sample.value
    }
    assert verdicts == {"stale": "inconclusive", "open": "violations", "clean": "compliant"}
    counts = [
        (sample.labels["severity"], sample.value)
        for sample in families["port_compliance_findings"]
        if sample.labels["target"] == "open"
    ]
    assert counts == [("critical", 0), ("high", 2), ("low", 1)]


def test_a_first_run_that_died_is_not_told_as_a_verdict():
    died = NotAsked((Deferred("died", AT, None, "inconclusive"),), "run-1", AT)
    assert f"died counts as inconclusive: its run at {AT} did not end" in shown("markdown", died)
