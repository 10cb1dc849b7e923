"""Files as read -> rules and exemptions, with every problem that only a second look sees."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from handler.models import CATEGORIES, Severity
from handler.named_tuple import NamedTuple
from handler.policy.codes import LoadProblem
from handler.policy.port_entries import entry_mistake, entry_range
from handler.policy.rules import PROTOCOLS, ROW_KEYS, STATUSES, Exemption, Location, Rule, RuleKind
from handler.policy.shape import certainly_fits
from handler.ports import ALL_PORTS, NAMED_PORTS, PortSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from handler.policy.yaml_positions import KeyPath, PositionedFile

    FileData = Mapping[str, Any]  # a file, or a rule or exemption in it, of the right shape; keys may be absent

SHORT_FORM_ID = "disallowed-ports"


class WrittenPort(NamedTuple):
    """One entry of a list of ports, as written and where."""

    entry: int | str
    low: int
    high: int
    location: Location


class BuiltFile(NamedTuple):
    """What one file says. `written` holds the entries of each list of ports, by the rule or exemption they stand in."""

    file: PositionedFile
    document: FileData | None = None
    rules: tuple[Rule, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    written: tuple[tuple[Rule | Exemption, tuple[WrittenPort, ...]], ...] = ()
    problems: tuple[LoadProblem, ...] = ()


def build_file(file: PositionedFile) -> BuiltFile:
    """The rules and exemptions of one file; where it has any problem, only its problems."""
    document, problems = _judged(file)
    if document is None or problems:
        return BuiltFile(file, problems=(*problems, *_second_look(file)))
    builder = _Builder(file, document.get("defaults", {}))
    rules = [builder.rule(rule, ("rules", index)) for index, rule in enumerate(document.get("rules", ()))]
    if is_short(file):
        rules.insert(0, builder.short_form(document["disallowed_ports"]))
    exemptions = [
        builder.exemption(one, ("exemptions", index)) for index, one in enumerate(document.get("exemptions", ()))
    ]
    return BuiltFile(file, document, tuple(rules), tuple(exemptions), tuple(builder.written), tuple(builder.problems))


def _judged(file: PositionedFile) -> tuple[FileData | None, tuple[LoadProblem, ...]]:
    """What a file holds, None unless its shape is right, and all that is wrong with it."""
    if file.data is None or (file.problems and not file.values):
        return None, tuple(file.problems)
    shape = _shape_problems(file)
    return None if shape is not None else file.data, (*file.problems, *(shape or ()), *_kinds(file))


def _shape_problems(file: PositionedFile) -> tuple[LoadProblem, ...] | None:
    """What is wrong with the shape of a file and not told yet; None if nothing is wrong with it."""
    if certainly_fits()(file.data):
        return None
    from handler.policy.messages import shape_problems  # noqa: PLC0415 - brings pydantic, which a good file needs not

    return shape_problems(file)


def _kinds(file: PositionedFile) -> Iterable[LoadProblem]:
    """Rules that are not exactly one of their kinds, exemptions of nothing."""
    for index, rule in mappings(file, "rules"):
        message = _kind_mistake(rule)
        if message:
            yield LoadProblem("E201", file.where(("rules", index)), message)
        for key in ROW_KEYS if "statistic" in rule else ():
            if key in rule:
                where = file.keys[("rules", index, key)]
                yield LoadProblem("E201", where, f"{key!r} has no meaning beside 'statistic'")
    for index, exemption in mappings(file, "exemptions"):
        if not exemption.keys() & {"rules", "ports"}:
            yield LoadProblem("E201", file.where(("exemptions", index)), "an exemption needs 'rules' or 'ports'")


def _kind_mistake(rule: Mapping[str, Any]) -> str:
    """What is wrong with the kind of a rule; empty where it has exactly one."""
    kinds = [kind for kind in ("ports", "allowed_ports", "statistic") if kind in rule]
    if len(kinds) > 1:
        return f"a rule has exactly one of ports, allowed_ports, statistic; this one has {' and '.join(kinds)}"
    return "" if kinds or "status" in rule else "a rule needs one of ports, allowed_ports, statistic or status"


def is_short(file: PositionedFile) -> bool:
    """Whether the file uses the short form."""
    return isinstance(file.data, dict) and "disallowed_ports" in file.data


def mappings(file: PositionedFile, key: str) -> list[tuple[int, dict[str, Any]]]:
    """The mappings in the list under that key, with their index, whatever else is wrong."""
    items = file.data.get(key) if isinstance(file.data, dict) else None
    return [(at, item) for at, item in enumerate(items) if isinstance(item, dict)] if isinstance(items, list) else []


def _second_look(file: PositionedFile) -> list[LoadProblem]:
    """Ranges, services and dates of a file whose shape is wrong elsewhere, so that all is told at once."""
    builder = _Builder(file, {})
    for path, value in _listed(file):
        if not entry_mistake(value):
            builder.entry(value, path)
    for key, name in (("rules", "effective_from"), ("exemptions", "expires")):
        for index, item in mappings(file, key):
            if isinstance(item.get(name), str) and len(item[name]) == 10:
                builder.day(item[name], (key, index, name), only_impossible=True)
    return builder.problems


def _listed(file: PositionedFile) -> Iterable[tuple[KeyPath, Any]]:
    owners: list[tuple[KeyPath, dict[str, Any]]] = [((), file.data)] if isinstance(file.data, dict) else []
    owners += [((key, at), item) for key in ("rules", "exemptions") for at, item in mappings(file, key)]
    for path, owner in owners:
        for name in ("ports", "allowed_ports", "disallowed_ports"):
            entries = owner.get(name)
            for at, entry in enumerate(entries if isinstance(entries, list) else []):
                yield (*path, name, at), entry


class _Builder:
    """Builds the rules and exemptions of one file and notes problems on the way."""

    def __init__(self, file: PositionedFile, defaults: FileData) -> None:
        self.file = file
        self.defaults = defaults
        self.problems: list[LoadProblem] = []
        self.written: list[tuple[Rule | Exemption, tuple[WrittenPort, ...]]] = []

    def rule(self, rule: FileData, path: KeyPath) -> Rule:
        kind, entries = _kind(rule)
        return self._rule(rule, kind, self._entries(entries, (*path, kind)), path)

    def short_form(self, entries: list[int | str]) -> Rule:
        path = ("disallowed_ports",)
        return self._rule({"id": SHORT_FORM_ID}, "ports", self._entries(entries, path), path)

    def _rule(self, rule: FileData, kind: RuleKind, written: tuple[WrittenPort, ...], path: KeyPath) -> Rule:
        listed = PortSet.of((port.low, port.high) for port in written)
        unsaid = {"title": rule["id"], **self._values(self.defaults, path)}
        built = Rule(
            **unsaid | self._values(rule, path),
            kind=kind,
            ports=_forbidden(kind, listed),
            location=self._where(path),
        )
        self.written.append((built, written))
        return built

    def exemption(self, exemption: FileData, path: KeyPath) -> Exemption:
        written = self._entries(exemption.get("ports", ()), (*path, "ports"))
        built = Exemption(
            **self._values(exemption, path),
            ports=PortSet.of((port.low, port.high) for port in written) if "ports" in exemption else None,
            location=self._where(path),
        )
        self.written.append((built, written))
        return built

    def _values(self, document: FileData, path: KeyPath) -> dict[str, Any]:
        """What the keys say, but for ports; what is not said is left to the defaults of Rule and Exemption."""
        values: dict[str, Any] = {}
        for key, value in document.items():
            if key in ("effective_from", "expires"):
                values[key] = self.day(value, (*path, key))
            elif key not in ("ports", "allowed_ports"):
                values[key] = _READ.get(key, _as_written)(value)
        return values

    def _where(self, path: KeyPath) -> Location:
        """Where a mapping stands; the short form's place is that of its key."""
        return self.file.keys[path] if path == ("disallowed_ports",) else self.file.where(path)

    def _entries(self, entries: Sequence[int | str], path: KeyPath) -> tuple[WrittenPort, ...]:
        built = (self.entry(entry, (*path, at)) for at, entry in enumerate(entries))
        return tuple(port for port in built if port is not None)

    def entry(self, entry: int | str, path: KeyPath) -> WrittenPort | None:
        """One well-shaped entry of a list of ports; a problem is noted and gives None."""
        low, high = entry_range(entry)
        where = self.file.where(path)
        if isinstance(low, str) or isinstance(high, str):
            self.problems.append(LoadProblem(str(low), where, str(high)))
            return None
        return WrittenPort(entry, low, high, where)

    def day(self, text: str, path: KeyPath, *, only_impossible: bool = False) -> date:
        """The day; an impossible one is noted and gives the last day there is."""
        try:
            return date.fromisoformat(text)
        except ValueError:
            if not only_impossible or text.replace("-", "").isdigit():
                self.problems.append(LoadProblem("E304", self.file.where(path), f"{text} is not a day of the calendar"))
            return date.max


def _kind(rule: FileData) -> tuple[RuleKind, Sequence[int | str]]:
    if "ports" in rule:
        return "ports", rule["ports"]
    if "allowed_ports" in rule:
        return "allowed_ports", rule["allowed_ports"]
    return ("statistic", ()) if "statistic" in rule else ("status", ())


def _forbidden(kind: RuleKind, listed: PortSet) -> PortSet:
    if kind == "allowed_ports":
        return ALL_PORTS - listed
    if kind == "status":
        return NAMED_PORTS
    return listed


def _in_order_of(known: Sequence[str]) -> Callable[[Iterable[str]], tuple[str, ...]]:
    """Reads a list of known words, each once and in the order of the language."""
    return lambda words: tuple(word for word in known if word in words)


def _as_written(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _each_once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


_READ: Mapping[str, Callable[[Any], Any]] = {
    "severity": Severity.of,
    "categories": _in_order_of(CATEGORIES),
    "protocols": _in_order_of(PROTOCOLS),
    "status": _in_order_of(STATUSES),
    "hosts": _each_once,
    "rules": _each_once,
    "enterprise_projects": _each_once,
}  # the keys that are read as something else than what is written
