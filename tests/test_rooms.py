"""The picture of the rooms is the import contract, and the contract names every room."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("draw_rooms", ROOT / "tools" / "draw_rooms.py")
draw_rooms = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(draw_rooms)
LAYERS = draw_rooms.layers((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_committed_picture_is_drawn_from_the_contract():
    drawn = draw_rooms.drawing(LAYERS)
    assert (ROOT / "docs/pictures/rooms.svg").read_text(encoding="utf-8") == drawn


def test_the_contract_names_every_room():
    rooms = {
        path.stem for path in (ROOT / "handler").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {room for layer in LAYERS for room in layer} == rooms - {"__init__"}


def test_the_design_names_only_files_that_are_there():
    import re

    text = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    for name in re.findall(r"`([a-z_]+(?:/[a-z_]+)*\.py)`", text):
        assert (ROOT / "handler" / name).exists() or (ROOT / name).exists(), name
