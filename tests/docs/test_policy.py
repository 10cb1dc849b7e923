"""docs/policy.md shows what the commands really print."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from handler.policy.codes import CODES, WARNINGS
from handler.policy.load import load_texts
from handler.policy.yaml_positions import read_yaml
from handler.review.case_shape import check_shape
from tests.document_blocks import blocks, rewritten, run_block, same

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
YAML = re.findall(r"^```yaml\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
BLOCKS = list(blocks(DOCUMENT))


@pytest.fixture
def at_the_top():
    before = Path.cwd()
    os.chdir(ROOT)
    yield
    os.chdir(before)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"line{block.line}")
def test_each_command_prints_what_the_document_shows(block, at_the_top):
    for command, expected, got in run_block(block):
        assert same(expected, got), f"{command}\n{got}"


def test_every_subcommand_is_shown():
    shown = {command.split()[2] for block in BLOCKS for command, _ in block.steps if "port-compliance" in command}
    assert shown == {"init", "validate", "test", "mutate", "diff", "explain", "coverage", "schema"}


def test_every_code_is_documented():
    for code in (*CODES, *WARNINGS):
        assert f"| {code} | " in DOCUMENT


@pytest.mark.parametrize("text", YAML)
def test_every_policy_and_case_file_shown_is_good(text):
    if "cases:" in text:
        assert check_shape(read_yaml("shown.test.yaml", text))[1] == []
    else:
        assert load_texts([("shown.yaml", text)]).rules


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", DOCUMENT):
        assert (ROOT / "docs" / target).exists(), target


def greet(arguments):
    print("hello", *arguments)
    return 3


def test_the_runner_notices_a_difference():
    block = next(blocks("```console\n$ port-compliance a \\\n    b\nhello a b\n$ echo $?\n3\n```\n"))
    assert [same(want, got) for _, want, got in run_block(block, greet)] == [True, True]
    wrong = next(blocks("```console\n$ port-compliance a\nhello b\n$ echo $?\n0\n```\n"))
    assert [same(want, got) for _, want, got in run_block(wrong, greet)] == [False, False]


def test_any_lines_stand_for_any_lines():
    assert same("a\n[...]\nd\n", "a\nb\nc\nd\n")
    assert not same("a\n[...]\nd\n", "a\nb\nc\n")


def test_rewriting_puts_the_real_output_and_keeps_what_is_left_out():
    text = "a\n```console\n$ port-compliance x\n{}\n$ echo $?\n{}\n```\nb\n"
    assert rewritten(text.format("wrong", "9"), greet) == text.format("hello x", "3")
    assert rewritten(text.format("[...]", "3"), greet) == text.format("[...]", "3")
