"""The state as a JSON document and back: schema version, checksum, content.

Findings are rows of values whose names stand once in `columns`. Their texts, the same for all findings of a rule, stand
once in `texts`; `first_seen` is that of the record; the servers behind a finding are not kept.
"""

from __future__ import annotations

import hashlib
import json
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final

from handler.errors import StoreDamagedError
from handler.models import RULE_TEXTS, Finding, Severity
from handler.state.memory import Batch, Item, LastRun, Receipt, Remembered, RunSummary, SinkMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SCHEMA: Final = 2
_FIRST_SCHEMA: Final = 1  # one place, and less of each finding
_FIRST_TEXTS: Final = RULE_TEXTS[:5]  # those of documents that do not name them
_APART: Final = (*RULE_TEXTS, "hosts", "first_seen")
_FINDING: Final = tuple(name for name in Finding._fields if name not in _APART)
_RECORD: Final = tuple(name for name in Remembered._fields if name not in ("finding", "told"))
_texts_of, _finding_of, _record_of = attrgetter(*RULE_TEXTS), attrgetter(*_FINDING), attrgetter(*_RECORD)
_TYPES: Final[Mapping[type, Mapping[str, Callable[[Any], Any]]]] = {
    Finding: {"severity": Severity, "references": tuple, "tags": tuple},
    Remembered: {"closings": tuple, "servers": tuple},
    Batch: {"items": lambda rows: tuple(Item(*row) for row in rows)},
    SinkMemory: {
        "pending": lambda batches: tuple(_made(Batch, batch) for batch in batches),
        "not_seen": lambda told: {category: tuple(reasons) for category, reasons in told.items()},
        "drift": tuple,
        "told_as": tuple,
    },
}  # how the values are read to which JSON gives another type; it writes them by itself


def encode(last_run: LastRun) -> dict[str, Any]:
    """The document of what is remembered, to be written as JSON: it shares what is frozen with the memory."""
    content = _write_run(last_run)
    return {"schema": SCHEMA, "checksum": _checksum(content), "last_run": content}


def decode(document: Mapping[str, Any]) -> LastRun:
    """What a document remembers. Raises StoreDamagedError where it is damaged or of a newer schema."""
    _check_intact(document)
    return decode_made(document)


def decode_made(document: Mapping[str, Any]) -> LastRun:
    """The same of a document that `encode` has just made, whose checksum cannot but fit. Raises as `decode` does."""
    try:
        return _read_run(document["last_run"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise StoreDamagedError(f"the state does not read as a last run ({type(error).__name__})") from error


def _write_run(last_run: LastRun) -> dict[str, Any]:
    texts: dict[tuple[Any, ...], int] = {}
    content = {
        **last_run._asdict(),
        "findings": [_write_record(one, texts) for one in last_run.findings.values()],
        "columns": {"finding": _FINDING, "record": _RECORD, "texts": RULE_TEXTS},
        "sinks": {name: _write_sink(memory) for name, memory in last_run.sinks.items()},
        "others": {place: _write_run(other) for place, other in last_run.others.items()},
    }
    return {**content, "texts": [*texts]}


def _read_run(content: Mapping[str, Any]) -> LastRun:
    """One place's memory; what an earlier version did not write has its default."""
    names = content["columns"].get("texts", _FIRST_TEXTS)
    texts = [[value for _, value in zip(names, text, strict=True)] for text in content["texts"]]
    found = list(_read_records(content["findings"], content["columns"], names, texts))
    return LastRun(
        run_at=content["run_at"],
        policy_digest=content["policy_digest"],
        place=content["place"],
        began_at=content["began_at"],
        lost=content["lost"],
        findings={one.finding.fingerprint: one for one in found},
        sinks={name: _made(SinkMemory, memory) for name, memory in content["sinks"].items()},
        drift=tuple(content["drift"]),
        history=tuple(_read_line(line) for line in content["history"]),
        excused=content.get("excused", {}),
        rules=_read_rules(content.get("rules", {})),
        blind_since=content.get("blind_since", {}),
        target=tuple(content.get("target", ())),
        gap=tuple(content.get("gap", ())),
        policy_change=tuple(content.get("policy_change", ())),
        interval_seconds=int(content.get("interval_seconds", 0)),
        others={place: _read_run(other) for place, other in content.get("others", {}).items()},
    )


def _check_intact(document: object) -> None:
    """Check schema version and checksum. Raises StoreDamagedError."""
    if not isinstance(document, dict) or not isinstance(document.get("last_run"), dict):
        raise StoreDamagedError("the state is not a last run")
    schema = document.get("schema")
    if schema not in (_FIRST_SCHEMA, SCHEMA):
        raise StoreDamagedError(f"the state has schema {schema!r:.20}; this version reads {SCHEMA}")
    if document.get("checksum") != _checksum(document["last_run"]):
        raise StoreDamagedError("the state's checksum does not fit its content")


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _write_record(one: Remembered, texts: dict[tuple[Any, ...], int]) -> list[Any]:
    """The values of the finding, its texts' number, the values of the record, the receipts."""
    text = texts.setdefault(_texts_of(one.finding), len(texts))
    return [_finding_of(one.finding), text, _record_of(one), dict(one.told)]


def _read_records(
    rows: Sequence[list[Any]], columns: Mapping[str, list[str]], text_names: Sequence[str], texts: Sequence[list[Any]]
) -> Iterator[Remembered]:
    """What is remembered of each finding; where each value stands is looked up once for all of them."""
    if len(rows) == 0:
        return
    finding = _maker(Finding, (*columns["finding"], *text_names, "first_seen"))
    record = _maker(Remembered, ("finding", "told", *columns["record"]))
    first_seen = columns["record"].index("first_seen")
    for values, text, of_record, receipts in rows:
        told = {sink: Receipt(*receipt) for sink, receipt in receipts.items()}
        yield record((finding((*values, *texts[text], of_record[first_seen])), told, *of_record))


def _maker(kind: type[Any], names: Sequence[str]) -> Callable[[tuple[Any, ...]], Any]:
    """What makes a noun of the values under these names; those without a name have their default.

    Raises TypeError for a name that the noun does not have or needs; what is made, ValueError for another number.
    """
    at = {name: place for place, name in enumerate(names)}
    defaults = [name for name in kind._field_defaults if name not in at]
    if {*at, *defaults} != {*kind._fields}:
        raise TypeError(f"these are not the values of a {kind.__name__}")
    at |= {name: len(names) + place for place, name in enumerate(defaults)}
    rest = tuple(kind._field_defaults[name] for name in defaults)
    in_order = itemgetter(*(at[name] for name in kind._fields))
    typed = [(kind._fields.index(name), read) for name, read in _TYPES[kind].items()]

    def make(values: tuple[Any, ...]) -> Any:
        if len(values) != len(names):
            raise ValueError("a row has more or fewer values than names")
        row = [*in_order(values + rest)]
        for place, read in typed:
            row[place] = read(row[place])
        return kind._make(row)

    return make


def _read_line(line: list[Any]) -> RunSummary:
    run_id, at, verdict, counts, *figures = line
    return RunSummary(run_id, at, verdict, tuple(counts), *figures)


def _read_rules(plain: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, tuple[Any, ...]]]:
    """The terms of rules: lists are tuples again, whatever their depth."""
    return {category: {name: _frozen(terms) for name, terms in rules.items()} for category, rules in plain.items()}


def _frozen(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return tuple([_frozen(part) if isinstance(part, list) else part for part in value])


def _write_sink(memory: SinkMemory) -> dict[str, Any]:
    return {**memory._asdict(), "pending": [batch._asdict() for batch in memory.pending]}


def _made(kind: type[Any], plain: Mapping[str, Any]) -> Any:
    """The noun of these values, each with its own type."""
    typed = {name: read(plain[name]) for name, read in _TYPES[kind].items() if name in plain}
    return kind(**{**plain, **typed})
