"""A stored report comes back as it was; a newer, cut-off or edited one is refused in one clear line."""

import json

import pytest

from handler.errors import ReportError
from handler.formats.registry import FORMATS, render_report
from handler.models import Severity
from handler.report.json_file import MAX_JSON_BYTES, parse_object, schema_problems
from handler.report.json_v1 import report_dict, targets_dict
from handler.report.report_file import MOST_SEEN, parse_report, parse_reports
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


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"a":\n\n', "not JSON, or cut off (line 3)"),
        (b"\xff\xfe{", "not JSON: its bytes are no text"),
        (b'{"a": Infinity}', "not JSON: it holds NaN, Infinity or a number of thousands of digits"),
        (b"[" * 100_000, "not JSON of ours: nested too deeply"),
        (b"[1]", "not a report, but a JSON list"),
        (b" " * (MAX_JSON_BYTES + 1), f"larger than {MAX_JSON_BYTES} bytes"),
        (b" " * MAX_JSON_BYTES, "not JSON, or cut off (line 1)"),
    ],
    ids=["a line", "its text", "no number", "deep", "a list", "too large", "as large as may be"],
)
def test_what_cannot_be_read_is_refused_with_its_name_and_the_place(data, says):
    with pytest.raises(ReportError) as caught:
        parse_object(data, "r.json", "a report", ReportError)
    assert caught.value.message == f"r.json: {says}"


def test_of_a_broken_schema_the_first_twenty_problems_are_told_in_the_order_of_their_places():
    whole = report_dict(violating()) | {"findings": [{}] * 2, "run_id": 1}
    told = list(schema_problems(whole, "r.json", "report.schema.json", "report"))
    assert len(told) == 20
    assert told[0].startswith("r.json: '$.findings[0]': '")
    assert told == sorted(told, key=lambda line: line.split("'")[1])
    (one,) = schema_problems(report_dict(violating()) | {"q" * 300: 1}, "r.json", "report.schema.json", "report")
    assert one.startswith("r.json: '$': Additional properties are not allowed ('qqq")
    assert len(one) == len("r.json: '$': ") + 200
    assert list(schema_problems(report_dict(violating()), "r.json", "report.schema.json", "report")) == []


@pytest.mark.parametrize(
    ("time", "shown"),
    [("0001-01-01T00:00:00+23:59", "'0001-01-01T00:00:00+23:59'"), ("x" * 99, "'" + "x" * 59), ("", "''")],
)
@pytest.mark.parametrize("name", ["started_at", "finished_at"])
def test_a_time_that_is_none_is_refused_with_its_place(name, time, shown):
    with pytest.raises(ReportError) as caught:
        parse_report(edited(**{name: time}), "r.json")
    assert caught.value.message == f"r.json: $.{name}: {shown} is not a time"


@pytest.mark.parametrize(
    ("counts", "omitted", "fits"),
    [
        ({"low": 1}, 0, True),
        ({"low": 2}, 1, True),
        ({"low": 1, "high": 1}, 1, True),
        ({"low": 2}, 0, False),
        ({"low": 1}, 1, False),
        ({"low": 0, "high": 1}, 0, False),
        ({"low": 0, "high": 2}, 1, False),
    ],
)
def test_counts_are_those_of_what_is_listed_and_of_as_many_as_were_left_out(counts, omitted, fits):
    plain = report_dict(report(finding(severity=Severity.LOW)))
    data = json.dumps({**plain, "counts": {**plain["counts"], **counts}, "omitted": omitted}).encode()
    if fits:
        assert parse_report(data, "r.json").omitted == omitted
        return
    with pytest.raises(ReportError, match=r"^r\.json: \$\.counts: do not fit the findings$"):
        parse_report(data, "r.json")


def test_as_many_rows_may_be_counted_as_the_api_can_give():
    one = report_dict(report())["coverage"][0]
    every = [one | {"rows": MOST_SEEN // 2}, one | {"category": "container", "rows": MOST_SEEN // 2}]
    assert [len(read.rows) for read in parse_report(edited(coverage=every), "r.json").coverage] == [MOST_SEEN // 2] * 2
    every[1]["rows"] += 1
    with pytest.raises(ReportError, match=r"^r\.json: \$\.coverage: more than 4000000 rows$"):
        parse_report(edited(coverage=every), "r.json")


def test_contradictions_of_all_targets_are_told_at_once_but_no_more_than_twenty():
    wrong = report_dict(violating()) | {"verdict": "compliant", "started_at": "soon"}
    several = {**targets_dict("run", []), "targets": [wrong] * 11}
    with pytest.raises(ReportError) as caught:
        parse_reports(json.dumps(several).encode(), "r.json")
    assert (
        caught.value.message.split("\n")
        == [
            "r.json: $.verdict: compliant, with 4 findings",
            "r.json: $.started_at: 'soon' is not a time",
        ]
        * 10
    )


def test_a_file_of_no_report_or_several_says_what_to_do():
    with pytest.raises(ReportError) as caught:
        parse_report(json.dumps(targets_dict("run", [])).encode(), "r.json")
    assert (caught.value.message, caught.value.hint) == (
        "r.json: holds 0 reports, not one",
        "Take one of its `targets`.",
    )


def test_a_file_of_another_version_says_which():
    with pytest.raises(ReportError) as caught:
        parse_report(edited(version="9" * 50), "r.json")
    assert caught.value.message == f"r.json: not a report of version 1 (it says version '{'9' * 39})"
    assert caught.value.hint == "A newer version of port-compliance may have written it."


def test_a_snapshot_in_the_place_of_a_report_is_called_one():
    with pytest.raises(ReportError) as caught:
        parse_report(b'{"version": "1", "kind": "port-compliance/snapshot"}', "estate.json")
    assert caught.value.message == "estate.json: not a report, but of kind 'port-compliance/snapshot'"
    assert caught.value.hint == "Write it again with `port-compliance check --format json --output FILE`."


def test_every_line_of_a_refusal_begins_with_the_name_of_the_file():
    with pytest.raises(ReportError) as caught:
        parse_report(edited(verdict="fine", run_id=1), "r.json")
    places = [line.partition("': ")[0] for line in caught.value.message.split("\n")]
    assert places == ["r.json: '$.run_id", "r.json: '$.verdict"]
    with pytest.raises(ReportError, match=r"^r\.json: not a report, but a JSON list$"):
        parse_report(b"[1]", "r.json")
