"""A SARIF result stands where its rule does, and what code scanning would refuse is left out and said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from handler.formats.artifact import artifact_uri, message_string
from handler.formats.registry import render_report
from handler.formats.sarif import sarif_run
from handler.models import Severity
from handler.models.listeners import Host
from tests.fakes import finding, report

SNAP = Path(__file__).parents[2] / "docs" / "examples" / "snapshot.json"
FILES = {
    "a.yaml": "version: 1\nrules: [{id: aaa, ports: [21]}]\n",
    "b.yaml": "version: 1\nrules:\n\n  - id: bbb\n    ports: [23]\n",
}


def run_of(one):
    return json.loads(render_report("sarif", one))["runs"][0]


def notes_in(run):
    return [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]


def notes_of(one):
    return notes_in(run_of(one))


def places(printed):
    physical = [
        place["physicalLocation"]
        for run in json.loads(printed.out)["runs"]
        for result in run["results"]
        for place in result["locations"]
    ]
    return [(place["artifactLocation"]["uri"], place["region"]["startLine"]) for place in physical]


@pytest.fixture
def policies(tmp_path):
    folder = tmp_path / "two files"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("given", ["two files", "./two files", "{folder}", "two files/b.yaml"])
def test_a_finding_stands_in_its_own_file_at_its_rules_line(port_compliance, policies, given):
    path = given.format(folder=policies)
    printed = port_compliance("check", "--policy", path, "--snapshot", SNAP, "--format", "sarif")
    assert (printed.code, places(printed)) == (1, [("two%20files/b.yaml", 4)])


def test_rules_of_several_files_each_have_their_own_place(port_compliance, policies):
    (policies / "c.yml").write_text("version: 1\n# none\ndisallowed_ports: [3389]\n")
    printed = port_compliance("check", "--policy", "two files", "--snapshot", SNAP, "--format", "sarif")
    assert sorted(places(printed)) == [("two%20files/b.yaml", 4), ("two%20files/c.yml", 3)]


def test_a_counters_rule_has_a_place_too(port_compliance, tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\nrules:\n  - id: any\n    statistic: port_num\n")
    printed = port_compliance("check", "--policy", "p.yaml", "--snapshot", SNAP, "--format", "sarif")
    assert places(printed) == [("p.yaml", 3)]


def test_the_bundled_policy_is_named_as_it_lies_in_the_package(port_compliance):
    printed = port_compliance("check", "--snapshot", SNAP, "--format", "sarif")
    assert {file for file, _ in places(printed)} == {"policies/baseline.yaml"}
    assert min(line for _, line in places(printed)) > 1


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("policies/b.yaml", "policies/b.yaml"),
        ("./a b.yaml", "a%20b.yaml"),
        ("c:d.yaml", "c%3Ad.yaml"),
        ("/elsewhere/p#1.yaml", "file:///elsewhere/p%231.yaml"),
        ("obs://bucket/p.yaml", "obs://bucket/p.yaml"),
        ("../p.yaml", "../p.yaml"),
    ],
)
def test_addresses_are_relative_or_whole(name, uri):
    assert artifact_uri(name) == uri


@pytest.mark.parametrize(
    ("number", "shown", "said"), [(9, 10, []), (10, 10, ["1 of its tags"]), (30, 10, ["21 of its tags"])]
)
def test_a_rule_has_at_most_ten_tags_and_says_how_many_are_left_out(number, shown, said):
    one = report(finding(tags=tuple(f"tag-{n}" for n in range(number))), finding(port=24))
    (rule,) = run_of(one)["tool"]["driver"]["rules"]
    assert (len(rule["properties"]["tags"]), rule["properties"]["tags"][0]) == (shown, "security")
    told = [note for note in notes_of(one) if "tags" in note]
    assert len(told) == len(said)
    assert all(part in note for part, note in zip(said, told, strict=True))


@pytest.mark.parametrize(("number", "left_out"), [(25_000, None), (25_001, "1 of 25001"), (26_000, "1000 of 26000")])
def test_a_run_has_at_most_25_000_results_and_the_worst_stay(number, left_out):
    many = [finding("mild", port=n % 65535, severity=Severity.LOW) for n in range(number - 1)]
    one = report(*many, finding("worst", severity=Severity.CRITICAL))
    run = sarif_run(one)  # of so many, writing them as JSON would be most of the work
    assert len(run["results"]) == min(number, 25_000)
    assert run["results"][0]["ruleId"] == "worst"
    told = [note for note in notes_in(run) if "findings are left out" in note]
    assert [note.startswith(str(left_out)) for note in told] == ([] if left_out is None else [True])


def test_lint_messages_have_relative_addresses_too(port_compliance, policies):
    (policies / "b.yaml").write_text("version: 1\nrules:\n  - id: bbb\n    prts: [23]\n")
    printed = port_compliance("policy", "validate", policies, "--format", "sarif")
    assert ("two%20files/b.yaml", 4) in [
        (place["artifactLocation"]["uri"], place["region"]["startLine"])
        for result in json.loads(printed.out)["runs"][0]["results"]
        for place in (result["locations"][0]["physicalLocation"],)
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("ports [21, 23] are open", "ports [21, 23] are open"),
        ("{0} of {1}", "{{0}} of {{1}}"),
        ("see [this](https://e.example)", r"see \[this\](https://e.example)"),
        ("see \\[this\\](1)", r"see \\\[this\\\](1)"),
        (r"C:\temp", r"C:\temp"),
    ],
)
def test_a_message_means_just_its_text(text, written):
    assert message_string(text) == {"text": written}


def test_no_text_of_others_is_a_placeholder_or_a_link():
    trap = "{0} [x](https://e.example)"
    server = Host("h-1", host_name=trap)
    run = run_of(report(finding(title=trap, rationale=trap, remediation=trap, hosts=(server,)), warnings=(trap,)))
    rule = run["tool"]["driver"]["rules"][0]
    texts = [rule[key]["text"] for key in ("shortDescription", "fullDescription", "help")]
    texts += [run["results"][0]["message"]["text"], *notes_in(run)]
    assert len(texts) == 5
    assert [text for text in texts if "{{0}} \\[x\\](" not in text or " {0}" in text or " [x]" in text] == []
    assert texts[3].count("{{0}}") == 2


def test_a_lint_message_is_no_placeholder_either(port_compliance, policies):
    (policies / "b.yaml").write_text('version: 1\nrules:\n  - id: bbb\n    "{0} [x](https://e.example)": [23]\n')
    printed = port_compliance("policy", "validate", policies, "--format", "sarif")
    assert "'{{0}} \\[x\\](https://e.example)'" in printed_messages(printed)


def printed_messages(printed):
    return " ".join(result["message"]["text"] for result in json.loads(printed.out)["runs"][0]["results"])
