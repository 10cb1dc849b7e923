"""Names of targets, folded."""

import pytest

from handler.sinks.text.names import folded_names


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["b", "a"], "a, b"),
        (["prod-2", "prod-1"], "prod-1, prod-2"),
        (["prod-2", "prod-1", "prod-3"], "prod-1 to prod-3"),
        (["t9", "t10", "t11", "t2"], "t2, t9 to t11"),
        (["s-08", "s-09", "s-10", "s-11"], "s-08 to s-11"),
        (["s-8", "s-09", "s-10"], "s-8, s-09, s-10"),
        (["a-1", "b-2", "c-3"], "a-1, b-2, c-3"),
        (["a", "a", "a"], "a"),
        (
            [f"name{chr(97 + n)}" for n in range(10)],
            "namea, nameb, namec, named, namee, namef, nameg, nameh and 2 more",
        ),
        ([*"abcdefgh", *(f"z{n}" for n in range(5))], "a, b, c, d, e, f, g, h and 5 more"),
    ],
)
def test_neighbours_are_folded_and_a_line_holds_no_more_than_eight(names, text):
    assert folded_names(names) == text
    assert folded_names(reversed(names)) == text


def test_a_name_that_somebody_else_wrote_stays_one_line():
    assert "\n" not in folded_names(["a\nb"])
