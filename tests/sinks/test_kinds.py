"""One row per kind of sink: all that is special about it stands there, and no other module knows a kind by its name."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from handler.formats.registry import FORMATS
from handler.settings.sinks_file import SinkEntry
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Sink
from tests.module_trees import HANDLER, MODULES, tree_of

ROOT = Path(__file__).parents[2]
SINKS = HANDLER / "sinks"
NOT_A_KIND = {"__init__", "answers", "kinds", "message", "sample", "sink"}
ALSO_A_SERVICE = {
    HANDLER / "function" / "events.py",
    HANDLER / "settings" / "places.py",
}  # that starts runs, and is asked
PROTOCOL = {"render", "judge"}
TO_BE_JOINED = {"retry_after"}  # handler/retries.py is to hold the single one


def texts(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def imported(tree: ast.AST) -> set[str]:
    """The full names of what a module imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return names


def test_no_other_module_knows_a_kind_by_its_name():
    modules = {f"handler.sinks.{name}" for name in SINK_KINDS}
    for path in MODULES:
        tree = tree_of(path)
        if path == SINKS / "kinds.py":
            continue
        beside = set(FORMATS) if HANDLER / "formats" in path.parents else set()  # `ocsf` is a format as well
        beside |= {"smn"} if path in ALSO_A_SERVICE else set()
        assert not (texts(tree) - beside) & {*SINK_KINDS, *modules}, path
        assert not imported(tree) & modules, path


def test_every_kind_has_a_module_and_every_module_a_kind():
    assert {path.stem for path in SINKS.glob("*.py")} - NOT_A_KIND == set(SINK_KINDS)
    for name, kind in SINK_KINDS.items():
        assert kind.name == name
        assert callable(kind.module.render)
        assert callable(kind.module.judge)


def test_what_a_kind_needs_is_a_key_of_a_sink_and_of_its_file():
    needs = {key for kind in SINK_KINDS.values() for key in kind.needs}
    assert needs == {"chat_id", "routing_key", "headers", "topic_urn"}
    assert needs <= set(Sink._fields) & set(SinkEntry.model_fields)


def test_a_host_belongs_to_one_kind():
    hosts = [host for kind in SINK_KINDS.values() for host in kind.hosts]
    assert len(hosts) == len(set(hosts))
    assert not any(one.endswith(f".{other}") for one in hosts for other in hosts)


@pytest.mark.parametrize("kind", ["slack", "rocketchat", "pagerduty"])
def test_a_kinds_module_is_imported_when_it_is_used_and_no_other_with_it(kind):
    code = f"""
import sys
import handler.notify.dispatch, handler.settings.webhook
from handler.sinks.kinds import SINK_KINDS
loaded = lambda: [name for name in SINK_KINDS if f"handler.sinks.{{name}}" in sys.modules]
assert loaded() == [], loaded()
SINK_KINDS[{kind!r}].module
assert loaded() == [{kind!r}], loaded()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def public_names(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def test_a_public_name_of_telling_means_one_thing_in_the_whole_program():
    homes: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        for name in public_names(tree_of(path)) - PROTOCOL - TO_BE_JOINED:
            homes[name].add(path.relative_to(HANDLER).as_posix())
    telling = ("notify/", "sinks/", "settings/webhook.py", "settings/sinks_file.py")
    assert [
        (name, sorted(paths))
        for name, paths in homes.items()
        if len(paths) > 1 and any(path.startswith(telling) for path in paths)
    ] == []
