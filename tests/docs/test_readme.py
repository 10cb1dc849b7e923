"""README.md: its commands print what it shows, its links lead somewhere, its tables name what exists."""

import re
from pathlib import Path

import pytest

from handler.cli import COMMANDS
from handler.formats.registry import FORMATS
from handler.policy.load import load_texts
from handler.settings.targets_file import read_targets
from tests.document_blocks import blocks, run_block, same

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
YAML = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SETTINGS = re.findall(r"`([A-Z][A-Z0-9_]{3,})`", README)


@pytest.mark.parametrize("block", list(blocks(README)), ids=lambda block: f"line{block.line}")
def test_each_command_prints_what_is_shown(block, port_compliance):
    def run(arguments):
        printed = port_compliance(*arguments, cwd=ROOT)
        print(printed.out, end="")
        return printed.code

    for command, expected, got in run_block(block, run):
        assert same(expected, got), f"{command}\n{got}"


def test_the_first_policy_is_the_file_that_the_command_checks():
    assert YAML[0] == (ROOT / "docs/examples/first.yaml").read_text()
    assert load_texts([("p.yaml", YAML[0])]).rules[0].id == "disallowed-ports"


def test_the_targets_shown_can_be_read():
    (place,) = read_targets(
        "t.yaml", YAML[1].encode(), {"PROD_HUAWEICLOUD_SDK_AK": "a", "PROD_HUAWEICLOUD_SDK_SK": "s"}.get
    )
    assert place.name == "prod"


def test_links_and_pictures_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README) + re.findall(r'src="([^"]+)"', README):
        assert (ROOT / target).exists(), target


def test_every_command_and_format_is_named():
    for word in (*COMMANDS, *FORMATS):
        assert f"`{word}" in README, word


def test_every_setting_that_the_code_reads_is_named():
    sources = [*(ROOT / "handler" / "settings").glob("*.py"), ROOT / "handler" / "index.py"]
    read = {name for path in sources for name in re.findall(r'"([A-Z]{2,}_[A-Z_]+)"', path.read_text())}
    assert read - {"RUNTIME_TIMEOUT"} <= set(SETTINGS)


NAMED = re.compile(r"\bpip3? install(?: +-\S+)* +['\"]?port-compliance(?!\[?[^\]\n]*\]? *@)(?!-)")
SHOWN = (
    "README.md",
    "docs/**/*",
    "action.yml",
    "deploy/**/*",
    "handler/**/*.py",
    "serverless.yml",
    ".pre-commit-hooks.yaml",
)


def test_nothing_installs_by_a_name_that_nobody_owns():
    """Whoever registered `port-compliance` on PyPI would run code in our users' pipelines: a wheel's address it is."""
    files = {path for pattern in SHOWN for path in ROOT.glob(pattern) if path.is_file()}
    found = [str(path) for path in sorted(files) if NAMED.search(path.read_text(encoding="utf-8", errors="replace"))]
    assert found == []


@pytest.mark.parametrize(
    ("line", "by_name"),
    [
        ("pip install port-compliance", True),
        ("pip install --quiet 'port-compliance[report]'", True),
        ("pip install -U port-compliance==0.1", True),
        ("pip install 'port-compliance[report] @ https://files.example.org/p.whl'", False),
        ("pip install build/port_compliance-0.1.0-py3-none-any.whl", False),
        ("pip install '.[report]'", False),
    ],
)
def test_what_installing_by_name_looks_like(line, by_name):
    assert bool(NAMED.search(line)) is by_name


def _minutes(part):
    """Reading at 200 words a minute, what is shown included, and typing each command at 200 letters a minute."""
    shown = re.sub(r"<img[^>]*>|\]\([^)]*\)", "", part)
    typed = re.findall(r"^    (\S.*)$", re.sub(r"```.*?```", "", part, flags=re.DOTALL), re.MULTILINE)
    read = re.sub(r"^    .*$", "", shown, flags=re.MULTILINE)
    return len(read.split()) / 200 + sum(map(len, typed)) / 200


def test_the_first_verdict_is_five_minutes_of_reading_and_typing_away_and_the_gate_five_more():
    begin, gate = README.index("## Five minutes more"), README.index("## Look around")
    examples = [ROOT / "docs" / "ci" / name for name in ("github.yml", "gitlab-ci.yml", "pre-commit-config.yaml")]
    either = re.sub(r"(?m)^    (export HSS_|port-compliance snapshot).*\n", "", README[:begin])  # or a recorded estate
    assert 1 < _minutes(either) < 5
    for example in examples:
        words = len(re.sub(r"(?m)^ .*$", "", example.read_text()).split())  # its head is read, the rest is copied
        assert _minutes(README[begin:gate]) + words / 200 < 5


def test_the_first_verdict_on_an_old_estate_is_compliant_and_the_next_server_is_not(port_compliance, tmp_path):
    estate = ROOT / "docs" / "examples" / "snapshot.json"
    (line,) = re.findall(r"^    port-compliance (policy init .*) > policies/ports.yaml$", README, re.MULTILINE)
    words = line.replace("estate.json", str(estate)).replace('"Open when we began."', "Open").split()
    (tmp_path / "ports.yaml").write_text(port_compliance(*words, "--at", "2026-12-01").out)
    check = ["check", "--policy", str(tmp_path), "--snapshot", str(estate), "--at", "2026-12-01"]
    assert port_compliance(*check).code == 0
    (tmp_path / "ports.yaml").write_text((tmp_path / "ports.yaml").read_text().replace("up_to: 2", "up_to: 1"))
    assert port_compliance(*check).code == 1
