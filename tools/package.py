"""Builds the function's zip for each Python that FunctionGraph offers: `python -m tools.package`.

    dist/port-compliance-py310.zip        hashed wheels, our code, bundled policies, bytecode of that Python
    dist/port-compliance-py310.cdx.json   its bill of materials

The same sources and lock give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

from handler import __version__
from handler.policy.compile_folder import compile_policies
from tools.package_lock import Platform
from tools.package_sbom import bill_of_materials
from tools.package_tree import Tree, TreeError, extra_tree, function_tree, read_tree, wheel_tree, write_tree, write_zip
from tools.package_wheels import ToolError, compile_tree, download_wheels, strip_libraries

ROOT = Path(__file__).resolve().parent.parent
NAME = "port-compliance"
LARGEST = 6_000_000  # bytes: what a cold start should have to fetch at most
PYTHONS = ("3.10", "3.12")


def build(version: str, out: Path, *, extra: Path | None = None, bytecode: bool = True) -> Path:
    """Build one zip and its bill of materials; give the zip's path. Raises ToolError or TreeError.

    `extra` is a folder whose files go to the root of the code beside ours.
    """
    with tempfile.TemporaryDirectory() as downloads:
        wheels = download_wheels(ROOT / "requirements-zip.lock", Platform(version), Path(downloads))
        return assemble(wheels, version, out, extra=extra, bytecode=bytecode)


def assemble(wheels: list[Path], version: str, out: Path, *, extra: Path | None = None, bytecode: bool = True) -> Path:
    """As `build`, from wheels that are here."""
    tree = zip_tree(wheels, version, extra=extra, bytecode=bytecode)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{NAME}-{Platform(version).tag}.zip"
    write_zip(tree, path)
    path.with_suffix(".cdx.json").write_text(bill(wheels), encoding="utf-8")
    return path


def bill(wheels: list[Path]) -> str:
    """The bill of materials of a zip of these wheels."""
    return bill_of_materials(wheels, name=NAME, version=__version__, licence="Apache-2.0")


def zip_tree(wheels: list[Path], version: str, *, extra: Path | None = None, bytecode: bool = True) -> Tree:
    """All files of the zip that `assemble` writes."""
    with tempfile.TemporaryDirectory() as scratch:
        ours, theirs = Path(scratch, "ours"), Path(scratch, "theirs")
        write_tree(function_tree(ROOT, version), ours)
        write_tree(wheel_tree(wheels), theirs)
        if not strip_libraries(theirs):
            print("warning: strip is not installed; the zip will be larger", file=sys.stderr)
        if bytecode:
            compile_tree(ours, version, keep_sources=True)
            compile_tree(theirs, version, keep_sources=False)  # a megabyte less; the lock says where to read them
        tree = read_tree(theirs) | read_tree(ours)
        tree |= compile_policies(ours)
    return tree | (extra_tree(extra, tree) | compile_policies(extra) if extra else {})


def main(arguments: list[str] | None = None) -> int:
    """Build what the command line asks for; 1 if a program is missing or failed, or a zip is too large."""
    parser = argparse.ArgumentParser(prog="python -m tools.package", description=__doc__.partition("\n")[0])
    parser.add_argument("--python", action="append", choices=PYTHONS, help="only for this Python (repeatable)")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder to write to (default dist)")
    parser.add_argument(
        "--with", dest="extra", type=Path, metavar="FOLDER", help="your own policies, targets and sinks"
    )
    parser.add_argument("--no-bytecode", action="store_true", help="sources only: smaller, but a slower cold start")
    args = parser.parse_args(arguments)
    try:
        zips = [
            build(version, args.out, extra=args.extra, bytecode=not args.no_bytecode)
            for version in args.python or PYTHONS
        ]
    except (ToolError, TreeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in zips:
        content = path.read_bytes()
        print(f"{path.name}  {len(content):,} bytes  sha256 {hashlib.sha256(content).hexdigest()}")
    return int(any(path.stat().st_size > LARGEST for path in zips))


if __name__ == "__main__":
    raise SystemExit(main())
