"""`policy ...` from the command line: exit codes, formats, and errors without a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from handler.cli import main
from handler.report.snapshot_file import snapshot_text
from tests.fakes import category, snapshot
from tests.small_policies import EXEMPTED, TELNET

CASES = """\
today: 2026-12-01
cases:
  - name: telnet <is> found
    rows: [{port: 23, type: TCP, num: 3}]
    expect: {verdict: violations}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "p.yaml").write_text(EXEMPTED)
    (tmp_path / "old.yaml").write_text(TELNET)
    (tmp_path / "p.test.yaml").write_text(CASES)
    return tmp_path


def run(capsys, *arguments):
    code = main(["policy", *(str(argument) for argument in arguments)])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.out, captured.err


def test_passing_tests_are_0_and_failing_ones_1(capsys, folder):
    assert run(capsys, "test", folder)[0] == 0
    (folder / "p.test.yaml").write_text(CASES.replace("violations", "compliant"))
    code, out, _ = run(capsys, "test", folder)
    assert code == 1
    assert f"FAIL telnet <is> found ({folder}/p.test.yaml:3:5)" in out
    assert "verdict: expected compliant, got violations" in out


def test_no_test_case_is_2(capsys, tmp_path):
    code, out, err = run(capsys, "test", tmp_path)
    assert (code, out) == (2, "")
    assert "no test case found" in err


def test_too_little_coverage_is_1(capsys, folder):
    code, out, err = run(capsys, "test", folder, "--min-coverage", 51)
    assert code == 1
    assert "50% covered: 1 of 2" in out
    assert "p.yaml: coverage 50% is below 51%" in err
    assert "never fired: exemption lifts" in out
    assert run(capsys, "test", folder, "--min-coverage", 50)[0] == 0


def test_junit_holds_a_failure_per_case(capsys, folder):
    (folder / "p.test.yaml").write_text(CASES.replace("violations", "compliant"))
    suite = ET.fromstring(run(capsys, "test", folder, "--format", "junit")[1]).find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert suite.find("testcase").get("name") == "telnet <is> found"
    assert "expected compliant" in suite.find("testcase/failure").text


def test_json_holds_cases_and_coverage(capsys, folder):
    document = json.loads(run(capsys, "test", folder, "--format", "json")[1])
    assert (document["passed"], document["failed"]) == (1, 0)
    assert document["policies"][0]["coverage"]["never_fired"][0]["id"] == "lifts"


def test_a_name_that_no_case_holds_is_2(capsys, folder):
    assert run(capsys, "test", folder, "-k", "ftp")[0] == 2
    assert run(capsys, "test", folder, "-k", "telnet")[0] == 0


def test_surviving_mutants_are_1_unless_few_enough_are_allowed(capsys, folder):
    code, out, _ = run(capsys, "mutate", folder)
    assert code == 1
    assert "survived: exemption lifts: dropped" in out
    assert run(capsys, "mutate", folder, "--min-killed", 1)[0] == 0
    assert json.loads(run(capsys, "mutate", folder, "--format", "json")[1])["policies"][0]["survivors"]


@pytest.mark.parametrize(("old", "new", "code"), [("p", "old", 1), ("old", "p", 0), ("p", "p", 0)])
def test_a_diff_is_1_only_if_something_is_newly_found(capsys, folder, old, new, code):
    paths = folder / f"{old}.yaml", folder / f"{new}.yaml"
    for form in ("text", "markdown", "json"):
        assert run(capsys, "diff", *paths, "--format", form, "--at", "2026-12-01")[0] == code


@pytest.mark.parametrize(
    ("old", "new", "fail_on", "code"),
    [
        ("old", "p", "found", 0),
        ("old", "p", "loosened", 1),
        ("old", "p", "any", 1),
        ("p", "old", "loosened", 0),
        ("p", "old", "any", 1),
        ("p", "p", "any", 0),
    ],
)
def test_a_diff_fails_on_what_it_is_told_to(capsys, folder, old, new, fail_on, code):
    paths = folder / f"{old}.yaml", folder / f"{new}.yaml"
    for form in ("text", "markdown", "json"):
        got, out, _ = run(capsys, "diff", *paths, "--format", form, "--at", "2026-12-01", "--fail-on", fail_on)
        assert got == code
        assert ("2323/tcp on host, num 3-5: critical" in out) == (new == "p" != old)


def test_a_diff_in_json_names_the_line_that_found_it_and_the_one_against_it(capsys, folder):
    paths = folder / "old.yaml", folder / "p.yaml"
    document = json.loads(run(capsys, "diff", *paths, "--at", "2026-12-01", "--format", "json")[1])
    (place,) = document["loosened"]
    assert place["words"] == "2323/tcp on host, num 3-5: critical -> nothing, from today to 2027-03-31"
    assert (place["line"], place["because_line"]) == (f"{paths[0]}:3:5", f"{paths[1]}:9:5")
    assert (place["num"], place["from"], place["to"]) == ([3, 5], "2026-12-01", "2027-03-31")


def test_fewer_rows_expected_are_loosened(capsys, folder):
    for name, rows in (("many", 3), ("few", 1)):
        (folder / f"{name}.yaml").write_text(TELNET + f"expect_rows: {{host: {rows}}}\n")
    for old, new, code in (("many", "few", 1), ("few", "many", 0)):
        got, out, _ = run(capsys, "diff", folder / f"{old}.yaml", folder / f"{new}.yaml", "--fail-on", "loosened")
        assert (got, "Loosened (1)\n  expect_rows of host: 3 -> 1\n" in out) == (code, code == 1)


def test_validate_sums_up_which_exemptions_end_when_and_who_owns_them(capsys, folder):
    _, _, err = run(capsys, "validate", folder / "p.yaml", "--at", "2026-12-01")
    assert "exemptions end: 1 in 2027-03\nexemptions are owned by: facilities@example.org (1)\n" in err
    assert "exemptions end: 1 over\n" in run(capsys, "validate", folder / "p.yaml", "--at", "2027-04-01")[2]
    assert "exemptions" not in run(capsys, "validate", folder / "old.yaml")[2].split(": ", 1)[1]


def test_an_exemption_beyond_the_limits_fails_validate_and_explain_says_that_it_is_off(capsys, folder):
    path = folder / "limits.yaml"
    path.write_text(EXEMPTED + "limits: {exemption_days: 30}\n")
    code, out, _ = run(capsys, "validate", path, "--at", "2026-12-01")
    assert (code, "lasts 120 more days, and 30 are the limit [E309]" in out) == (2, True)
    assert run(capsys, "validate", path, "--at", "2027-03-01")[0] == 0
    said = run(capsys, "explain", path, "--port", "2323/tcp", "--num", "3", "--at", "2026-12-01")[1]
    assert "exemption lifts: off" in said
    assert "breaks a limit of the policy" in said


def test_init_begins_on_an_old_estate_with_nothing_to_mute(capsys, tmp_path):
    examples = Path(__file__).parents[2] / "docs" / "examples"
    flags = ("--owner", "ops@example.org", "--expires", "2027-03-31", "--reason", "Open when we began.")
    code, text, err = run(capsys, "init", "--snapshot", examples / "snapshot.json", *flags, "--at", "2026-12-01")
    assert (code, err) == (0, "")
    (tmp_path / "policy.yaml").write_text(text)
    asked = ("--policy", str(tmp_path / "policy.yaml"), "--snapshot", str(examples / "snapshot.json"))
    assert main(["check", *asked, "--at", "2026-12-01T00:00:00Z"]) == 0
    capsys.readouterr()
    assert main(["check", *asked, "--at", "2027-04-01T00:00:00Z"]) == 1  # the exemptions have ended


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "also needs --owner, --expires, --reason"),
        (("--owner", " ", "--reason", "r"), "also needs --owner, --expires"),
        (("--owner", "o", "--reason", "r", "--expires", "soon"), "'soon' is not a day"),
        (("--owner", "o", "--reason", "r", "--expires", "2026-11-30"), "2026-11-30 is over"),
        (("--owner", "o", "--reason", "r", "--expires", "20270331"), "'20270331' is not a day"),
        (("--owner", "o", "--reason", "r", "--expires", "2027-W13-3"), "'2027-W13-3' is not a day"),
    ],
)
def test_init_asks_for_all_that_is_missing_at_once(capsys, flags, words):
    snapshot = Path(__file__).parents[2] / "docs" / "examples" / "snapshot.json"
    code, out, err = run(capsys, "init", "--snapshot", snapshot, *flags, "--at", "2026-12-01")
    assert (code, out, words in err) == (2, "", True)


def test_init_writes_a_policy_whatever_bytes_the_owner_was_given_in(capsys, tmp_path):
    snapshot = Path(__file__).parents[2] / "docs" / "examples" / "snapshot.json"
    flags = ("--owner", "J\udcf6rg", "--reason", "r", "--expires", "2027-03-31")  # Latin-1 where UTF-8 is expected
    code, text, _ = run(capsys, "init", "--snapshot", snapshot, *flags, "--at", "2026-12-01")
    (tmp_path / "policy.yaml").write_text(text, encoding="utf-8")
    assert (code, run(capsys, "validate", tmp_path)[0]) == (0, 0)


def test_init_says_that_exemptions_need_a_snapshot(capsys):
    code, out, err = run(capsys, "init", "--owner", "ops@example.org", "--expires", "2027-03-31")
    assert (code, out) == (2, "")
    assert "--owner, --expires: no effect without --snapshot" in err


def test_init_without_a_snapshot_prints_a_template_that_is_a_policy(capsys, tmp_path):
    code, text, _ = run(capsys, "init")
    (tmp_path / "policy.yaml").write_text(text)
    assert (code, run(capsys, "validate", tmp_path)[0]) == (0, 0)


def test_a_diff_by_day_follows_at(capsys, folder):
    paths = folder / "p.yaml", folder / "old.yaml"
    assert run(capsys, "diff", *paths, "--at", "2027-04-01T00:00:00Z")[0] == 0  # the exemption has ended in both
    assert run(capsys, "diff", *paths, "--at", "2027-03-31T23:59:59Z")[0] == 1


def test_a_diff_tells_the_problems_of_both_policies_at_once(capsys, tmp_path):
    (tmp_path / "bad.yaml").write_text("version: 2\n")
    code, out, err = run(capsys, "diff", tmp_path / "bad.yaml", tmp_path / "gone.yaml")
    assert (code, out) == (2, "")
    assert "bad.yaml:1:10: 'version' is the number 2; it must be 1\n" in err
    assert "gone.yaml: cannot be read: No such file or directory\n" in err
    _, _, twice = run(capsys, "diff", tmp_path / "bad.yaml", tmp_path / "bad.yaml")
    assert twice.count("'version' is the number 2") == 1


def test_a_diff_on_an_incomplete_snapshot_is_3(capsys, folder):
    for complete, code in ((True, 0), (False, 3)):
        (folder / "s.json").write_text(snapshot_text(snapshot(category([], complete=complete))))
        got, out, _ = run(capsys, "diff", folder / "p.yaml", folder / "old.yaml", "--snapshot", folder / "s.json")
        assert got == code
        assert ("NOT CERTAIN" in out) is not complete


def test_a_broken_snapshot_is_2(capsys, folder):
    (folder / "s.json").write_text("{")
    for name in ("s.json", "none.json"):
        paths = folder / "p.yaml", folder / "old.yaml", "--snapshot", folder / name
        assert run(capsys, "diff", *paths)[0] == 2


def test_explain_informs(capsys, folder):
    code, out, _ = run(capsys, "explain", folder / "p.yaml", "--port", "telnet/tcp", "--num", "3", "--at", "2026-12-01")
    assert code == 0
    assert f"rule telnet, critical: finding ({folder}/p.yaml:3:5)" in out
    both = json.loads(run(capsys, "explain", folder / "p.yaml", "--port", "23", "--format", "json")[1])
    assert [each["protocol"] for each in both] == ["tcp", "udp"]


@pytest.mark.parametrize("port", ["70000", "nonsense/tcp", "-1", "/tcp", "dns"])
def test_an_impossible_port_is_2(capsys, folder, port):
    code, _, err = run(capsys, "explain", folder / "p.yaml", f"--port={port}")
    assert code == 2
    assert "neither a port" in err


def test_an_impossible_protocol_is_2(capsys, folder):
    code, _, err = run(capsys, "explain", folder / "p.yaml", "--port", "23/tcp/udp")
    assert (code, "'tcp/udp' is no protocol" in err) == (2, True)


def test_an_impossible_moment_is_2(capsys, folder):
    assert "is not a time" in run(capsys, "explain", folder / "p.yaml", "--port", "1", "--at", "soon")[2]


def test_validate_tells_all_problems_and_is_2(capsys, folder):
    (folder / "bad.yaml").write_text("version: 1\ndisallowed_ports: [70000, 9-1]\n")
    code, out, err = run(capsys, "validate", folder / "bad.yaml")
    assert code == 2
    assert out.count("bad.yaml:2:") == 2
    assert "2 errors" in err


def test_validate_with_warnings_alone_is_0(capsys, folder):
    code, out, _ = run(capsys, "validate", folder / "p.yaml", "--format", "json", "--at", "2027-04-01")
    assert code == 0
    assert {message["severity"] for message in json.loads(out)} == {"warning"}


def test_validate_warns_of_exemptions_that_match_nothing_in_a_snapshot(capsys, folder):
    (folder / "s.json").write_text(snapshot_text(snapshot(category([]))))
    arguments = "validate", folder / "p.yaml", "--at", "2026-12-01"
    assert "[W204]" not in run(capsys, *arguments)[1]
    assert "[W204]" in run(capsys, *arguments, "--snapshot", folder / "s.json")[1]


def test_validate_tells_github_and_code_scanning(capsys, folder):
    (folder / "bad.yaml").write_text("version: 1\n")
    assert "::error file=" in run(capsys, "validate", folder / "bad.yaml", "--format", "github")[1]
    sarif = json.loads(run(capsys, "validate", folder / "bad.yaml", "--format", "sarif")[1])
    assert sarif["runs"][0]["results"][0]["level"] == "error"


def test_a_diff_reads_git(capsys, folder):
    code, _, err = run(capsys, "diff", "git:--all:x", folder / "p.yaml")
    assert code == 2
    assert "names no revision" in err


def test_validate_prints_the_canonical_form(capsys, folder):
    _, out, _ = run(capsys, "validate", folder / "p.yaml", "--print")
    (folder / "again.yaml").write_text(out)
    assert run(capsys, "validate", folder / "again.yaml", "--print")[1] == out


def test_coverage_and_schema_inform(capsys, folder):
    assert "Omitted" in run(capsys, "coverage", folder / "p.yaml")[1]
    assert json.loads(run(capsys, "coverage", folder / "p.yaml", "--format", "json")[1])["lists"]
    code, out, _ = run(capsys, "schema")
    assert code == 0
    assert json.loads(out)["$schema"]


@pytest.mark.parametrize("command", ["validate", "test", "mutate", "diff", "explain", "coverage", "schema"])
def test_every_command_has_help_with_an_example(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main(["policy", command, "--help"])
    assert ended.value.code == 0
    assert f"Example: port-compliance policy {command}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["test"],
        ["mutate", "x", "--min-killed", "101"],
        ["explain", "x"],
        ["explain", "x", "--port", "1", "--num", "-1"],
    ],
)
def test_wrong_usage_is_2(capsys, arguments):
    assert main(["policy", *arguments]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert hint == f"hint: See `port-compliance policy {arguments[0]} --help`."


_ESCAPING = "\x1b[31m\u202e"
_STRANGE = f"a\n::error::no{_ESCAPING}.yaml"  # an author's file, who may not write lines of ours


@pytest.mark.parametrize("also", [["validate"], ["validate", "--format", "github"], ["explain", "--port", "23/tcp"]])
@pytest.mark.parametrize("text", [TELNET, "version: 1\nrules: [{id: a}]\n"])
def test_a_files_name_is_one_line_that_can_be_seen(capsys, tmp_path, text, also):
    (tmp_path / _STRANGE).write_text(text)
    _, out, err = run(capsys, also[0], tmp_path, *also[1:])
    lines = (out + err).splitlines()
    assert any("a ::error::no" in line or "a %3A%3Aerror%3A%3Ano" in line for line in lines)
    assert [line for line in lines if line.startswith("::error::") or not line.isprintable()] == []


@pytest.mark.parametrize("form", ["text", "github", "sarif"])
def test_an_owner_is_told_in_characters_that_can_be_seen(capsys, tmp_path, form):
    text = EXEMPTED.replace("owner: facilities@example.org", 'owner: "\\e[31m\\u202eo"')
    (tmp_path / "p.yaml").write_text(text)
    _, out, _ = run(capsys, "validate", tmp_path / "p.yaml", "--at", "2027-03-25", "--format", form)
    told = str(json.loads(out)["runs"][0]["results"]) if form == "sarif" else out
    assert "of \ufffd[31m\ufffdo expires" in told


def test_a_port_of_many_digits_is_no_port(capsys, folder):
    code, out, err = run(capsys, "explain", folder / "p.yaml", "--port", "9" * 5000)
    assert (code, out) == (2, "")
    assert "is neither a port of 0-65535 nor a service" in err
