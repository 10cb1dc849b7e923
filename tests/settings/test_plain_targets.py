"""The short way to read a targets file gives what the YAML reader gives, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.policy.yaml_positions import read_yaml
from handler.settings.plain_targets import plain_entries

odd = st.sampled_from(
    [
        "yes", "No", "on", "NULL", "y", "true", "1", "0x1f", "1e5", "0b01", "0b" + "01" * 15, "0" * 32, "1" * 32,
        "12e4" + "1" * 28, "a" * 32, "0a" * 16, "12345678-1234-1234-1234-123456789012", "2026-12-01", "~", "-", "a:", "a: b",
        "a #b", "'0'", '"0"', "'it''s'", '"a\\n"', "[a, b]", "['0', \"1\"]", "[a, yes]", "[]", "[a,b]", "[a, [b]]", "{a: b}",
        "&x a", "*x", "!!str a", "| a", "@a", "`a", "%a", "https://x.example/a?b=c", "a,b", "a]", "é", "a\tb", "",
    ]
)  # fmt: skip
values = st.one_of(odd, st.from_regex(r"[A-Za-z0-9_./@:#'\"\[\], -]{1,12}", fullmatch=True))
keys = st.sampled_from(["name", "cloud", "region", "project_id", "enterprise_projects", "Name", "name "])


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file that is nearly plain."""
    lines = [draw(st.sampled_from(["targets:"] * 8 + ["# a comment\ntargets:", "targets: ", "target:", "targets: []"]))]
    for _ in range(draw(st.integers(1, 3))):
        pairs = draw(st.lists(st.tuples(keys, values), min_size=1, max_size=3))
        dash = draw(st.sampled_from(["  - "] * 6 + ["- ", "   - ", "  -  "]))
        if draw(st.booleans()):
            lines.append(f"{dash}{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}")
            continue
        lines.append(f"{dash}{pairs[0][0]}: {pairs[0][1]}")
        inside = draw(st.sampled_from(["    "] * 8 + ["  ", "     "]))
        lines += [f"{inside}{key}: {value}" for key, value in pairs[1:]]
        lines += draw(st.sampled_from([[]] * 4 + [[""], ["  # said"], ["   "], ["..."], ["---"]]))
    return draw(st.sampled_from(["\n", "\n", "\n", "\r\n"])).join([*lines, ""])


@given(files())
def test_what_is_read_is_what_a_yaml_reader_reads(text: str) -> None:
    found = plain_entries(text.encode())
    if found is not None:
        file = read_yaml("t.yaml", text.encode(), booleans=True)
        assert not file.problems
        assert file.data == {"targets": found or None}


@pytest.mark.parametrize(
    "text",
    [
        "targets:\n- name: a\n  region: eu-de\n",
        "# the fleet\n\ntargets:\n\n  - name: a\n    region: eu-de\n  # and\n  - {name: b, region: 'eu-de'}\n",
        "targets:\n  - name: a\n    enterprise_projects: ['0', all_granted_eps]\n    project_id: " + "0a" * 16,
    ],
)
def test_a_plain_file_is_read(text: str) -> None:
    assert plain_entries(text.encode()) == read_yaml("t.yaml", text.encode()).data["targets"]


@pytest.mark.parametrize(
    "text",
    [
        "", "targets:\n  - name: a\n    name: b\n", "targets:\n  - {name: a, name: b}\n", "targets:\n  - name: yes\n",
        "targets:\n  - name: a\n   region: b\n", "targets:\n  - {name: a}\n    region: b\n",
        "targets:\n  - {name: a}\n - {name: b}\n", "targets:\n  - name: a\nother: b\n", "\ttargets:\n", "é",
    ],
)  # fmt: skip
def test_any_other_is_left_to_the_yaml_reader(text: str) -> None:
    assert plain_entries(text.encode()) is None
