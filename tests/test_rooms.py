"""The picture of the rooms is the import contract, which names every room; a public name is one module's."""

import ast
import importlib.util
import re
from pathlib import Path

import grimp

from tests.module_trees import MODULES, tree_of

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


def test_there_are_few_rooms():
    assert sum(map(len, LAYERS)) <= 30


def test_the_design_names_only_files_that_are_there():
    text = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    for name in re.findall(r"`([a-z_]+(?:/[a-z_]+)*\.py)`", text):
        assert (ROOT / "handler" / name).exists() or (ROOT / name).exists(), name


def test_no_module_is_imported_by_what_it_imports():
    graph = grimp.build_graph("handler", exclude_type_checking_imports=True, cache_dir=None)
    below = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    while free := [module for module, imported in below.items() if not imported & below.keys()]:
        for module in free:  # what imports nothing that is left stands in no cycle
            del below[module]
    assert sorted(below) == []


def test_no_module_is_long():
    lines = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > 300} == {}


BODIES = ("body", "orelse", "finalbody", "handlers", "cases")  # where a statement holds statements


def imports_within(body, function=False):
    """The imports that stand in functions, at any depth."""
    for node in body:
        if function and isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        for name in BODIES:
            yield from imports_within(getattr(node, name, ()), function or isinstance(node, ast.FunctionDef))


def test_imports_in_functions_are_few_and_have_a_reason():
    late = []
    for path in MODULES:
        within = list(imports_within(tree_of(path).body))
        lines = path.read_text(encoding="utf-8").splitlines() if within else ()
        late += [lines[node.lineno - 1] for node in within]
    assert len(late) <= 15
    assert [line for line in late if not re.search(r"# noqa: PLC0415 - \w", line)] == []


PROTOCOLS = {
    "commands": {"DESCRIPTION", "EXAMPLE", "arguments", "run"},  # what cli.py asks of every command
    "sinks": {"render", "judge"},  # what a row of sinks/kinds.py asks of every kind
}


def public_names(body):
    """The functions, classes and constants that statements of a module define; what it imports is not its own."""
    for node in body:
        if isinstance(node, (ast.If, ast.Try)):
            yield from public_names([*node.body, *node.orelse, *getattr(node, "finalbody", ())])
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))


def test_a_public_name_is_defined_in_one_module_only():
    modules = {}
    for path in MODULES:
        room, *_ = path.relative_to(ROOT / "handler").parts
        for name in set(public_names(tree_of(path).body)) - PROTOCOLS.get(room, set()):
            if not name.startswith("_"):
                modules.setdefault(name, []).append(str(path.relative_to(ROOT)))
    assert {name: places for name, places in modules.items() if len(places) > 1} == {}
