"""A stored report comes back as it was; a newer, cut-off or edited one is refused in one clear line."""

import json

import pytest

from handler.errors import ReportError
from handler.formats.registry import FORMATS, render_report
from handler.report.json_v1 import report_dict, targets_dict
from handler.report.report_file import parse_report, parse_reports
from tests.fakes import finding, report
from tests.format_reports import REPORTS, violating


def stored(one):
    return render_report("json", one).encode()


def edited(**other):
    return json.dumps({**report_dict(violating()), **other}).encode()


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_comes_back_as_it_was(name):
    assert report_dict(parse_report(stored(REPORTS[name]), "r.json")) == report_dict(REPORTS[name])


@pytest.mark.parametrize("format_", [name for name in FORMATS if name != "html"])
def test_a_stored_report_renders_as_the_fresh_one_but_for_what_json_leaves_out(format_):
    fresh = violating()
    assert render_report(format_, parse_report(stored(fresh), "r.json")) == render_report(format_, fresh)


def test_hostile_text_comes_back_and_stays_inert():
    shown = render_report("text", parse_report(stored(REPORTS["hostile"]), "r.json"))
    assert "\x1b" not in shown


def test_several_targets_come_back_in_order():
    data = json.dumps(targets_dict("run", [report(), violating()])).encode()
    assert [one.verdict for one in parse_reports(data, "r.json")] == ["violations", "compliant"]
    with pytest.raises(ReportError, match="holds 2 reports"):
        parse_report(data, "r.json")


@pytest.mark.parametrize("version", ["2", 1, None, "1.1"])
def test_a_newer_version_is_refused(version):
    with pytest.raises(ReportError, match=r"^r\.json: not a report of version 1 \(it says version ") as caught:
        parse_report(edited(version=version), "r.json")
    assert "newer" in caught.value.hint


@pytest.mark.parametrize("keep", [0, 1, 100, -2])
def test_a_cut_off_file_is_refused(keep):
    with pytest.raises(ReportError, match=r"r\.json: not JSON, or cut off"):
        parse_report(stored(violating())[:keep], "r.json")


@pytest.mark.parametrize("data", [b"[]", b"1", b"null", b"\xff\xfe", b"[" * 100_000, b'{"version": NaN}'])
def test_what_is_not_a_report_is_refused(data):
    with pytest.raises(ReportError, match=r"^r\.json: not "):
        parse_report(data, "r.json")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"verdict": "compliant"}, "compliant, with 4 findings"),
        ({"findings": []}, "counts: do not fit"),
        ({"started_at": "yesterday"}, "'yesterday' is not a time"),
        ({"verdict": "fine"}, "'fine' is not one of"),
        ({"surprise": 1}, "surprise"),
        ({"coverage": [{"category": "host", "plan": "pages", "api_calls": 1, "rows": 10**12, "total_num": 1,
                        "complete": True, "problems": []}]}, "more than 4000000 rows"),
    ],
)  # fmt: skip
def test_an_edited_report_is_refused_with_the_place(change, says):
    with pytest.raises(ReportError, match=says):
        parse_report(edited(**change), "r.json")


def test_all_problems_are_told_at_once():
    with pytest.raises(ReportError) as caught:
        parse_report(edited(verdict="fine", run_id=1), "r.json")
    assert caught.value.message.count("\n") == 1


def test_a_bad_time_in_a_finding_is_refused():
    with pytest.raises(ReportError, match="findings: 'soon' is not a time"):
        parse_report(stored(report(finding(first_seen="soon"))), "r.json")
