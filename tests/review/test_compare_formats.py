"""A comparison fits a terminal and a pull request comment, and lets nothing through."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from handler.models import Severity
from handler.review.changes import Change, Comparison, ExemptionChange
from handler.review.compare_formats import compare_markdown, compare_text

HOSTILE = "tcp</td><script>|x @team `a` [l](https://evil.example) ![i](x) \x1b[2J"


def comparison(count=1, protocol="tcp", **more):
    changes = tuple(
        Change("new", "telnet", Severity.HIGH, "host", port, port, (protocol,), 3, None, "rule added")
        for port in range(1, count + 1)
    )
    return Comparison("old.yaml", "new.yaml", f"{count} rows", changes, **more)


def rendered(markdown):
    return MarkdownIt("gfm-like", {"linkify": False, "html": False}).render(markdown)


def test_text_is_in_columns_with_counts():
    text = compare_text(comparison(2, counts_old={Severity.HIGH: 1}, counts_new={Severity.HIGH: 3}))
    assert text.startswith("old.yaml -> new.yaml, on 2 rows\n\nNewly found (2)\n  high  1/tcp  host  telnet  num 3")
    assert re.search(r"^high +1 +-> +3$", text, re.MULTILINE)


def test_text_says_that_nothing_changes():
    assert "Nothing changes." in compare_text(comparison(0))


@pytest.mark.parametrize("render", [compare_text, compare_markdown])
def test_doubts_are_loud(render):
    assert "certain" in render(comparison(0, doubts=("host is inconclusive",))).lower()
    assert "host is inconclusive" in render(comparison(0, doubts=("host is inconclusive",)))


@pytest.mark.parametrize(("count", "folded"), [(20, False), (21, True)])
def test_more_than_twenty_rows_are_folded(count, folded):
    markdown = compare_markdown(comparison(count))
    assert (f"<details><summary>Newly found ({count})</summary>" in markdown) is folded
    assert markdown.count("<details>") == markdown.count("</details>")


def test_a_comment_is_cut_by_whole_rows():
    markdown = compare_markdown(comparison(5000, exemptions=(ExemptionChange("added", "x", "y" * 300),)))
    assert len(markdown) < 65_000
    shown = markdown.count("| high | ") - 1  # one is the line of counts
    assert f"and {5000 - shown} more" in markdown
    assert all(line.count("|") == 7 for line in markdown.splitlines() if line.startswith("| high | ") and "tcp" in line)


def test_markdown_tables_are_tables():
    html = rendered(compare_markdown(comparison(3)))
    assert html.count("<table>") == 2
    assert html.count("<tr>") == (1 + 5) + (1 + 3)


def test_hostile_text_is_inert():
    markdown = compare_markdown(comparison(1, HOSTILE))
    html = rendered(markdown)
    assert "<script" not in markdown
    assert "@team" not in markdown
    assert "<a " not in html
    assert "<img" not in html
    assert "<code>" not in html
    assert html.count("<tr>") == (1 + 5) + (1 + 1)
    assert "\x1b" not in markdown + compare_text(comparison(1, HOSTILE))
