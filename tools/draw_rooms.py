"""Draws the rooms of `handler/` from the import contract: `python tools/draw_rooms.py > docs/pictures/rooms.svg`."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WIDTH, ROW, PAD = 880, 38, 12
SAYS = {
    "__main__": "python -m handler",
    "cli": "door: the terminal",
    "commands": "one file per command",
    "index": "door: the function",
    "function": "events, gateway, failure",
    "run": "gather, decide, act",
    "notify": "when somebody is told",
    "sinks": "how it is said",
    "settings": "read once, whole",
    "simulator": "an HSS to test against",
    "derive": "documents to schemas",
    "review": "test, diff, mutate a policy",
    "formats": "ten output formats",
    "report": "verdict, JSON version 1",
    "decide": "what is found, what changed",
    "hss": "the API: plan, call, decode",
    "state": "what is remembered, where",
    "policy": "YAML to rules",
    "retries": "once more, or not",
    "schemas": "what answers must be",
    "transport": "one HTTP request",
    "logs": "lines of JSON",
    "models": "the nouns",
    "addresses": "this machine",
    "clock": "time as an argument",
    "errors": "the tree",
    "foreign_text": "harmless",
    "ports": "sets of ports",
    "named_tuple": "the base of all nouns",
}


def layers(text: str) -> list[list[str]]:
    """The rooms of the contract, top layer first."""
    listed = re.search(r"layers = \[\n(.*?)\n\]", text, re.DOTALL)
    assert listed is not None
    return [re.split(r"\s*\|\s*", line) for line in re.findall(r'"([^"]+)"', listed[1])]


def drawing(rows: list[list[str]]) -> str:
    """The picture: a row per layer, imports go down only."""
    height = ROW * len(rows) + 2 * PAD
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif">',
        "<title>The rooms of port-compliance; imports go down only</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for index, rooms in enumerate(rows):
        each = (WIDTH - PAD * (len(rooms) + 1)) / len(rooms)
        for place, room in enumerate(rooms):
            x, y = PAD + place * (each + PAD), PAD + index * ROW
            label = f'<tspan font-weight="bold">{escape(room)}</tspan>  {escape(SAYS[room])}'
            box = f'x="{x:.0f}" y="{y}" width="{each:.0f}" height="{ROW - 8}" rx="4"'
            middle = f'x="{x + each / 2:.0f}" y="{y + 20}" text-anchor="middle" font-size="12"'
            parts.append(f'<rect {box} fill="#eef3f8" stroke="#5b7083"/>')
            parts.append(f'<text {middle} fill="#1c2733">{label}</text>')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    print(drawing(layers((ROOT / "pyproject.toml").read_text(encoding="utf-8"))), end="")
