"""SARIF, JUnit, OCSF, OpenMetrics and CSV, each read back by a library that is not ours."""

import csv
import io
import json
from functools import cache
from pathlib import Path

import jsonschema
import junitparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

from handler.errors import UsageError
from handler.formats.ocsf import ocsf_event, ocsf_events
from handler.formats.registry import FORMATS, MERGED, render_all, render_report
from handler.formats.words import not_seen
from handler.models import AnnouncedFinding, Changes, ExemptedFinding, Problem
from handler.models.listeners import Host
from handler.report.json_v1 import report_dict
from tests.environments import invalid
from tests.examples import examples
from tests.fakes import TARGET, category, finding, report
from tests.format_reports import NASTY, REPORTS, announced, exempted, hostile, inconclusive, violating

every_report = pytest.mark.parametrize("name", REPORTS)
SCHEMA = Path("tests/browser/node_modules/@microsoft/sarif-multitool-linux/sarif-2.1.0.json")

# What code scanning and viewers rely on, from chapters 3.13 to 3.27 of the standard; not the published schema, see below.
TEXT = {"type": "object", "properties": {"text": {"type": "string", "minLength": 1}}, "required": ["text"]}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results", "invocations"],
                "properties": {
                    "results": {
                        "type": "array",
                        "items": {
                            "required": ["message", "ruleId", "ruleIndex", "level", "partialFingerprints"],
                            "properties": {
                                "message": TEXT,
                                "level": LEVEL,
                                "baselineState": {"enum": ["new", "unchanged", "updated", "absent"]},
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                            },
                        },
                    },
                    "invocations": {
                        "items": {
                            "required": ["executionSuccessful"],
                            "properties": {
                                "toolExecutionNotifications": {
                                    "items": {"required": ["message"], "properties": {"message": TEXT, "level": LEVEL}}
                                }
                            },
                        }
                    },
                },
            },
        },
    },
}


@every_report
@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "html"])
def test_every_format_bears_every_report(name, format_):
    shown = render_report(format_, REPORTS[name])
    assert shown.endswith("\n")
    assert not set(shown) & {"\x1b", "\x07", "\x00", "\u202e", "\u2066", "\ud800", "\r"}
    shown.encode()


def test_an_unknown_format_is_refused_with_the_list():
    with pytest.raises(UsageError, match="'pdf'") as caught:
        render_report("pdf", report())
    assert "openmetrics" in caught.value.hint


def test_json_is_the_whole_report():
    assert json.loads(render_report("json", violating())) == report_dict(violating())
    assert len(json.loads(render_report("json", hostile("x" * 10_000)))["findings"][0]["title"]) == 10_000


@every_report
def test_sarif_has_the_shape_that_its_readers_need(name):
    log = json.loads(render_report("sarif", REPORTS[name]))
    jsonschema.validate(log, SARIF)
    for run in log["runs"]:
        for result in run["results"]:
            assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


@pytest.mark.real
@every_report
def test_sarif_is_valid_for_the_published_schema(name):
    if not SCHEMA.exists():
        pytest.skip("needs the npm packages of tests/browser (npm ci)")
    assert sarif_problems()[name] is None


@cache
def sarif_problems():
    return invalid(SCHEMA, {name: json.loads(render_report("sarif", one)) for name, one in REPORTS.items()})


def test_sarif_results_are_findings_only():
    for one in (report(), exempted(), announced(), inconclusive()):
        assert json.loads(render_report("sarif", one))["runs"][0]["results"] == []
    run = json.loads(render_report("sarif", violating()))["runs"][0]
    assert [result["partialFingerprints"]["portCompliance/v1"] for result in run["results"]] == [
        "telnet-23-tcp-host", "telnet-23-tcp6-host", "rdp-3389-tcp-host", "databases-None-None-host",
    ]  # fmt: skip
    assert [result["baselineState"] for result in run["results"]][:2] == ["new", "unchanged"]


def test_sarif_says_what_was_not_seen_as_a_notification_of_the_tool():
    call = json.loads(render_report("sarif", inconclusive()))["runs"][0]["invocations"][0]
    assert call["executionSuccessful"] is False
    assert call["toolExecutionNotifications"] == [
        {"level": "error", "message": {"text": "host: page 2 of 3 did not come"}}
    ]


def suite(one):
    (only,) = junitparser.JUnitXml.fromstring(render_report("junit", one).encode())
    return only


@every_report
def test_junit_counts_what_it_holds(name):
    only, one = suite(REPORTS[name]), REPORTS[name]
    kinds = [type(case.result[0]).__name__ if case.result else "passed" for case in only]
    assert (only.tests, only.failures, only.errors, only.skipped) == (
        len(kinds), kinds.count("Failure"), kinds.count("Error"), kinds.count("Skipped"),
    )  # fmt: skip
    assert only.failures == len(one.findings)
    assert (only.errors > 0) == (one.verdict == "inconclusive")
    assert only.skipped == len(one.exempted) + len(one.announced)


def test_junit_passes_a_category_that_was_seen_whole():
    (case,) = suite(report())
    assert case.classname == "port-compliance.host"
    assert case.is_passed


@every_report
def test_ocsf_events_are_compliance_findings_in_milliseconds(name):
    events = json.loads(render_report("ocsf", REPORTS[name]))
    for event in events:
        ComplianceFinding.model_validate(event)
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["time"] == 1_795_348_800_000
        assert {"version", "product"} <= event["metadata"].keys()
        assert event["compliance"]["status_id"] in (1, 2, 3)


def test_ocsf_is_an_empty_array_only_when_clean():
    assert [ocsf_events(one) for one in (report(), exempted(), announced())] == [[], [], []]
    (blind,) = ocsf_events(inconclusive())
    assert blind["compliance"]["status"] == "Warning"


def test_ocsf_updates_what_is_known_and_closes_what_is_resolved():
    known = finding()
    one = report(known, finding("rdp", 3389), changes=Changes(ongoing=(known.fingerprint,)))
    assert [event["activity_id"] for event in ocsf_events(one)] == [2, 1]
    closed = ocsf_event(one, known, "close")
    assert (closed["type_uid"], closed["status_id"], closed["compliance"]["status_id"]) == (200303, 4, 1)


@every_report
def test_openmetrics_satisfies_the_strict_parser(name):
    families = {
        family.name: family for family in text_string_to_metric_families(render_report("openmetrics", REPORTS[name]))
    }
    verdicts = {s.labels["verdict"]: s.value for s in families["port_compliance_verdict"].samples}
    assert verdicts.pop(REPORTS[name].verdict) == 1
    assert set(verdicts.values()) == {0}


def test_openmetrics_counts_findings_by_severity():
    families = {
        family.name: family for family in text_string_to_metric_families(render_report("openmetrics", violating()))
    }
    counts = {sample.labels["severity"]: sample.value for sample in families["port_compliance_findings"].samples}
    assert counts == {"critical": 2, "high": 1, "medium": 0, "low": 1, "info": 0}


def test_openmetrics_counts_the_findings_that_were_left_out_too():
    counts = {"critical": 0, "high": 7, "medium": 0, "low": 0, "info": 0}
    cut = render_report("openmetrics", violating()._replace(findings=(), omitted=7, counts=counts))
    assert 'severity="high"} 7' in cut


def test_openmetrics_adds_up_samples_that_would_be_the_same():
    one = report(finding("x" * 200), finding("x" * 201))
    families = {family.name: family for family in text_string_to_metric_families(render_report("openmetrics", one))}
    assert [sample.value for sample in families["port_compliance_finding_num"].samples] == [6]


@every_report
@pytest.mark.parametrize("servers", [True, False])
def test_csv_is_a_header_and_one_line_per_finding_or_server(name, servers):
    one = REPORTS[name]
    shown = render_report("csv", one, servers=servers)
    lines = list(csv.reader(io.StringIO(shown), strict=True))
    told = [*one.findings, *(item.finding for item in (*one.exempted, *one.announced))]
    found = sum(len((servers and finding.hosts) or (None,)) for finding in told)
    assert shown.count("\n") == len(lines) == 1 + found + len(not_seen(one))
    assert {len(line) for line in lines} == {len(lines[0])}


@pytest.mark.parametrize("servers", [True, False])
@pytest.mark.parametrize("found", [(), (finding(),)])
def test_csv_says_what_could_not_be_seen_where_a_header_alone_would_read_as_clean(servers, found):
    reason = "=page 2 of host/ports: HTTP 500"
    host = category(name="host")._replace(complete=False, problems=(Problem(reason),))
    one = report(
        *found, verdict="inconclusive", coverage=(host, category(name="container")), problems=(Problem(reason),)
    )
    lines = list(csv.DictReader(io.StringIO(render_report("csv", one, servers=servers))))
    assert [line["result"] for line in lines] == [*("finding" for _ in found), "inconclusive"]
    assert (lines[-1]["target"], lines[-1]["message"], lines[-1]["rule_id"]) == ("prod", f"host: {reason}", "")
    assert None not in lines[-1]
    whole = one._replace(verdict="violations" if found else "compliant")
    assert "inconclusive" not in render_report("csv", whole, servers=servers)


def test_csv_has_a_line_for_a_run_that_does_not_say_why_and_none_of_its_cells_is_a_formula():
    told = (report(verdict="inconclusive"), report(verdict="inconclusive", problems=(Problem("=HYPERLINK(1)"),)))
    (first,), (second,) = (list(csv.DictReader(io.StringIO(render_report("csv", one)))) for one in told)
    assert "does not know what is open" in first["message"]
    assert second["message"] == "'=HYPERLINK(1)"


def test_csv_has_a_line_for_each_finding_and_server_where_servers_are_asked_for():
    hosts = tuple(Host(f"id-{at}", f"=win-{at}", "10.2.0.7", "0.0.0.0") for at in range(430))
    shown = render_report(
        "csv", report(finding(hosts=hosts), finding(port=24), finding(port=25, hosts=())), servers=True
    )
    header, *lines = csv.reader(io.StringIO(shown), strict=True)
    assert header[-3:] == ["host_id", "host_name", "host_ip"]
    assert [line[-3] for line in lines] == [*(f"id-{at}" for at in range(430)), "", ""]
    assert {len(line) for line in lines} == {len(header)}
    assert lines[7][-2:] == ["'=win-7", "10.2.0.7"]
    assert lines[7][header.index("hosts")] == "'=win-7 (10.2.0.7) listens on 0.0.0.0"


def test_csv_tells_findings_from_what_is_exempted_and_announced():
    waived = ExemptedFinding(finding(port=24), "lifts", "why", "o", "2027-03-31", 9, "EXC-1", "ciso")
    one = report(finding(), exempted=(waived,), announced=(AnnouncedFinding(finding(port=25), "2027-01-01"),))
    lines = list(csv.DictReader(io.StringIO(render_report("csv", one))))
    assert [(line["port"], line["result"]) for line in lines] == [
        ("23", "finding"), ("24", "exempted"), ("25", "announced"),
    ]  # fmt: skip
    assert [lines[1][name] for name in ("exemption", "ticket", "approved_by", "expires")] == [
        "lifts", "EXC-1", "ciso", "2027-03-31",
    ]  # fmt: skip
    assert lines[2]["effective_from"] == "2027-01-01"


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\n=1", "＝1", "\x00=1"])  # noqa: RUF001
def test_csv_makes_formulas_inert(formula):
    (_, line) = csv.reader(io.StringIO(render_report("csv", report(finding(title=formula)))))
    assert line[3][0] not in "=+-@＝＋－＠"  # noqa: RUF001


def test_github_annotations_are_one_command_per_line_with_everything_escaped():
    lines = render_report("github", hostile("50%, a:b\n::warning::forged")).splitlines()
    assert {line.split(" ", 1)[0] for line in lines} <= {"::error", "::warning", "::notice"}
    assert any("title=critical%3A 50%25%2C a%3Ab %3A%3Awarning%3A%3Aforged::" in line for line in lines)


def test_github_levels_follow_the_severity():
    levels = [line.split()[0] for line in render_report("github", violating()).splitlines()]
    assert levels == ["::error"] * 3 + ["::notice", "::warning", "::error"]
    assert render_report("github", report()).startswith("::notice title=compliant on prod")


def test_no_markup_reaches_a_machine_format_as_markup():
    assert "<script>" not in render_report("junit", hostile(NASTY))


SEVERAL = [violating(), report()._replace(target=TARGET._replace(name="test")), inconclusive()]


def test_several_targets_are_one_document_in_each_machine_format():
    shown = {name: render_all(name, SEVERAL, several=True) for name in MERGED}
    assert [one["verdict"] for one in json.loads(shown["json"])["targets"]] == [
        "inconclusive",
        "violations",
        "compliant",
    ]
    assert len(json.loads(shown["sarif"])["runs"]) == 3
    assert [suite.name for suite in junitparser.JUnitXml.fromstring(shown["junit"].encode())] == [
        "port-compliance prod", "port-compliance prod", "port-compliance test",
    ]  # fmt: skip
    assert len(json.loads(shown["ocsf"])) == 5
    assert shown["csv"].count("\n") == 1 + 4 + 1  # the header, four findings, and what could not be seen


def test_openmetrics_of_several_targets_name_each_family_once():
    shown = render_all("openmetrics", SEVERAL[:2], several=True)
    families = {family.name: family for family in text_string_to_metric_families(shown)}
    ends = families["port_compliance_run_end_timestamp_seconds"].samples
    assert [sample.labels["target"] for sample in ends] == ["prod", "test"]


def test_several_targets_for_people_follow_each_other():
    assert [line.split()[0] for line in render_all("text", SEVERAL, several=True).splitlines() if line.endswith("(otc, eu-de)")] == [
        "INCONCLUSIVE", "VIOLATIONS", "COMPLIANT",
    ]  # fmt: skip
    huge = report(*(finding(port=n, title="x" * 300) for n in range(1, 2000)))
    assert len(render_all("markdown", [huge, huge, huge], several=True)) < 65_536


def test_html_shows_one_target():
    with pytest.raises(UsageError, match="one target at a time"):
        render_all("html", SEVERAL, several=True)


def test_with_several_targets_configured_one_is_still_the_document_of_several():
    assert json.loads(render_all("json", [report()], several=True))["targets"] == [report_dict(report())]
    assert json.loads(render_all("json", [report()], several=False)) == report_dict(report())
    assert render_all("html", [report()], several=True) == render_report("html", report())


@given(st.text(max_size=80))
@settings(max_examples=examples(40), deadline=None)
def test_any_text_leaves_every_machine_format_well_formed(text):
    one = hostile(text)
    jsonschema.validate(json.loads(render_report("sarif", one)), SARIF)
    assert suite(one).failures == 1
    list(text_string_to_metric_families(render_report("openmetrics", one)))
    for event in json.loads(render_report("ocsf", one)):
        ComplianceFinding.model_validate(event)
    lines = list(csv.reader(io.StringIO(render_report("csv", one)), strict=True))
    assert len(lines) == 4 + len(not_seen(one))  # a header, found, exempted, announced, and what could not be seen
    assert all(line.startswith("::") for line in render_report("github", one).splitlines())
