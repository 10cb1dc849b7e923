"""A copy of the tree in which mutmut makes the mutants of one room, and their verdicts there.

mutmut changes the code and finds out which tests call which function; `tools/mutants_runner.py` runs them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tools.mutants_runner import DIED, Job, Verdict, function_of

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build/mutants"
COPIED = (
    "policies",
    "docs",
    "deploy",
    "bench",
    "tools",
    ".ci",
    "serverless.yml",
    "README.md",
    "Makefile",
    "CHANGELOG.md",
)
SLOW = ["--deselect", "tests/hss/test_walk.py::test_refused_connections_cost_no_pace"]  # it waits for real
PYTEST = ["-p", "no:cacheprovider", "-p", "no:randomly", "-W", "ignore", "-m", "not real", *SLOW]
SHOW = """import json, sys
from mutmut.mutation.diff_apply import get_diff_for_mutant
print(json.dumps({name: get_diff_for_mutant(name) for name in json.load(sys.stdin)}))"""


class Room(NamedTuple):
    """What is mutated (patterns of files) and the tests that must notice."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


def unchanged(verdicts: list[Verdict], before: dict[str, str], now: dict[str, str]) -> list[Verdict]:
    """The verdicts on mutants that are still the same: the text of each one's function, by its hash, did not change."""
    return [one for one in verdicts if one.mutant in now and before.get(one.mutant) == now[one.mutant]]


class Workbench:
    """Where one room is mutated. What stands beside its folder outlives it: the verdicts, and on which code."""

    def __init__(self, name: str, room: Room) -> None:
        self.folder, self.room = WORK / name, room
        self.verdicts, self.hashes = WORK / f"{name}.verdicts.jsonl", WORK / f"{name}.hashes.json"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
        for file in filter(None, listed.stdout.split("\0")):
            (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, self.folder / file, follow_symlinks=False)
        with (self.folder / "pyproject.toml").open("a", encoding="utf-8") as project:
            project.write(self.settings())

    def settings(self) -> str:
        """What mutmut is told, as TOML."""
        chosen: dict[str, list[str]] = {
            "source_paths": ["handler"],
            "only_mutate": list(self.room.files),
            "also_copy": list(COPIED),
            "pytest_add_cli_args": PYTEST,
            "pytest_add_cli_args_test_selection": list(self.room.tests),
        }
        return "\n[tool.mutmut]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in chosen.items())

    def python(self, *words: str, given: str = "", folder: str = ".", fails: str = "") -> str:
        """What a Python program prints. A failure ends this one too, but for one that says `fails`."""
        done = subprocess.run(
            [sys.executable, *words], cwd=self.folder / folder, input=given, capture_output=True, text=True, check=False
        )
        if done.returncode and not (fails and fails in done.stderr):
            raise SystemExit(f"{' '.join(words[:3])} failed:\n{(done.stdout + done.stderr)[-2000:]}")
        return done.stdout

    def made(self) -> dict[str, str]:
        """All mutants of the room, each with the hash of its function: a run that selects none makes them."""
        self.python("-m", "mutmut", "run", "none", fails="nothing matches")
        found: dict[str, str] = {}
        for path in sorted((self.folder / "mutants").rglob("*.py.meta")):
            meta = json.loads(path.read_text(encoding="utf-8"))
            functions = meta["hash_by_function_name"]
            found |= {name: functions[function_of(name).rpartition(".")[2]] for name in meta["exit_code_by_key"]}
        return found

    def known(self, made: dict[str, str], *, again: bool) -> dict[str, str]:
        """The mutants that died in an earlier run and are still the same, if that is to count; none else."""
        kept: list[Verdict] = []
        if again and self.verdicts.exists() and self.hashes.exists():
            lines = self.verdicts.read_text(encoding="utf-8").splitlines()
            told = {one.mutant: one for one in (Verdict(*json.loads(line)) for line in lines)}
            before = json.loads(self.hashes.read_text(encoding="utf-8"))
            kept = [one for one in unchanged(list(told.values()), before, made) if one.status in DIED]
        self.verdicts.write_text("".join(json.dumps(one) + "\n" for one in kept), encoding="utf-8")
        self.hashes.write_text(json.dumps(made), encoding="utf-8")
        return {one.mutant: one.status for one in kept}

    def statuses(self, names: list[str], children: int) -> dict[str, str]:
        """What became of these mutants in a run now, `children` at a time."""
        stats = json.loads((self.folder / "mutants/mutmut-stats.json").read_text(encoding="utf-8"))
        tests: dict[str, list[str]] = stats["tests_by_mangled_function_name"]
        calling = {name: tests.get(function_of(name), []) for name in names}
        job = Job([*PYTEST, *self.room.tests], calling, children, str(self.verdicts))
        (self.folder / "job.json").write_text(json.dumps(job._asdict()), encoding="utf-8")
        self.python("-m", "tools.mutants_runner", "../job.json", folder="mutants")
        lines = self.verdicts.read_text(encoding="utf-8").splitlines()
        told = {one.mutant: one.status for one in (Verdict(*json.loads(line)) for line in lines)}
        return {name: told[name] for name in names}

    def shown(self, names: list[str]) -> dict[str, str]:
        """The change of each as a diff."""
        changes: dict[str, str] = json.loads(self.python("-c", SHOW, given=json.dumps(names)))
        return changes
