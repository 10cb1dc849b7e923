"""One notification of several targets: what they share said once, and each target's own kept apart."""

from handler.models import ExemptionNotice, Severity, Target
from handler.notify.several import of_several
from handler.sinks.sink import Notification
from tests.fakes import finding, report


def part(name, *new, verdict="violations", digest="sha256:1", **other):
    target = Target(name, "otc", "eu-de", "hss.example", f"project-of-{name}")
    made = report(*new, target=target, verdict=verdict, policy_digest=digest)
    return Notification(f"id-{name}", made, new=new, explain=f"explain {name}", **other)


def on(name, **other):
    return finding(fingerprint=f"{name}-23", **other)


def test_that_of_one_target_is_its_own():
    one = part("a", on("a"))
    assert of_several([one], "id-a") == one


def test_findings_stand_worst_first_and_each_target_is_kept_as_a_part():
    mild, bad = part("a", on("a", severity=Severity.LOW)), part("b", on("b"))
    both = of_several([mild, bad], "m")
    assert [one.fingerprint for one in both.new] == ["b-23", "a-23"]
    assert both.parts == (mild, bad)
    assert (both.delivery_id, both.explain) == ("m", "explain b")
    assert (both.report.target.name, both.report.target.host) == ("2 targets", "")
    assert both.report.policy_name == "baseline"


def test_the_worst_verdict_is_that_of_all_and_its_targets_come_first():
    both = of_several([part("a", verdict="compliant"), part("b", verdict="inconclusive"), part("c")], "m")
    assert both.report.verdict == "inconclusive"
    assert [one.report.target.name for one in both.parts] == ["b", "c", "a"]


def test_several_policies_are_none():
    both = of_several([part("a"), part("b", digest="sha256:2")], "m")
    assert (both.report.policy_name, both.report.policy_digest, both.report.policy_files) == ("", "", ())


def test_a_cause_is_said_once_with_its_targets_and_without_their_names_in_it():
    why = "the run could not be judged whole: target {}: p.yaml: cannot be read"
    names = ["t1", "t2", "t3"]
    parts = [part(name, not_seen=(why.format(name),)) for name in names]
    several = of_several([*parts, part("x", not_seen=("host: late",), seen_again=("container",))], "m")
    assert several.not_seen == (
        "3 targets (t1 to t3): the run could not be judged whole: p.yaml: cannot be read",
        "x: host: late",
    )
    assert several.seen_again == ("container of x",)


def test_a_cause_that_differs_in_the_project_of_an_address_only_is_said_once():
    why = "host could not be judged whole: https://hss.example.org/v5/{}/asset/port/statistics: connection refused"
    projects = {f"t{number}": f"0123456789abcdef0123456789abcde{number}" for number in (1, 2, 3)}
    parts = [part(name, not_seen=(why.format(project),)) for name, project in projects.items()]
    assert of_several(parts, "m").not_seen == (f"3 targets (t1 to t3): {why.format('…')}",)


def test_two_sentences_of_one_target_that_differ_in_a_number_only_are_both_said():
    twice = ("host: page 2 is missing", "host: page 3 is missing")
    several = of_several([part("a", not_seen=twice), part("b", not_seen=twice[:1])], "m")
    assert several.not_seen == ("2 targets (a, b): host: page 2 is missing", "a: host: page 3 is missing")


def test_notes_and_exemptions_that_all_share_name_nobody():
    ends = ExemptionNotice("lifts", "a@example.org", "2026-12-01", 9)
    known = {"exemptions": (ends,), "announcements": ("From 2027 on",)}
    one = part("a", notes=("no run for 31 h", "no previous state: showing all 2"), **known)
    two = part("b", notes=("no run for 31 h", "no previous state: showing all 3", "drift: x"), **known)
    both = of_several([one, two], "m")
    assert both.notes == ("no previous state: showing all 5", "no run for 31 h", "b: drift: x")
    assert (both.exemptions, both.announcements) == ((ends,), ("From 2027 on",))


def test_what_was_not_remembered_of_some_names_them():
    both = of_several([part("a", notes=("no previous state: showing all 2",)), part("b")], "m")
    assert both.notes == ("a: no previous state: showing all 2",)


def test_a_sentence_with_braces_is_only_a_sentence():
    assert of_several([part("a", notes=("{names}",)), part("b")], "m").notes == ("a: {names}",)
