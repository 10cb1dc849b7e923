"""A report in several documents: each below the limit, each a report, and together all that it said."""

from __future__ import annotations

import json

import pytest

from handler.foreign_text import cut
from handler.models import AnnouncedFinding, Changes, ExemptedFinding, PastFinding, Problem
from handler.models.delivery import Delivery
from handler.models.gaps import Gaps
from handler.models.listeners import Host
from handler.report.json_v1 import report_dict
from handler.report.parts import parts
from handler.report.report_file import parse_report
from tests.fakes import category, finding, report
from tests.format_reports import REPORTS


def size(value):
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))


def full(number=200, text="why "):
    found = tuple(finding(port=n, rationale=text * 20) for n in range(number))
    return report(
        *found,
        exempted=tuple(ExemptedFinding(finding(port=n), "e", "r", "o", "2027-03-31", 1) for n in range(50)),
        announced=(AnnouncedFinding(finding("smb", 445), "2026-12-01"),) * 30,
        vendor=Gaps((("host", 9, "tcp"),) * 900),
        changes=Changes(
            new=tuple(one.fingerprint for one in found), resolved=(PastFinding(finding("ftp", 21), "closed"),) * 40
        ),
    )


@pytest.mark.parametrize("limit", [8_000, 20_000, 64_000])
def test_every_entry_stands_in_exactly_one_part(limit):
    whole = report_dict(full())
    made = parts(whole, limit)
    assert len(made) > 1
    assert max(map(size, made)) <= limit
    for name in ("findings", "exempted", "announced"):
        assert [one for part in made for one in part[name]] == whole[name]
    assert [one for part in made for one in part["changes"]["resolved"]] == whole["changes"]["resolved"]
    assert sorted(one for part in made for one in part["changes"]["new"]) == sorted(whole["changes"]["new"])
    assert {len(part["findings"]) + part["omitted"] for part in made} == {200}
    for part in made:
        parse_report(json.dumps(part).encode(), "part")


@pytest.mark.parametrize("name", REPORTS)
def test_what_fits_is_left_as_it_is(name):
    whole = report_dict(REPORTS[name])
    assert parts(whole, size(whole)) == (whole,)


def test_where_only_the_vendors_view_is_too_much_it_alone_goes():
    whole = report_dict(full(1))
    assert parts(whole, size(whole) - 1) == (whole | {"vendor": None},)


@pytest.mark.parametrize("text", ["x" * 20_000, "漢" * 8_000, '"\\' * 10_000])
def test_endless_texts_and_reasons_are_shortened(text):
    whole = report_dict(
        full(3, text)._replace(
            problems=(Problem(text),) * 60,
            warnings=(text,) * 60,
            policy_files=(text,) * 60,
            deliveries=(Delivery("soc", "slack", "owed", text),) * 60,
            coverage=(category(problems=(Problem(text),) * 9),),
        )
    )
    made = parts(whole, 16_000)
    assert max(map(size, made)) <= 16_000
    for part in made:
        parse_report(json.dumps(part).encode(), "part")
    assert [one["fingerprint"] for part in made for one in part["findings"]] == [
        one["fingerprint"] for one in whole["findings"]
    ]


def large(port):
    """A finding of which everything is long."""
    hosts = tuple(Host(f"id-{n:03}", "web", "10.2.0.7", "0.0.0.0") for n in range(50))
    texts = {name: name[0] * 3000 for name in ("title", "message", "rationale", "remediation", "owner", "runbook")}
    return finding("r" * 200, port, fingerprint=f"{port}" * 32, hosts=hosts, tags=("t" * 500,) * 9, **texts)


def short(text):
    return text[:99] + "…"


def stages(whole):
    """What a finding becomes, one after the other, until it is small enough."""
    bare = whole | {"rationale": "", "remediation": "", "references": []}
    said = bare | {"message": short(bare["message"]), "title": short(bare["title"])}
    alone = {key: value for key, value in said.items() if key != "hosts"}
    brief = alone | {name: short(alone[name]) for name in ("owner", "runbook", "rule_id")}
    return whole, bare, said, said | {"hosts": said["hosts"][:20]}, alone, brief, brief | {"tags": []}


def empty(whole):
    """The bytes of a report without its lists."""
    return size(whole | {"findings": [], "exempted": [], "announced": []})


def cost(one):
    """What a finding takes of a part: itself, a comma, and its name in a list of `changes`."""
    return size(one) + 1 + size(one["fingerprint"]) + 3


def test_a_finding_too_large_for_a_part_loses_no_more_than_it_must():
    whole = report_dict(report(large(23), large(24), coverage=()))
    first, second = (stages(one) for one in whole["findings"])
    for at, (one, other) in enumerate(zip(first, second, strict=True)):
        limit = empty(whole) + cost(one)
        assert [part["findings"] for part in parts(whole, limit)] == [[one], [other]]
        less = [found for part in parts(whole, limit - 1) for found in part["findings"]]
        assert one is first[-1] or less == [first[at + 1], second[at + 1]]


def test_an_exempted_finding_without_servers_becomes_small_too():
    one = large(23)._replace(hosts=None)
    whole = report_dict(
        report(coverage=(), exempted=(ExemptedFinding(one, "e", "r" * 3000, "o", "2027-03-31", 1),) * 2)
    )
    (first, *_), (second, *_) = (part["exempted"] for part in parts(whole, empty(whole) + 2_000))
    assert first == second
    assert (first["message"], first["exemption"]["reason"]) == (short(one.message), "r" * 3000)


def test_as_many_findings_stand_in_a_part_as_fit():
    whole = report_dict(report(*(finding(port=port) for port in (23, 24, 25)), coverage=()))
    two = empty(whole) + 2 * cost(whole["findings"][0])
    assert [len(part["findings"]) for part in parts(whole, two)] == [2, 1]
    assert [len(part["findings"]) for part in parts(whole, two - 1)] == [1, 1, 1]


def wordy(text):
    """A report of which everything beside its lists is long."""
    return report_dict(
        report(
            *(finding(port=port, rationale=text * 10) for port in range(40)),
            problems=(Problem(text),) * 60,
            warnings=(text,) * 60,
            policy_files=(text,) * 60,
            deliveries=(Delivery("soc", "slack", "owed", text),) * 60,
            coverage=(category(problems=(Problem(text),) * 60),),
        )
    )


def without_words(whole):
    """A wordy report without its findings, and what it becomes, one after the other, until it takes half of a part."""
    bare = whole | {"findings": []}
    yield bare
    for number, length in ((50, 300), (20, 100), (5, 40), (1, 20)):
        bare = bare | {name: [cut(text, length) for text in bare[name][:number]] for name in ("problems", "warnings")}
        files = [cut(text, length) for text in bare["policy"]["files"][:number]]
        reasons = [one | {"reason": cut(one["reason"], length)} for one in bare["deliveries"][:number]]
        (seen,) = bare["coverage"]
        told = [cut(text, length) for text in seen["problems"][:number]]
        bare |= {"policy": bare["policy"] | {"files": files}, "deliveries": reasons}
        bare |= {"coverage": [seen | {"problems": told}]}
        yield bare
    yield bare | {
        "problems": [],
        "warnings": [],
        "policy": bare["policy"] | {"files": []},
        "deliveries": [],
        "coverage": [bare["coverage"][0] | {"problems": []}],
    }


def test_reasons_are_shortened_no_more_than_they_must_to_take_half_of_a_part():
    whole = wordy("0123456789" * 40)
    stages = list(without_words(whole))
    for at, bare in enumerate(stages):
        for limit, expected in ((2 * size(bare), bare), (2 * size(bare) - 1, stages[min(at + 1, 5)])):
            first, *_ = parts(whole, limit)
            assert first | {"findings": [], "omitted": 0} == expected


def test_where_the_vendors_view_alone_is_too_much_reasons_stay_whole():
    whole = wordy("0123456789" * 40) | {"findings": [], "vendor": report_dict(full(1))["vendor"]}
    assert parts(whole, size(whole) - 1) == (whole | {"vendor": None},)
