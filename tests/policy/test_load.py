"""Files, folders and texts become one policy, or all problems of all files at once."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handler.errors import PolicyError
from handler.models import Severity
from handler.policy.compiled import bundled_policies
from handler.policy.load import load_policy, load_texts, read_policy
from handler.policy.yaml_positions import MAX_BYTES
from handler.ports import ALL_PORTS, NAMED_PORTS, PortSet
from tests.examples import examples

SHORT = "version: 1\ndisallowed_ports: [21, 23, 135-139, 445, 3389]\n"


def rule_of(text):
    return load_texts([("p.yaml", f"version: 1\nrules:\n  - {text}\n")]).rules[0]


def test_an_empty_path_is_an_error_and_not_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "p.yaml").write_text(SHORT)
    monkeypatch.chdir(tmp_path)
    for paths in ([""], ["p.yaml", ""]):
        with pytest.raises(PolicyError, match="an empty path names no file or folder"):
            load_policy(paths)


def test_short_form_is_one_rule_with_the_documented_defaults():
    (rule,) = load_texts([("p.yaml", SHORT)]).rules
    assert (rule.id, rule.kind, rule.severity) == ("disallowed-ports", "ports", Severity.HIGH)
    assert (rule.categories, rule.protocols, rule.above, rule.title) == (("host",), ("tcp", "udp"), 0, rule.id)
    assert str(rule.ports) == "21, 23, 135-139, 445, 3389"
    assert str(rule.location) == "p.yaml:2:1"


def test_everything_the_language_can_say_arrives_in_the_rules(request):
    path = request.path.parents[1] / "policies" / "good" / "everything.yaml"
    policy = load_policy([path])
    telnet, web, databases = policy.rules
    assert (telnet.severity, telnet.status, telnet.effective_from) == (
        Severity.CRITICAL,
        ("danger",),
        date(2026, 12, 1),
    )
    assert web.ports == ALL_PORTS - PortSet.of_ports([22, 80, 443])
    assert (web.severity, web.categories) == (Severity.HIGH, ("container",))
    assert (databases.statistic, databases.above, databases.categories) == ("database_num", 20, ("host", "container"))
    (exemption,) = policy.exemptions
    assert (exemption.up_to, exemption.expires, exemption.enterprise_projects) == (3, date(2027, 3, 31), ("0",))
    assert policy.expect_rows == {"host": 1}


def test_allowed_ports_forbid_port_zero_and_status_alone_forbids_every_named_port():
    assert 0 in rule_of("{id: a, allowed_ports: [22]}").ports
    assert rule_of("{id: a, status: [danger]}").ports == NAMED_PORTS


def test_service_names_are_their_ports():
    assert str(rule_of("{id: a, ports: [telnet, MS-WBT-Server, x11]}").ports) == "23, 3389, 6000-6063"


def test_short_forms_of_several_files_are_the_same_rule():
    policy = load_texts([("a.yaml", SHORT), ("b.yaml", "version: 1\ndisallowed_ports: [8080]\n")])
    assert [rule.id for rule in policy.rules] == ["disallowed-ports"]
    assert 8080 in policy.rules[0].ports
    assert 8080 in policy.rules[0].listed
    assert policy.files == ("a.yaml", "b.yaml")


def test_short_forms_with_different_defaults_contradict_each_other():
    other = "version: 1\ndefaults: {severity: low}\ndisallowed_ports: [8080]\n"
    (problem,) = read_policy([("a.yaml", SHORT), ("b.yaml", other)]).problems
    assert (problem.code, str(problem.location)) == ("E308", "b.yaml:3:1")


def test_defaults_hold_for_their_own_file_only():
    loud = "version: 1\ndefaults: {severity: critical, categories: [container]}\nrules: [{id: a, ports: [1]}]\n"
    policy = load_texts([("a.yaml", loud), ("b.yaml", "version: 1\nrules: [{id: b, ports: [1]}]\n")])
    assert [(r.severity, r.categories) for r in policy.rules] == [
        (Severity.CRITICAL, ("container",)),
        (Severity.HIGH, ("host",)),
    ]


def test_ids_are_unique_over_all_files():
    one = "version: 1\nrules: [{id: a, ports: [1]}]\n"
    (problem,) = read_policy([("a.yaml", one), ("b.yaml", one)]).problems
    assert str(problem) == "b.yaml:2:14: the id 'a' is used twice, first at a.yaml:2:14"


def test_an_exemption_may_name_a_rule_of_another_file():
    exempt = "version: 1\nexemptions: [{id: e, rules: [disallowed-ports], reason: r, owner: o, expires: 2027-01-01}]\n"
    assert load_texts([("a.yaml", SHORT), ("b.yaml", exempt)]).exemptions[0].rules == ("disallowed-ports",)


def test_all_problems_of_all_files_are_told_at_once():
    with pytest.raises(PolicyError) as caught:
        load_texts([("a.yaml", "version: 1\nnaem: x\n"), ("b.yaml", "version: 1\ndisallowed_ports: [9-1, 22:22]\n")])
    assert [problem.split(": ")[0] for problem in caught.value.problems] == [
        "a.yaml:2:1",
        "b.yaml:2:20",
        "b.yaml:2:25",
    ]


def test_a_folder_is_its_yaml_files_without_tests_and_subfolders(tmp_path):
    (tmp_path / "a.yaml").write_text(SHORT)
    (tmp_path / "b.yaml").write_text("version: 1\nrules: [{id: b, ports: [1]}]\n")
    (tmp_path / "a.test.yaml").write_text("cases: []\n")
    (tmp_path / "notes.txt").write_text("no policy\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.yaml").write_text("not: a policy\n")
    policy = load_policy([tmp_path])
    assert [rule.id for rule in policy.rules] == ["disallowed-ports", "b"]
    assert policy.files == (str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml"))


def test_names_are_shown_as_given(tmp_path, surroundings):
    surroundings(tmp_path)
    (tmp_path / "p.yaml").write_text("version: 1\n")
    with pytest.raises(PolicyError, match=r"^p\.yaml:1:1: no rule at all"):
        load_policy(["p.yaml"])


def test_missing_files_and_empty_folders_are_named_beside_other_problems(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.yaml").write_text("version: 2\n")
    with pytest.raises(PolicyError) as caught:
        load_policy([tmp_path / "missing.yaml", tmp_path / "empty", tmp_path / "bad.yaml"])
    told = str(caught.value)
    assert "missing.yaml: cannot be read: No such file or directory" in told
    assert "empty: this folder has no policy file (*.yaml, *.yml)" in told
    assert "bad.yaml:1:10: 'version' is the number 2" in told


def test_a_path_that_the_system_refuses_to_look_at_is_a_problem_of_the_policy(tmp_path):
    name = "a" * 300  # too long, as one in a closed folder: whether it is a folder cannot be asked
    with pytest.raises(PolicyError, match=f"{name}: cannot be read: File name too long"):
        load_policy([tmp_path / name])


def test_a_file_of_test_cases_given_as_a_policy_is_called_what_it_is(tmp_path):
    (tmp_path / "p.test.yaml").write_text("cases: []\n")
    with pytest.raises(PolicyError, match=r"p\.test\.yaml: holds test cases and no policy; `policy test` runs them"):
        load_policy([tmp_path / "p.test.yaml"])


def test_no_more_than_the_limit_is_read_of_a_huge_file(tmp_path):
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(MAX_BYTES * 20)
    with pytest.raises(PolicyError, match="larger than 4 MiB"):
        load_policy([tmp_path / "huge.yaml"])


def test_a_file_of_exactly_the_limit_is_read():
    assert load_texts([("p.yaml", SHORT + "#" * (MAX_BYTES - len(SHORT)))]).rules


def test_a_file_of_very_many_values_is_refused_before_it_is_built():
    (problem,) = read_policy([("p.yaml", "version: 1\ndisallowed_ports: [" + "1," * 300_000 + "1]")]).problems
    assert (problem.code, problem.message) == ("E103", "more than 300000 values in one file")


def test_every_port_one_by_one_is_still_a_policy():
    listed = ",".join(str(port) for port in range(1, 65536))
    assert load_texts([("p.yaml", f"version: 1\ndisallowed_ports: [{listed}]")]).rules[0].ports == NAMED_PORTS


def test_reading_is_an_argument(tmp_path):
    assert load_policy([tmp_path / "nowhere.yaml"], read=lambda _: SHORT.encode()).rules


def test_the_name_of_a_policy_is_what_it_says_else_the_name_of_its_file():
    assert load_texts([("policies/web.yaml", SHORT)]).name == "web"
    assert load_texts([("policies/web.yaml", SHORT + "name: shop\n")]).name == "shop"


def test_what_is_not_utf8_is_refused():
    with pytest.raises(PolicyError, match="not UTF-8"):
        load_texts([("p.yaml", b"\xff\xfe")])


@settings(max_examples=examples(150), deadline=None)
@given(st.binary(max_size=200))
@example(b"[" * 5000)
@example(b"version: 1\ndisallowed_ports: [.nan, .inf, 1e400, -0, 190:20:30.15]")
@example(b"{? {a: b} : c}")
@example(b'"\\ud800": 1')
@example(b"version: 1\ndisallowed_ports: [2001-12-14t21:59:43.10-05:00, ! 5]")
def test_no_bytes_make_it_fail_in_another_way(content):
    reading = read_policy([("p.yaml", content)])
    assert (reading.policy is None) == bool(reading.problems)


YAML_LIKE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["version", "rules", "exemptions", "id", "ports", "disallowed_ports", "defaults", "expires"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=examples(150), deadline=None)
@given(YAML_LIKE)
def test_no_document_makes_it_fail_in_another_way(document):
    reading = read_policy([("p.yaml", yaml.safe_dump(document))])
    assert (reading.policy is None) == bool(reading.problems)


def test_bundled_policies_are_found_and_loaded():
    assert len(load_policy([bundled_policies() / "baseline.yaml"]).rules) > 30
    assert load_policy([bundled_policies() / "examples" / "allow-list.yaml"])
    assert load_policy([bundled_policies() / "examples" / "statistics.yaml"])


@pytest.mark.parametrize(
    "content",
    [
        b"PASSWORD=hunter2-hunter2",
        b"hunter2-hunter2: 1\npassword: hunter2-hunter2",
        b'{"password": "hunter2-hunter2"}',
        b"!hunter2-hunter2 x",
        b"- hunter2-hunter2",
        b"hunter2-hunter2: yes",
        b"hunter2-hunter2: 1\nhunter2-hunter2: 2",
        b"PASSWORD=x\nfoo: hunter2-hunter2: y",
        b"a: *hunter2-hunter2",
        b"clouds: {a: {auth: {password: hunter2-hunter2}}}",
    ],
)
def test_a_file_that_is_no_policy_is_not_quoted(content):
    with pytest.raises(PolicyError) as caught:
        load_texts([("p.yaml", content)])
    assert "hunter2" not in str(caught.value)
    assert str(caught.value).startswith("p.yaml:")


@pytest.mark.parametrize(
    ("text", "key", "meant"),
    [
        ("disalowed_ports: [23]", "disalowed_ports", "disallowed_ports"),
        ("rules: [{id: a, port: [23]}]", "port", "ports"),
        ("exemptions: [{id: a, reasons: r}]", "reasons", "reason"),
        ("defaults: {severty: high}", "severty", "severity"),
        ("expect_rows: {hosts: 1}", "hosts", "host"),
        ("limits: {exemption_day: 3}", "exemption_day", "exemption_days"),
    ],
)
def test_a_misspelt_key_is_still_named(text, key, meant):
    with pytest.raises(PolicyError, match=f"unknown key '{key}'; did you mean '{meant}'"):
        load_texts([("p.yaml", text)])


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("statistic: app_num, hosts: [win-*]", "'hosts' has no meaning beside 'statistic'"),
        ("statistic: app_num, listening: any", "'listening' has no meaning beside 'statistic'"),
        ("ports: [1], hosts: [10.2.0.0/33]", "'10.2.0.0/33' is no network"),
        ("ports: [1], hosts: [10.2.*]", "'10.2.*' looks like addresses: write an address or a network (10.2.0.0/16)"),
        ("ports: [1], hosts: []", "'hosts' is an empty list"),
        ("ports: [1], hosts: [!win-7 ]", "the tag '!win-7' is not allowed in a policy"),
        (
            "ports: [1], listening: loopback",
            "'listening' is the text 'loopback'; it must be one of any, beyond-loopback",
        ),
    ],
)
def test_hosts_and_listening_that_say_nothing_are_refused(keys, told):
    with pytest.raises(PolicyError) as caught:
        load_texts([("p.yaml", f"version: 1\nrules:\n  - {{id: a, {keys}}}\n")])
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [("---\n", "nothing"), ("[23]\n", "a list"), ("PASSWORD=secret\n", "a single value"), ("23\n", "a single value")],
)
def test_what_is_no_mapping_is_said_without_its_text(text, found):
    with pytest.raises(PolicyError) as caught:
        load_texts([("policy.yaml", text)])
    assert str(caught.value) == f"policy.yaml:1:1: the file: a mapping is wanted, found {found}"
