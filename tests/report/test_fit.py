"""Reports that are too large: what goes first, what is counted, and that hundreds of targets fit into one result."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.decide.schedule import Deferred
from handler.models import CATEGORIES, AnnouncedFinding, Changes, ExemptedFinding, PastFinding, Problem, Severity
from handler.models.delivery import Delivery
from handler.models.gaps import Gaps
from handler.models.listeners import Host
from handler.report.fit import RESULT_BYTES, fit_deferred, fit_report, fit_reports
from handler.report.json_v1 import deferred_dict, finding_dict, report_dict, targets_dict
from tests.examples import examples
from tests.fakes import TARGET, category, finding, report


def size(value):
    return len(json.dumps(value).encode())


def findings(number, severity=Severity.LOW):
    return [finding(port=port, severity=severity) for port in range(number)]


def named(name, *found, **other):
    return report(*found, target=TARGET._replace(name=name), **other)


def crowded(name="prod", verdict="inconclusive", *, many=30, reasons=70):
    """A report in which everything is long; of each so many."""
    one, text = finding(), "x" * 1000
    return named(
        name,
        *findings(many),
        verdict=verdict,
        policy_files=tuple(f"policies/{n}.yaml" for n in range(40)),
        coverage=tuple(category(name=name, problems=(Problem(text),) * 3) for name in CATEGORIES),
        exempted=(ExemptedFinding(one, "old", text, "o", "2027-03-31", 1),) * many,
        announced=(AnnouncedFinding(one, "2026-12-01"),) * many,
        vendor=Gaps((("host", 99, "udp"),) * 100),
        changes=Changes(new=("f" * 64,) * many, unseen=(PastFinding(one, "unseen"),) * many),
        deliveries=tuple(Delivery(f"sink-{n}", "slack", "owed", text) for n in range(9)),
        problems=tuple(Problem(f"problem {n} {text}", text) for n in range(reasons)),
        warnings=tuple(f"warning {n} {text}" for n in range(reasons)),
    )


def counted(plain):
    return sum(plain["counts"].values()), len(plain["findings"]) + plain["omitted"]


def test_what_is_derived_goes_before_findings_and_a_warning_names_it():
    """The contract's order: vendor, exempted, announced, texts; the most severe finding last."""
    item = ExemptedFinding(finding(), "e", "r", "o", "d", 1)
    whole = report(*findings(100), warnings=("careful",), exempted=(item,), vendor=Gaps((("host", 9, "tcp"),)))
    cut = report_dict(fit_report(whole, 20_000))
    assert 0 < len(cut["findings"]) < 100
    assert (cut["counts"]["low"], *counted(cut)) == (100, 100, 100)
    assert (cut["exempted"], cut["vendor"]) == ([], None)
    assert cut["warnings"][0] == "careful"
    assert cut["warnings"][1] == "left out of a result that was too long: vendor, exempted, texts of the rules"
    assert all(not one[text] for one in cut["findings"] for text in ("rationale", "remediation", "references"))
    assert all(one["title"] and one["message"] for one in cut["findings"])


@pytest.mark.parametrize(
    ("limit", "gone"),
    [
        (46_000, "long: vendor"),
        (33_000, "long: vendor, exempted beyond 20"),
        (20_000, "long: vendor, exempted"),
        (7_000, "long: vendor, exempted, texts of the rules"),
    ],
)
def test_no_more_goes_than_must(limit, gone):
    items = tuple(ExemptedFinding(finding(port=p), "old", "r" * 300, "o", "2027-03-31", 1) for p in range(40))
    whole = report(*findings(10), exempted=items, vendor=Gaps(tuple(("host", n, "udp") for n in range(300))))
    whole = whole._replace(findings=tuple(one._replace(rationale="why " * 60) for one in whole.findings))
    cut = fit_report(whole, limit)
    assert cut.warnings[-1].endswith(gone)
    assert len(cut.findings) == 10


def test_the_most_severe_finding_is_the_last_to_go_wherever_it_stands():
    worst = finding("telnet", severity=Severity.CRITICAL)
    mild = [finding("all", port=n, severity=Severity.INFO) for n in range(1, 4000)]
    gaps = Gaps((), tuple(("host", n, "tcp") for n in range(4000)))
    new = tuple(one.fingerprint for one in (*mild, worst))
    whole = report(*mild, worst, vendor=gaps, changes=Changes(new=new))
    for limit in (200_000, 20_000, 3_000):
        cut = report_dict(fit_report(whole, limit))
        assert size(cut) < limit
        assert cut["findings"][0]["rule_id"] == "telnet"
        assert counted(cut) == (4000, 4000)
        if cut["changes"]:
            assert sorted(cut["changes"]["new"]) == sorted(one["fingerprint"] for one in cut["findings"])
    assert len(report_dict(fit_report(whole))["findings"]) > 300


def test_as_many_findings_are_kept_as_fit():
    whole = report(*findings(100))
    cut = fit_report(whole, 20_000)
    more = cut._replace(findings=whole.findings[: len(cut.findings) + 1], omitted=cut.omitted - 1)
    assert size(report_dict(cut)) < 20_000 <= size(report_dict(more)) + 2


def test_where_the_lists_alone_are_too_long_they_go_and_every_finding_stays():
    exempted = tuple(ExemptedFinding(finding(port=p), "old", "r" * 500, "o", "2027-03-31", 1) for p in range(500))
    whole = report(
        *findings(7, Severity.HIGH), exempted=exempted, vendor=Gaps((("host", 9, "tcp"),)), changes=Changes(new=("f",)),
        announced=(AnnouncedFinding(finding(), "2026-12-01"),) * 21, problems=(Problem("p"),) * 51, warnings=("w",) * 51,
    )  # fmt: skip
    cut = report_dict(fit_report(whole, 60_000))
    assert (len(cut["findings"]), cut["counts"]["high"], *counted(cut)) == (7, 7, 7, 7)
    assert (cut["vendor"], len(cut["exempted"]), len(cut["announced"])) == (None, 20, 21)
    assert (len(cut["problems"]), len(cut["warnings"])) == (51, 52)


def test_endless_problems_and_endings_are_cut_before_a_finding_is():
    long, gone = Problem("p" * 300), PastFinding(finding("old", 99), "closed")
    whole = report(*findings(7), problems=(long,) * 900, changes=Changes(resolved=(gone,) * 900))
    cut = report_dict(fit_report(whole, 60_000))
    assert (len(cut["findings"]), len(cut["problems"]), len(cut["changes"]["resolved"])) == (7, 50, 20)
    whole = report(*findings(7), warnings=("w" * 300,) * 900, changes=Changes(unseen=(gone,) * 900))
    cut = report_dict(fit_report(whole, 60_000))
    assert (len(cut["findings"]), len(cut["warnings"]), len(cut["changes"]["unseen"])) == (7, 51, 20)


def test_what_was_cut_before_stays_counted_when_it_is_cut_again():
    exempted = (ExemptedFinding(finding(), "old", "r" * 500, "o", "2027-03-31", 1),) * 10
    once = fit_report(report(*findings(100), exempted=exempted), 30_000)
    for limit in (20_000, 5_000):
        again = report_dict(fit_report(once, limit))
        assert (again["counts"]["low"], *counted(again)) == (100, 100, 100)
        assert len(again["findings"]) < len(once.findings) < 100


def test_no_limit_is_passed_by_a_byte():
    whole = report(*findings(30))
    assert [limit for limit in range(10_000, 10_500, 7) if size(report_dict(fit_report(whole, limit))) >= limit] == []


def test_the_last_resort_keeps_verdict_counts_and_the_first_reason():
    cut = report_dict(fit_report(crowded(), 2_000))
    assert size(cut) < 2_000
    assert (cut["verdict"], cut["counts"]["low"], *counted(cut)) == ("inconclusive", 30, 30, 30)
    assert [problem[:15] for problem in cut["problems"]] == ["x" * 15]
    assert [len(text) for text in cut["problems"]] == [80 + 2 + 200]
    assert [text[:10] for text in cut["warnings"]] == ["warning 0 "]
    assert [len(text) for text in cut["warnings"]] == [120]
    assert [(one["sink"], len(one["reason"])) for one in cut["deliveries"]] == [(f"sink-{n}", 40) for n in range(3)]
    assert cut["policy"]["files"] == ["policies/0.yaml"]
    assert [(one["category"], one["problems"]) for one in cut["coverage"]] == [("host", []), ("container", [])]
    assert (cut["exempted"], cut["announced"], cut["statistics"]) == ([], [], {})


@pytest.mark.parametrize(("number", "of_each"), [(101, {}), (300, {"many": 5, "reasons": 9})])
def test_hundreds_of_targets_fit_the_worst_stay_and_the_others_are_counted(number, of_each):
    verdicts = ["compliant", "violations", "inconclusive"]
    every = [crowded(f"target-{n:03}", verdicts[n % 3], **of_each) for n in range(number)]
    fitted = fit_reports(every)
    result = targets_dict("run-1", fitted)
    assert size(result) < RESULT_BYTES
    worst = sorted((verdicts[::-1].index(one.verdict), one.target.name) for one in every)[:100]
    assert [(verdicts[::-1].index(one.verdict), one.target.name) for one in fitted] == worst
    assert (fitted[0].target.name, fitted[0].verdict) == ("target-002", "inconclusive")
    assert fitted[0].warnings[0].startswith(f"{number - 100} more targets were left out")
    assert not any("more targets" in text for one in fitted[1:] for text in one.warnings)


def test_nothing_is_said_of_targets_where_none_was_left_out():
    fitted = fit_reports([crowded(f"target-{n:03}", many=5, reasons=9) for n in range(100)])
    assert len(fitted) == 100
    assert not any("more targets" in text for one in fitted for text in one.warnings)
    whole = [named("b"), named("a")]
    assert fit_reports(whole) == (whole[1], whole[0])


def test_one_target_is_always_named_however_little_room_there_is():
    assert [one.target.name for one in fit_reports([crowded("a"), crowded("b")], 1_500)] == ["a"]
    assert fit_reports([]) == ()


def test_what_a_small_target_leaves_goes_to_the_large_ones():
    small, large = named("small"), named("large", *findings(500))
    fitted = {one.target.name: one for one in fit_reports([small, large], 60_000)}
    assert fitted["small"] == small
    assert 58_000 < size(targets_dict("run-1", fitted.values())) < 60_000


@pytest.mark.parametrize("number", [2, 3, 5, 20])
def test_many_large_targets_share_the_room(number):
    fitted = fit_reports([named(f"t{n}", *findings(200)) for n in range(number)], 90_000)
    assert 90_000 * 0.9 < size(targets_dict("run-1", fitted)) < 90_000
    sizes = [size(report_dict(one)) for one in fitted]
    assert max(sizes) - min(sizes) < 1_500  # a finding or two


@settings(max_examples=examples(50))
@given(
    number=st.integers(0, 60),
    lists=st.integers(0, 40),
    limit=st.integers(2_000, 60_000),
    severities=st.lists(st.sampled_from(list(Severity)), min_size=60, max_size=60),
)
def test_whatever_the_limit_a_report_is_below_it_and_says_how_many_it_found(number, lists, limit, severities):
    severities = sorted(severities, reverse=True)
    found = [finding(port=n, severity=severity) for n, severity in enumerate(severities[:number])]
    exempted = (ExemptedFinding(finding(), "old", "reason", "o", "2027-03-31", 1),) * lists
    whole = report(*found, exempted=exempted)
    cut = fit_report(whole, limit)
    plain = report_dict(cut)
    assert size(plain) < limit
    kept = [one.fingerprint for one in cut.findings]
    assert kept == [one.fingerprint for one in whole.findings][: len(kept)]
    assert counted(plain) == (number, number)
    assert plain["counts"] == report_dict(whole)["counts"]
    if size(report_dict(whole)) < limit - 10:  # the digits of `omitted`
        assert cut is whole


def test_servers_go_before_a_finding_does():
    hosts = tuple(Host(f"id-{at:032}", f"web-{at}", "10.2.0.7", "0.0.0.0") for at in range(2000))
    whole = report(finding(num=2000, hosts=hosts), finding(port=24))
    cut = fit_report(whole)
    assert [len(one.hosts or ()) for one in cut.findings] == [20, 0]
    assert (cut.omitted, cut.findings[0].num) == (0, 2000)
    assert cut.warnings[-1] == "left out of a result that was too long: servers beyond 20 of a finding"
    assert fit_report(report(finding(hosts=hosts[:9]))).findings[0].hosts == hosts[:9]


def test_a_report_must_be_below_its_limit_to_the_byte():
    whole = report(*findings(3), vendor=Gaps((("host", 9, "tcp"),)))
    assert fit_report(whole, size(report_dict(whole)) + 1) is whole
    assert fit_report(whole, size(report_dict(whole))).vendor is None
    long = report(*findings(3), vendor=Gaps((("host", 9, "tcp"),) * 50))
    cut = fit_report(long, size(report_dict(long)))
    assert (cut.vendor, cut.findings) == (None, long.findings)
    assert fit_report(long, size(report_dict(cut)) + 1) == cut
    assert fit_report(long, size(report_dict(cut))) != cut


def test_a_finding_stays_where_it_fits_to_the_byte_with_its_names_in_the_changes():
    found = [finding(port=port, references=(), rationale="", remediation="") for port in (23, 24, 25)]
    names = tuple(one.fingerprint for one in found)
    whole = report(*found, changes=Changes(new=names, grown=names, ongoing=names[:1]))
    counts = report_dict(whole)["counts"]
    without = size(report_dict(whole._replace(findings=(), changes=Changes(), omitted=3, counts=counts)))
    takes = [size(finding_dict(one)) + 2 + 2 * (size(one.fingerprint) + 2) for one in found]
    takes[0] += size(names[0]) + 2
    for kept in (1, 2):
        room = without + sum(takes[:kept])
        assert len(fit_report(whole, room + 1).findings) == kept
        assert len(fit_report(whole, room).findings) == kept - 1


def test_what_was_not_asked_stays_where_it_fits_to_the_byte():
    deferred = tuple(Deferred(f"t{n}", "2026-11-22T12:00:00Z", "compliant", "compliant") for n in range(3))
    one = size(deferred_dict(deferred[0])) + 2
    for kept in range(3):
        assert fit_deferred(deferred, kept * one + 1) == deferred[:kept]
        assert fit_deferred(deferred, kept * one) == deferred[: max(0, kept - 1)]
    assert fit_deferred(deferred, 3 * one + 1) == deferred
    assert fit_deferred((), 1) == ()


def test_of_findings_too_many_the_servers_of_exempted_and_announced_ones_go_too():
    hosts = tuple(Host(f"id-{at:032}") for at in range(25))
    one = finding(hosts=hosts)
    whole = report(
        one, finding(port=24), exempted=(ExemptedFinding(one, "e", "r", "o", "2027-03-31", 1),),
        announced=(AnnouncedFinding(one, "2026-12-01"),), warnings=("w" * 5000,),
    )  # fmt: skip
    first = fit_report(whole, size(report_dict(whole)))
    found, exempted, announced = first.findings[0], first.exempted[0].finding, first.announced[0].finding
    assert [one.hosts for one in (found, exempted, announced)] == [hosts[:20]] * 3
    assert first.findings[1].hosts is None
    assert (first.exempted[0].reason, first.announced[0].effective_from) == ("r", "2026-12-01")
    assert first.warnings[-1].endswith("long: servers beyond 20 of a finding")
    second = fit_report(whole, size(report_dict(first)))
    assert [one.hosts for one in (second.findings[0], second.exempted[0].finding)] == [(), ()]
    assert second.warnings[-1].endswith("long: servers")


def test_where_no_finding_fits_the_rest_of_a_report_stays_if_it_fits_to_the_byte():
    one = finding(references=(), rationale="", remediation="")
    whole = report(one, changes=Changes(), policy_files=("a.yaml", "b.yaml"))
    counts = report_dict(whole)["counts"]
    room = size(report_dict(whole._replace(findings=(), omitted=1, counts=counts)))
    assert fit_report(whole, room + 1) == whole._replace(findings=(), omitted=1, counts=counts)
    for limit in (room, 1):
        bare = fit_report(whole, limit)
        assert (bare.changes, bare.policy_files, bare.findings, bare.omitted) == (None, ("a.yaml",), (), 1)


def test_two_targets_share_the_room_to_the_byte():
    """Beside the reports stand 500 bytes, and two between one and the next."""
    gaps = Gaps((("host", 9, "tcp"),))
    whole = tuple(named(name, *findings(3), vendor=gaps) for name in "ab")
    room = 500 + 2 * (size(report_dict(whole[0])) + 1 + 2)
    assert fit_reports(whole, room) == whole
    assert [one.vendor for one in fit_reports(whole, room - 1)] == [None, gaps]
    assert size(targets_dict("run-1", fit_reports(whole, room))) < room
    large = named("c", *findings(5), vendor=gaps)
    room = 500 + size(report_dict(whole[0])) + 2 + size(report_dict(large)) + 1 + 2
    assert fit_reports((whole[0], large), room) == (whole[0], large)
    assert [one.vendor for one in fit_reports((whole[0], large), room - 1)] == [gaps, None]


def test_what_is_left_of_a_target_in_the_last_resort():
    cut = fit_report(crowded(), 2_000)
    assert (cut.changes, cut.vendor, cut.findings) == (None, None, ())
    assert [one.statistics for one in cut.coverage] == [None, None]
    assert cut.problems[0].path == "x" * 80
