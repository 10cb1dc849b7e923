"""docs/deploy.md: what it quotes and names is still so."""

import re
from pathlib import Path

import pytest

import handler.errors
from bench.many_targets import table
from handler.hss.refusals import HINTS
from handler.settings.run_settings import read_settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "deploy.md").read_text()


def test_the_simulation_it_quotes_is_the_one_that_runs():
    quoted = [
        line for line in TEXT.splitlines() if line.startswith("| 1 |") or re.match(r"\| [\d,]+ \| (one|\d+),", line)
    ]
    assert quoted == list(table([1, 100, 5000], rows=200, timeout=900))[2:]


def test_every_error_it_explains_exists():
    named = set(re.findall(r"^\| `(\w+Error)` \((\d)\)", TEXT, re.MULTILINE))
    assert {(name, str(getattr(handler.errors, name).exit_code)) for name, _ in named} == named
    assert len(named) >= 6


def test_every_code_that_the_function_has_advice_for_is_explained():
    assert {code for code in HINTS if f"`{code}`" not in TEXT} <= {"APIG.0201"}


def test_its_links_lead_somewhere():
    anchors = {
        re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        file, _, anchor = target.partition("#")
        assert (ROOT / "docs" / file).exists() if file else anchor in anchors, target


@pytest.mark.parametrize("path", re.findall(r"`(deploy/terraform/\w+|serverless\.yml|requirements-zip\.lock)`", TEXT))
def test_its_files_are_there(path):
    assert (ROOT / path).exists()


def test_its_settings_are_settings():
    names = set(re.findall(r"`((?:HSS|RUN|POLICY|TARGETS|NOTIFY|STATE|WEBHOOK|LOG)_[A-Z_]+)[`=]", TEXT))
    read = set()
    with pytest.raises(handler.errors.SettingsError):
        read_settings(read.add)
    assert names - read == set()


def test_the_terraform_variables_it_shows_exist():
    shown = set(re.findall(r"^    (\w+) += ", TEXT, re.MULTILINE))
    variables = (ROOT / "deploy" / "terraform" / "opentelekomcloud" / "variables.tf").read_text()
    assert shown == shown & set(re.findall(r'variable "(\w+)"', variables))
    assert shown
