"""What a run did not ask is named on standard error, the worst first."""

from __future__ import annotations

from handler.commands.check import say_deferred
from handler.decide.schedule import Deferred

AT = "2026-11-22T12:00:00Z"


def test_what_was_not_asked_is_summed_up_and_what_is_not_known_is_named(capsys):
    old = [Deferred(f"old{n:02}", AT, "compliant", "inconclusive") for n in range(12)]
    never = Deferred("never", "", None, "inconclusive")
    say_deferred([never, *old, Deferred("bad", AT, "violations", "violations"), Deferred("new", "", None, None)])
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0] == "not asked in this run, by their last verdicts: 13 inconclusive, 1 violations, 1 not checked yet"
    assert lines[1:3] == [
        "  never counts as inconclusive: it was never checked",
        f"  old00 counts as inconclusive: last compliant at {AT}",
    ]
    assert len(lines) == 11


def test_where_every_target_was_asked_nothing_is_said(capsys):
    say_deferred([])
    assert capsys.readouterr() == ("", "")
