"""A policy's own test cases: found on disk, run against the policy, compared with what they expect."""

from __future__ import annotations

from itertools import product
from os.path import exists, normpath
from pathlib import Path
from typing import TYPE_CHECKING

from handler.decide.evaluate import evaluate
from handler.errors import PolicyError, UsageError
from handler.models import CATEGORIES, COUNTERS, CategorySnapshot, Row, Snapshot, Target
from handler.models.listeners import Listener, PortListeners
from handler.named_tuple import NamedTuple
from handler.policy.folder import is_policy_file, is_stray_test, is_test_file, stem_of
from handler.policy.load import load_policy, read_bounded
from handler.policy.yaml_positions import read_yaml
from handler.review.case_file import CaseSpec, FileSpec, Listing
from handler.review.case_shape import check_shape
from handler.review.expectation import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from handler.models import Evaluation
    from handler.policy.rules import Location, Policy
    from handler.review.case_file import ListenerSpec

CASES_SUFFIX = ".test.yaml"


class Case(NamedTuple):
    """One case, ready to run: `today` is fixed, `location` is where it stands."""

    spec: CaseSpec
    today: date
    location: Location

    @property
    def name(self) -> str:
        """As written."""
        return self.spec.name


class Suite(NamedTuple):
    """A policy with all cases that test it; `policy_path` is how messages name it."""

    policy_path: str
    policy: Policy
    cases: tuple[Case, ...]


class CaseResult(NamedTuple):
    """A case that ran: it passed if there is no difference."""

    case: Case
    differences: tuple[str, ...]
    evaluation: Evaluation


def find_case_files(paths: Iterable[Path]) -> list[Path]:
    """Every file of test cases that the paths name: itself, below a folder, or beside a policy file.

    Raises UsageError, also for a file below a folder that looks like one and would not be run.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not exists(path):  # noqa: PTH110 - Path.exists raises on a closed folder or a name too long
            raise UsageError(f"{path}: no such file or folder, or none that may be read")
        for file in _case_files(path):
            found[file] = None
    if not found:
        raise UsageError(
            f"no test case found in {', '.join(str(path) for path in paths)}",
            hint=f"Cases live in files named POLICY{CASES_SUFFIX}, beside the policy or below the folder.",
        )
    return list(found)


def _case_files(path: Path) -> list[Path]:
    if path.is_dir():
        below = sorted(path.rglob("*"))
        strays = [str(file) for file in below if is_stray_test(file.name)]
        if strays:
            raise UsageError(
                f"{', '.join(strays[:5])}: looks like test cases and would not be run",
                hint=f"Name it *{CASES_SUFFIX}, or move it out of the folder.",
            )
        return [file for file in below if is_test_file(file.name)]
    if is_test_file(path.name):
        return [path]
    return _beside(path, is_test_file)


def _beside(path: Path, wanted: Callable[[str], bool]) -> list[Path]:
    """The wanted files of the same folder whose name begins as the path's does: `a.test.yml` of `a.yaml`, or back."""
    stem = stem_of(path.name)
    entries = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    return [each for each in entries if wanted(each.name) and stem_of(each.name) == stem and each.is_file()]


def read_suites(paths: Sequence[Path], name_part: str = "") -> list[Suite]:
    """All cases below these paths whose name holds `name_part`, by the policy they test.

    Raises PolicyError with all problems of all files, UsageError if no case is left.
    """
    problems: list[str] = []
    by_policy = _by_policy(find_case_files(paths), problems)
    policies = {path: _load(path, problems) for path in by_policy}
    if problems:
        raise PolicyError(problems, hint="The keys of a test case are described in docs/policy.md.")
    suites = [
        Suite(str(path), policy, tuple(case for case in by_policy[path] if name_part in case.name))
        for path, policy in policies.items()
        if policy is not None
    ]
    chosen = [suite for suite in suites if suite.cases]
    if not chosen:
        raise UsageError(f"no test case's name holds {name_part!r}")
    return chosen


def _by_policy(files: Iterable[Path], problems: list[str]) -> dict[Path, list[Case]]:
    """The cases of the files, by the policy they test; what is wrong with a file goes to `problems`."""
    by_policy: dict[Path, list[Case]] = {}
    for file in files:
        content, cases, found = _read_file(file)
        tested = None if content is None or found else _policy_path(content, file, found)
        problems += found
        if tested is not None and not found:
            by_policy.setdefault(tested, []).extend(cases)
    return by_policy


def run_case(policy: Policy, case: Case, snapshot: Snapshot | None = None) -> CaseResult:
    """What the policy makes of the case's rows on its day, and how that differs from what it expects.

    Whoever runs a case often makes its `snapshot` once.
    """
    evaluation = evaluate(policy, snapshot or snapshot_of(case), case.today)
    return CaseResult(case, tuple(differences(case.spec.expect, evaluation)), evaluation)


def snapshot_of(case: Case) -> Snapshot:
    """The case as a snapshot; counters that it does not name are 0, categories that it does not name are empty."""
    spec = case.spec
    rows: dict[str, list[Row]] = {name: [] for name in CATEGORIES}
    for row in spec.rows:
        status = None if row.status is None else row.status.lower()
        rows[row.category] += [Row(port, kind.lower(), row.counted, status) for port in row.port for kind in row.types]
    categories = tuple(_category(name, tuple(rows[name]), spec) for name in CATEGORIES)
    return Snapshot(Target(enterprise_project_id=spec.enterprise_project), f"{case.today}T00:00:00Z", categories)


def _category(name: str, rows: tuple[Row, ...], spec: CaseSpec) -> CategorySnapshot:
    listing = spec.categories.get(name, Listing())  # type: ignore[call-overload]
    given = spec.statistics.get(name, {})  # type: ignore[call-overload]
    counters = None if given == "unreadable" else {**dict.fromkeys(COUNTERS, 0), "port_num": len(rows), **given}
    return CategorySnapshot(
        category=name,
        rows=rows,
        total_num=len(rows) if listing.total_num is None else listing.total_num,
        statistics=counters,
        plan="ports" if listing.listing == "asked_ports" else "pages",
        every_row=listing.listing == "complete",
        complete=listing.listing != "incomplete",
        listeners=_listeners(name, spec),
    )


def _listeners(category: str, spec: CaseSpec) -> tuple[PortListeners, ...]:
    """Who listens on each port of which a row names its listeners."""
    behind: dict[int, list[Listener]] = {}
    for row in spec.rows:
        if row.category != category or row.listeners is None:
            continue
        for port, kind in product(row.port, row.types):
            behind.setdefault(port, []).extend(_listener(category, kind.lower(), one) for one in row.listeners)
    return tuple(PortListeners(port, tuple(listeners)) for port, listeners in behind.items())


def _listener(category: str, protocol: str, spec: ListenerSpec) -> Listener:
    if category == "container":
        return Listener(container_id=spec.id, container_name=spec.name, protocol=protocol, address=spec.address)
    return Listener(spec.id, spec.name, spec.ip, protocol=protocol, address=spec.address)


def _read_file(file: Path) -> tuple[FileSpec | None, list[Case], list[str]]:
    """The file's content and cases, or its problems."""
    try:
        positions = read_yaml(str(file), read_bounded(file))
    except OSError as error:
        return None, [], [f"{file}: cannot be read: {error.strerror}"]
    content, problems = check_shape(positions)
    days = [] if content is None else [spec.today or content.today for spec in content.cases]
    cases = [
        Case(spec, day, positions.where(("cases", index)))
        for index, (spec, day) in enumerate(zip(content.cases if content else (), days, strict=True))
        if day is not None
    ]
    return content, cases, problems


def _policy_path(content: FileSpec, file: Path, problems: list[str]) -> Path:
    """What the file tests: what `policy:` names, seen from the file, or the `X.yaml` or `X.yml` beside it."""
    if content.policy:
        named = Path(normpath(file.parent / content.policy))  # an absolute name stays as it is
        if not exists(named):  # noqa: PTH110 - the same
            problems.append(f"{file}: policy: there is no {named}; the path is seen from this file")
        return named
    beside = _beside(file, is_policy_file)
    if len(beside) > 1:
        problems.append(f"{file}: {' and '.join(path.name for path in beside)} stand beside it; say which with policy:")
    if not beside:
        problems.append(f"{file}: there is no {stem_of(file.name)}.yaml beside it; name what it tests with policy:")
        return file
    return Path(normpath(beside[0]))


def _load(path: Path, problems: list[str]) -> Policy | None:
    try:
        return load_policy([path])
    except PolicyError as error:
        problems += error.problems
        return None
