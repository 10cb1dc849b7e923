"""What a message says of its run: which target, whether HSS was asked, what to do where nothing could be seen."""

from __future__ import annotations

import pytest

from handler.models import Changes, Problem
from handler.sinks.sink import Notification
from handler.sinks.text.wording import content_of
from tests.fakes import TARGET, category, finding, report
from tests.notices import sink


def content(**other):
    return content_of(Notification("id-1", report(changes=Changes(), **other)), sink())


def test_the_fine_print_names_the_target_with_its_cloud_region_and_project_and_the_run():
    text = "\n".join(content(run_id="run-77").footer)
    for part in (f"Target {TARGET.name}: ", TARGET.cloud, TARGET.region, TARGET.project_id, "Run run-77", "id-1"):
        assert part in text
    assert "enterprise" not in text


def test_one_enterprise_project_is_named():
    (line,) = [line for line in content(target=TARGET._replace(enterprise_project_id="77")).footer if "Target" in line]
    assert line.endswith("enterprise project 77")


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        ((), "HSS was not asked."),
        ((category(api_calls=0, complete=False, total_num=None),), "HSS was not asked."),
        ((category(api_calls=0, complete=False),), "HSS was asked 2026"),  # a recorded answer, not read whole
        ((category(api_calls=0, plan="skipped"),), "HSS was not asked."),
        ((category(api_calls=0),), "HSS was asked 2026"),  # a recorded answer, read whole, that holds no row
        ((category(),), "HSS was asked 2026"),
    ],
)
def test_hss_was_asked_only_if_it_was(coverage, said):
    assert content(coverage=coverage).footer[0].startswith(said)


@pytest.mark.parametrize(("rows", "said"), [((), "Nothing could be seen."), ((1,), "What could be seen holds no")])
def test_a_run_that_saw_nothing_does_not_speak_of_what_it_saw(rows, said):
    broken = category(rows, complete=False, problems=(Problem("refused"),))
    assert content(verdict="inconclusive", coverage=(broken,)).summary.startswith(said)


def test_a_finding_of_an_earlier_run_is_no_sign_that_something_was_seen():
    ended = Notification("id", report(verdict="inconclusive", coverage=()), ongoing=(finding(),))
    assert "could be seen" not in content_of(ended, sink()).summary
