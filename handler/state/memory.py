"""The last run: what was found, what was told to whom, and what is being told; as frozen data and as a document."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from handler.errors import StoreDamagedError
from handler.models import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA: Final = 1
HISTORY_LENGTH: Final = 400
_TEXTS: Final = ("title", "rationale", "remediation", "references", "tags")  # the same for all findings of a rule
_APART: Final = (*_TEXTS, "hosts", "first_seen")  # kept elsewhere, or not at all


class Receipt(NamedTuple):
    """What one sink was last told of one finding: `open` or `resolved`, in which episode, with which num."""

    transition: str
    episode: int
    num: int
    at: str


class Item(NamedTuple):
    """One thing that a sink is told.

    `what`: new, grown, reopened, reminded, resolved, missed (`key`: a fingerprint); not_seen, seen_again (a category,
    empty: the run as a whole); exemption (its id); drift (its text); digest, heartbeat, run (a time or run id).
    `mark` tells apart what happens to the same key twice: episode and num, reason, stage.
    """

    what: str
    key: str
    mark: str = ""
    text: str = ""


class Batch(NamedTuple):
    """Items of one message, saved before it is sent. `lease_until` is empty where nobody is sending it now."""

    delivery_id: str
    items: tuple[Item, ...]
    claimed_by: str = ""
    lease_until: str = ""


class Remembered(NamedTuple):
    """A finding as last seen. Each opening after a closing begins a new `episode`, at `opened_at`."""

    finding: Finding
    first_seen: str
    last_seen: str
    opened_at: str
    status: str = "open"  # or "resolved"
    episode: int = 1
    reopened: bool = False  # this episode began less than 30 days after the one before
    base_num: int = 0  # what growth is measured against while no sink was told
    resolved_at: str | None = None
    because: str = ""
    told: Mapping[str, Receipt] = {}


class SinkMemory(NamedTuple):
    """What one sink was told beside findings. `since`: when it was first known."""

    since: str
    last_told: str | None = None
    pending: tuple[Batch, ...] = ()
    not_seen: Mapping[str, tuple[str, ...]] = {}  # category: reasons told
    exemptions: Mapping[str, str] = {}  # id, end and stage: when told
    drift: tuple[str, ...] = ()


class RunSummary(NamedTuple):
    """One line of history. `counts` are critical, high, medium, low, info; `ports` is the open ports in total."""

    run_id: str
    at: str
    verdict: str
    counts: tuple[int, ...]
    ports: int
    seconds: int
    calls: int


class LastRun(NamedTuple):
    """Everything one run leaves for the next.

    `began_at` is the first run of this memory, empty where none is kept; `lost`: a state before it could not be read.
    """

    run_at: str
    policy_digest: str = ""
    place: str = ""
    findings: Mapping[str, Remembered] = {}
    sinks: Mapping[str, SinkMemory] = {}
    drift: tuple[str, ...] = ()
    history: tuple[RunSummary, ...] = ()
    began_at: str = ""
    lost: bool = False


def encode(last_run: LastRun) -> dict[str, Any]:
    """The JSON document of a last run: schema version, checksum, content. Hosts are not kept."""
    texts: dict[str, int] = {}
    content = {
        "run_at": last_run.run_at,
        "policy_digest": last_run.policy_digest,
        "place": last_run.place,
        "began_at": last_run.began_at,
        "lost": last_run.lost,
        "findings": [_encode_remembered(one, texts) for one in last_run.findings.values()],
        "texts": [],
        "columns": {"finding": _finding_columns(), "record": _record_columns()},
        "sinks": {name: _encode_sink(memory) for name, memory in last_run.sinks.items()},
        "drift": last_run.drift,
        "history": last_run.history,
    }
    content["texts"] = [json.loads(text) for text in texts]
    plain = json.loads(json.dumps(content))
    return {"schema": SCHEMA, "checksum": _checksum(plain), "last_run": plain}


def decode(document: Mapping[str, Any]) -> LastRun:
    """The last run of a document. Raises StoreDamagedError where it is damaged or of a newer schema."""
    verify(document)
    content = document["last_run"]
    try:
        found = (_decode_remembered(one, content["columns"], content["texts"]) for one in content["findings"])
        return LastRun(
            run_at=content["run_at"],
            policy_digest=content["policy_digest"],
            place=content["place"],
            began_at=content["began_at"],
            lost=content["lost"],
            findings={one.finding.fingerprint: one for one in found},
            sinks={name: _decode_sink(memory) for name, memory in content["sinks"].items()},
            drift=tuple(content["drift"]),
            history=tuple(_decode_summary(line) for line in content["history"]),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise StoreDamagedError(f"the state does not read as a last run ({type(error).__name__})") from error


def verify(document: object) -> None:
    """Check schema version and checksum. Raises StoreDamagedError."""
    if not isinstance(document, dict) or not isinstance(document.get("last_run"), dict):
        raise StoreDamagedError("the state is not a last run")
    schema = document.get("schema")
    if schema != SCHEMA:
        raise StoreDamagedError(f"the state has schema {schema!r:.20}; this version reads {SCHEMA}")
    if document.get("checksum") != _checksum(document["last_run"]):
        raise StoreDamagedError("the state's checksum does not fit its content")


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _finding_columns() -> list[str]:
    return [name for name in Finding._fields if name not in _APART]


def _record_columns() -> list[str]:
    return [name for name in Remembered._fields if name not in ("finding", "told")]


def _encode_remembered(one: Remembered, texts: dict[str, int]) -> list[Any]:
    """Values without names, which stand once in `columns`: the finding, its texts' number, the record, receipts."""
    text = json.dumps([getattr(one.finding, name) for name in _TEXTS])
    finding = [getattr(one.finding, name) for name in _finding_columns()]
    record = [getattr(one, name) for name in _record_columns()]
    return [finding, texts.setdefault(text, len(texts)), record, dict(one.told)]


def _decode_remembered(plain: list[Any], columns: Mapping[str, list[str]], texts: list[list[Any]]) -> Remembered:
    values, text, record, receipts = plain
    known = dict(zip(columns["finding"], values, strict=True)) | dict(zip(_TEXTS, texts[text], strict=True))
    known |= {"severity": Severity(known["severity"])}
    known |= {"references": tuple(known["references"]), "tags": tuple(known["tags"])}
    rest = dict(zip(columns["record"], record, strict=True))
    told = {sink: Receipt(*receipt) for sink, receipt in receipts.items()}
    return Remembered(finding=Finding(**known, first_seen=rest["first_seen"]), told=told, **rest)


def _encode_sink(memory: SinkMemory) -> dict[str, Any]:
    return {**memory._asdict(), "pending": [batch._asdict() for batch in memory.pending]}


def _decode_sink(plain: Mapping[str, Any]) -> SinkMemory:
    pending = tuple(
        Batch(**{**batch, "items": tuple(Item(*item) for item in batch["items"])}) for batch in plain["pending"]
    )
    not_seen = {category: tuple(reasons) for category, reasons in plain["not_seen"].items()}
    return SinkMemory(**{**plain, "pending": pending, "not_seen": not_seen, "drift": tuple(plain["drift"])})


def _decode_summary(line: list[Any]) -> RunSummary:
    run_id, at, verdict, counts, *rest = line
    return RunSummary(run_id, at, verdict, tuple(counts), *rest)
