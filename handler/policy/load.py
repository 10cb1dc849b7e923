"""Files and folders -> one policy, or every problem of every file at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from itertools import chain
from os.path import isdir
from pathlib import Path
from typing import TYPE_CHECKING

from handler.errors import PolicyError
from handler.models import CATEGORIES
from handler.named_tuple import NamedTuple
from handler.policy.build import SHORT_FORM_ID, BuiltFile, build_file, is_short, mappings
from handler.policy.canonical import digest
from handler.policy.codes import LoadProblem
from handler.policy.folder import is_test_file, list_folder
from handler.policy.rules import Limits, Location, Policy, Rule
from handler.policy.shape import keys_of
from handler.policy.yaml_positions import MAX_BYTES, PositionedFile, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from handler.policy.build import FileData


Read = Callable[[Path], bytes]
Texts = Sequence[tuple[str, "str | bytes"]]


class Reading(NamedTuple):
    """Files as read: the policy, or None and the problems that stand in its way."""

    files: tuple[BuiltFile, ...]
    policy: Policy | None
    problems: tuple[LoadProblem, ...]


def read_bounded(path: Path) -> bytes:
    """The file's bytes, one more than allowed at most. Raises OSError."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def load_policy(paths: Sequence[str | Path], *, read: Read = read_bounded) -> Policy:
    """The policy that these files and folders are together. Raises PolicyError with all problems of all files."""
    return _policy(read_paths(paths, read=read))


def read_paths(paths: Sequence[str | Path], *, read: Read = read_bounded) -> Reading:
    """These files and folders as one policy, for the linter; never raises."""
    texts, problems = read_files(paths, read=read)
    return read_policy(texts, problems)


def load_texts(files: Texts) -> Policy:
    """The policy of these (name, YAML) pairs. Raises PolicyError with all problems of all files."""
    return _policy(read_policy(files))


def _policy(reading: Reading) -> Policy:
    if reading.policy is None:
        raise PolicyError([str(problem) for problem in reading.problems])
    return reading.policy


def read_files(paths: Sequence[str | Path], *, read: Read = read_bounded) -> tuple[Texts, tuple[LoadProblem, ...]]:
    """The content of the files, folders unfolded, and what could not be read."""
    texts: list[tuple[str, bytes]] = []
    problems = [
        LoadProblem("E101", Location("''"), "an empty path names no file or folder") for path in paths if not str(path)
    ]
    for given in dict.fromkeys(Path(path) for path in paths if str(path)):
        files, found = _unfolded(given, read)
        problems += found
        for path in files:
            content = _content(path, read)
            if isinstance(content, LoadProblem):
                problems.append(content)
            else:
                texts.append((str(path), content))
    return texts, tuple(problems)


def _unfolded(given: Path, read: Read) -> tuple[list[Path], list[LoadProblem]]:
    """The file itself, or the policy files of a folder; and what in the folder would be passed over."""
    if not isdir(given):  # noqa: PTH112 - Path.is_dir raises on a closed folder or a name too long; reading says why
        return [given], []
    try:
        listed = list_folder(given, read)
    except OSError as error:
        return [], [LoadProblem("E101", Location(str(given)), f"this folder cannot be read: {error.strerror}")]
    problems = [LoadProblem("E101", Location(str(given / name)), why) for name, why in listed.strays]
    if not listed.policies and not problems:
        problems = [LoadProblem("E101", Location(str(given)), "this folder has no policy file (*.yaml, *.yml)")]
    return [given / name for name in listed.policies], problems


def _content(path: Path, read: Read) -> bytes | LoadProblem:
    if is_test_file(path.name):
        return LoadProblem("E101", Location(str(path)), "holds test cases and no policy; `policy test` runs them")
    try:
        return read(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        return LoadProblem("E101", Location(str(path)), f"cannot be read: {why}")


def read_policy(texts: Texts, problems: Sequence[LoadProblem] = ()) -> Reading:
    """Several files as one policy; never raises. `problems` are those found while reading."""
    files = tuple(_built(read_yaml(name, content)) for name, content in texts)
    found = [*problems, *(problem for file in files for problem in file.problems)]
    found += _across(files, whole=not found)
    if found:
        return Reading(files, None, tuple(_in_order(found, files)))
    return Reading(files, _joined(files), ())


def _built(file: PositionedFile) -> BuiltFile:
    """The rules of a file; of one that is no policy nothing is quoted, because a path may name a file of secrets."""
    stranger = _stranger(file)
    if stranger is None:
        return build_file(file)
    bare = PositionedFile(file.name)
    return BuiltFile(bare, problems=(LoadProblem("E201", Location(file.name), stranger),))


def _stranger(file: PositionedFile) -> str | None:
    """Why what was read is no policy at all; None where it has at least one key that may be meant as a policy's."""
    if not file.values:
        return None  # not readable as YAML, which its problem says without a word of it
    if not isinstance(file.data, dict):
        found = "nothing" if file.data is None else "a list" if isinstance(file.data, list) else "a single value"
        return f"the file: a mapping is wanted, found {found}"
    known = keys_of()
    if any(get_close_matches(key.lower().replace("-", "_"), known, n=1) for key in file.data):
        return None
    return f"the file is no policy: none of its keys is one of {', '.join(known)}"


def _in_order(problems: Iterable[LoadProblem], files: Sequence[BuiltFile]) -> list[LoadProblem]:
    order = {file.file.name: at for at, file in enumerate(files)}
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda p: (order.get(p.location.file, -1), p.location.line, p.location.column, p.message))


def _across(files: Sequence[BuiltFile], *, whole: bool) -> list[LoadProblem]:
    """Problems between the files; some can be judged only when the `whole` policy could be read."""
    problems = [*_same_ids(files, "rules"), *_same_ids(files, "exemptions"), *_short_forms(files)]
    if whole:
        known = {rule.id for file in files for rule in file.rules}
        problems += _unknown_rules(files, known)
        if not known:
            where = Location(files[0].file.name if files else "policy")
            problems.append(LoadProblem("E306", where, "no rule at all: write disallowed_ports or rules"))
    return problems


def _ids(files: Sequence[BuiltFile], key: str) -> Iterator[tuple[str, Location]]:
    """Every id that was written, also in files whose shape is wrong elsewhere."""
    for built in files:
        for at, item in mappings(built.file, key):
            if isinstance(item.get("id"), str):
                yield item["id"], built.file.where((key, at, "id"))


def _same_ids(files: Sequence[BuiltFile], key: str) -> Iterator[LoadProblem]:
    first: dict[str, str] = {}
    if key == "rules" and any(is_short(file.file) for file in files):
        first[SHORT_FORM_ID] = "it belongs to disallowed_ports"
    for identity, where in _ids(files, key):
        if identity in first:
            yield LoadProblem("E305", where, f"the id {identity[:60]!r} is used twice, {first[identity]}")
        first.setdefault(identity, f"first at {where}")


def _short_forms(files: Sequence[BuiltFile]) -> Iterator[LoadProblem]:
    short = [rule for file in files for rule in file.rules if rule.id == SHORT_FORM_ID and is_short(file.file)]
    for rule in short[1:]:
        if (rule.severity, rule.categories) != (short[0].severity, short[0].categories):
            yield LoadProblem(
                "E308",
                rule.location,
                f"disallowed_ports has other defaults than at {short[0].location}; it is one rule",
            )


def _unknown_rules(files: Sequence[BuiltFile], known: set[str]) -> Iterator[LoadProblem]:
    for built in files:
        for at, exemption in enumerate(built.document.get("exemptions", ()) if built.document else ()):
            for index, rule_id in enumerate(exemption.get("rules", ())):
                if rule_id not in known:
                    close = get_close_matches(rule_id, known, n=1)
                    meant = f"; did you mean {close[0]!r}?" if close else ""
                    where = built.file.where(("exemptions", at, "rules", index))
                    yield LoadProblem("E307", where, f"there is no rule {rule_id!r}{meant}")


def _joined(files: Sequence[BuiltFile]) -> Policy:
    documents = [file.document for file in files if file.document is not None]
    policy = Policy(
        name=_name(documents, files[0].file.name),
        digest="",
        rules=_merged(list(chain.from_iterable(file.rules for file in files))),
        exemptions=tuple(chain.from_iterable(file.exemptions for file in files)),
        expect_rows=_expected_rows(documents),
        limits=_strictest([document.get("limits") or {} for document in documents]),
        description="\n".join(document["description"] for document in documents if document.get("description")),
        files=tuple(file.file.name for file in files),
    )
    return policy._replace(digest=digest(policy))


def _name(documents: Sequence[FileData], file: str) -> str:
    """The first name that a file gives, else that of the first file."""
    names = [document["name"] for document in documents if "name" in document]
    return names[0] if names else Path(file).stem or "policy"


def _expected_rows(documents: Sequence[FileData]) -> dict[str, int]:
    """For each category the greatest number of rows that one of the files expects."""
    most = {
        category: max((document.get("expect_rows", {}).get(category, 0) for document in documents), default=0)
        for category in CATEGORIES
    }
    return {category: rows for category, rows in most.items() if rows}


def _strictest(limits: Sequence[FileData]) -> Limits:
    """What holds where several files set limits: the fewest days, and whatever one of them requires."""
    days = [each["exemption_days"] for each in limits if each.get("exemption_days") is not None]
    required = dict.fromkeys(key for each in limits for key in each.get("require") or ())
    return Limits(min(days, default=None), tuple(required))


def _merged(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules with the short forms of several files as one."""
    merged: dict[str, Rule] = {}
    for rule in rules:
        before = merged.get(rule.id)
        if before is None:
            merged[rule.id] = rule
        else:
            merged[rule.id] = before._replace(ports=before.ports | rule.ports)
    return tuple(merged.values())
