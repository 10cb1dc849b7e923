"""What formats say in the same words."""

import pytest

from handler.formats import words
from handler.formats.html_report import render_html
from handler.formats.junit import render_junit
from handler.formats.markdown import render_markdown
from handler.formats.text import render_text
from handler.models import RULE_TEXTS, Finding, Report, Severity, Target

SAID_OTHERWISE = {
    "title": "names the finding",
    "references": "a list, which HTML and JUnit show last",
    "tags": "for machines",
}


def report_with(**texts):
    finding = Finding("f", "telnet", "Telnet", Severity.HIGH, "host", 23, "tcp", 1, **texts)
    times = ("2026-12-01T00:00:00Z", "2026-12-01T00:00:01Z")
    return Report("r", *times, "violations", "p", "d", (), Target(), findings=(finding,))


def test_every_text_of_a_rule_is_advice_or_said_otherwise_for_a_reason():
    assert {field for field, *_ in words._ADVICE} | set(SAID_OTHERWISE) == set(RULE_TEXTS)


def test_only_what_is_said_is_advice_in_order():
    finding = report_with(owner="team-a", remediation="Disable it.").findings[0]
    assert [(one.label, one.text) for one in words.advice(finding)] == [("do", "Disable it."), ("ask", "team-a")]


FORMATS = [render_text, render_markdown, render_junit, render_html]
SHOWN = [(render, field) for render in FORMATS for field, *_ in words._ADVICE]
SHOWN.remove((render_markdown, "rationale"))  # a comment has a column of what to do, and none of why


@pytest.mark.parametrize(("render", "field"), SHOWN)
def test_what_a_rules_author_says_is_in_every_format_for_people(render, field):
    text = "https://steps.example.org/x" if field == "runbook" else "Words-of-ours"
    assert text in render(report_with(**{field: text})).replace("\u200b", "").replace("\\", "")
