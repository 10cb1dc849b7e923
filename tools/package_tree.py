"""Which files go into the function's zip: a mapping of archive names to contents, from our code and from wheels."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Tree = dict[str, bytes]

# The terminal and what only it uses; the function never imports them.
LEFT_OUT = ("cli.py", "__main__.py", "commands", "simulator", "derive", "review")
LEFT_OUT_FILES = {
    "formats": (
        *("html_report.py", "plots.py", "terminal_plot.py", "report.html.j2", "report.css", "report.js"),
        *("fleet.py", "fleet_html.py", "fleet.html.j2", "fleet.css", "fleet.js"),
        *("csv_table.py", "github.py", "junit.py", "openmetrics.py", "sarif.py", "artifact.py", "not_known.py"),
    ),
    "policy": (
        *("lint.py", "lint_exemptions.py", "lint_pairs.py", "lint_ports.py", "lint_rules.py", "lint_servers.py"),
        *("danger_lists.py", "exemption_sums.py"),
    ),
    "hss": ("estimate.py",),
    "report": ("report_file.py",),
    "schemas": ("survey.py", "keywords.py"),
    "sinks": ("sample.py",),
}
UNUSED_FILES = {"pydantic/mypy.py"}  # a plugin of mypy
# pydantic's first version, for types made for it (none of ours), and urllib3 in a browser
UNUSED_PARTS = ("pydantic/v1/", "urllib3/contrib/emscripten/")
COMPILED_TWICE = {"charset_normalizer"}  # its modules are there in Python, too; nothing of ours asks it for an encoding
UNUSED_FOLDERS = {"tests", "test", "benchmarks", "__pycache__", "bin"}
UNUSED_SUFFIXES = {".pyi", ".pyc", ".c", ".h", ".pyx", ".pxd"}
UNUSED_METADATA = {"RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", "top_level.txt", "entry_points.txt"}

INDEX = '''"""The file that FunctionGraph looks for at the root of the code: handler `index.handler`."""

import gc
import sys

if sys.version_info[:2] != {version}:
    raise ImportError("this zip is for Python %d.%d: choose the runtime of its name" % {version})

gc.disable()  # what is imported stays: to look through it again and again is a part of what an import costs

from pathlib import Path  # noqa: E402

# The runtime brings old copies of some libraries; ours come first, whatever its order is.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from handler.index import handler, initializer  # noqa: E402

gc.freeze()
gc.enable()

__all__ = ["handler", "initializer"]
'''


class TreeError(Exception):
    """A file that this builder cannot place."""


def function_tree(root: Path, version: str) -> Tree:
    """Our own part for a Python like `3.10`: `index.py`, `handler/` without the terminal, `policies/`, the licence."""
    index = INDEX.format(version=tuple(int(part) for part in version.split(".")))
    tree = {"index.py": index.encode(), "LICENSE": (root / "LICENSE").read_bytes()}
    for folder in ("handler", "policies"):
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root)
            if path.is_file() and _is_wanted(name) and not _is_for_terminal(name):
                tree[name.as_posix()] = path.read_bytes()
    return tree


def extra_tree(folder: Path, taken: Tree) -> Tree:
    """The user's own files: policies, targets, sinks. Raises TreeError where one would replace code."""
    if not folder.is_dir():
        raise TreeError(f"{folder} is not a folder")
    found = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    tree = {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
    replaced = sorted(name for name in tree.keys() & taken.keys() if not name.startswith("policies/"))
    if replaced:
        raise TreeError(f"{folder}: {', '.join(replaced[:5])} would replace a file of the function")
    return tree


def wheel_tree(wheels: Iterable[Path]) -> Tree:
    """What the function needs of each wheel. Raises TreeError for one with a data folder that is not scripts."""
    tree: Tree = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                path = PurePosixPath(name)
                if path.is_absolute() or ".." in path.parts:
                    raise TreeError(f"{wheel.name}: {name} leaves its folder")
                if path.parts[0].endswith(".data"):
                    if path.parts[1:2] != ("scripts",):
                        raise TreeError(f"{wheel.name}: {name} has no place in a zip")
                elif not name.endswith("/") and _is_wanted(path):
                    tree[name] = archive.read(name)
    return tree


def write_tree(tree: Tree, folder: Path) -> None:
    """Write the files below the folder."""
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def read_tree(folder: Path) -> Tree:
    """All files below the folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write_zip(tree: Tree, path: Path) -> None:
    """A zip whose bytes depend on the tree alone: sorted names, one date, one mode, one level."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(tree):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, tree[name], compresslevel=9)


def _is_for_terminal(path: Path) -> bool:
    room, *rest = path.parts[1:]
    return path.parts[0] == "handler" and (room in LEFT_OUT or (bool(rest) and rest[0] in LEFT_OUT_FILES.get(room, ())))


def _is_wanted(path: PurePosixPath | Path) -> bool:
    """Whether a file is of use when the function runs; metadata and licences are kept."""
    if path.parts[0].endswith(".dist-info"):
        return path.name not in UNUSED_METADATA
    if path.name.startswith(".") or path.name.endswith("~"):  # an editor's; FunctionGraph refuses the latter
        return False
    if path.as_posix().startswith(UNUSED_PARTS):
        return False
    if path.as_posix() in UNUSED_FILES or (path.parts[0] in COMPILED_TWICE and path.suffix == ".so"):
        return False
    return not UNUSED_FOLDERS.intersection(path.parts[:-1]) and path.suffix not in UNUSED_SUFFIXES
