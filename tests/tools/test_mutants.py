"""What `make mutants` counts and how. mutmut itself is not in the environment of the tests: `make mutants` shows that it runs."""

from __future__ import annotations

import json

import pytest

from tools.mutants import EQUIVALENT, ROOMS, ROOT, Count, change_of, is_wording, recorded, sampled, table

SHOWN = """# handler.clock.x_later__mutmut_1: survived
--- handler/clock.py
+++ handler/clock.py
@@ -1,3 +1,3 @@
 def later(a, b):
-    return a < b
+    return a <= b
"""


def test_a_mutant_is_known_by_what_it_changes_wherever_that_stands():
    moved = SHOWN.replace("-1,3 +1,3", "-9,3 +9,3").replace("    return", "        return")
    assert change_of(SHOWN) == change_of(moved) == ("-return a < b", "+return a <= b")


@pytest.mark.parametrize(
    ("old", "new", "wording"),
    [
        ('say("no time is left")', 'say("XXno time is leftXX")', True),
        ('say("no time is left")', 'say("NO TIME IS LEFT")', True),
        ('say(f"{a} of {b} rows")', 'say(f"XX{a} of {b} rowsXX")', True),
        ('say("no time is left")', "say(None)", False),
        ('row["port"]', 'row["XXportXX"]', False),  # a word alone may be a key
        ('say("no time is left", a)', 'say("no time is left", b)', False),
        ('a + "of the day"', 'a - "of the day"', False),
        ('a = "more" if b > c else "less"', 'a = "more" if b >= c else "less"', False),  # code between two words
        ('say(f"{a + 1} of the rows")', 'say(f"{a - 1} of the rows")', False),
        ('say("no", "time is left")', 'say("NO", "time is left")', False),
        ('say("it is \\"late\\" now")', 'say("XXit is \\"late\\" nowXX")', True),
    ],
)
def test_only_a_changed_sentence_is_wording(old, new, wording):
    assert is_wording(("-" + old, "+" + new)) is wording


def test_a_mutant_of_several_lines_is_never_wording():
    assert not is_wording(('-say("no time")', '+say("NO TIME")', "+done()"))


def test_a_sample_is_the_same_for_the_same_seed_and_never_more_than_there_is():
    names = [f"m{number}" for number in range(100)]
    assert sampled(names, 10, seed=1) == sampled(names[::-1], 10, seed=1) != sampled(names, 10, seed=2)
    assert len(set(sampled(names, 10, seed=1))) == 10
    assert sampled(names, 0, seed=1) == sampled(names, 500, seed=1) == sorted(names)


def test_the_score_leaves_out_what_changes_no_behaviour_and_the_table_says_what_is_a_sample():
    counts = {"state": Count(3, 1, 5, 7), "decide": Count(6, 0, 0, 0)}
    assert table(counts, {"state": 800, "decide": 6}).splitlines()[2:] == [
        "| decide | 6 | all | 6 | 0 | 0 | 0 | 100.0 % |",
        "| state | 800 | 16 | 3 | 1 | 5 | 7 | 75.0 % |",
        "| **all** | 806 | 22 | 9 | 1 | 5 | 7 | 90.0 % |",
    ]
    assert Count().score == 100


def test_the_figures_of_rooms_that_were_run_one_by_one_stand_in_one_table(tmp_path):
    (tmp_path / "state.json").write_text("[800, [3, 1, 5, 7]]")
    (tmp_path / "diff.json").write_text("[9, [9, 0, 0, 0]]")
    counts, made = recorded(tmp_path)
    assert (counts, made) == ({"diff": Count(9), "state": Count(3, 1, 5, 7)}, {"diff": 9, "state": 800})


@pytest.mark.parametrize("name", ROOMS)
def test_the_files_and_tests_of_every_room_exist(name):
    assert all(list(ROOT.glob(pattern)) for pattern in ROOMS[name].files + ROOMS[name].tests)


def test_every_equivalent_mutant_has_a_reason():
    known = json.loads(EQUIVALENT.read_text(encoding="utf-8"))
    assert known
    assert all(change.startswith("-") and len(reason.split()) > 3 for change, reason in known.items())


def test_every_equivalent_mutant_is_of_lines_that_a_room_still_has():
    """What is listed for code that is gone would only make it hard to see what is listed."""
    rooms = {file for room in ROOMS.values() for pattern in room.files for file in ROOT.glob(pattern)}
    there = {line.strip() for file in rooms for line in file.read_text(encoding="utf-8").splitlines()}
    known = json.loads(EQUIVALENT.read_text(encoding="utf-8"))
    was = {change: [line[1:] for line in change.split("\n") if line.startswith("-")] for change in known}
    assert [change for change, lines in was.items() if not there.issuperset(lines)] == []
