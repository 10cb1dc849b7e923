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
    "gateway": "calls by API Gateway",
    "failure": "a run that could not begin",
    "rounds": "a run over its targets",
    "outcome": "exit code, result",
    "bootstrap": "builds the real parts",
    "authorizers": "credentials that sign",
    "surroundings": "clock, connections",
    "policy_source": "file, OBS, https",
    "simulator": "an HSS to test against",
    "derive": "documents to schemas",
    "review": "test, diff, mutate a policy",
    "check": "gather, decide, act",
    "hss": "the API: plan, call, decode",
    "notify": "sixteen sinks, what is owed",
    "store": "file, OBS, Redis",
    "diff": "against the last run",
    "formats": "ten output formats",
    "report_file": "a report read back",
    "snapshot_file": "a recorded answer",
    "last_run": "what is remembered",
    "report": "JSON version 1",
    "evaluate": "snapshot + policy",
    "events": "what triggered us",
    "fingerprint": "who is who",
    "settings": "read once, whole",
    "policy": "YAML to rules",
    "json_file": "a file of ours, read back",
    "logs": "lines of JSON",
    "retries": "once more, or not",
    "schemas": "what answers must be",
    "transport": "one HTTP request",
    "models": "the nouns",
    "clock": "time as an argument",
    "errors": "the tree",
    "ports": "sets of ports",
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
