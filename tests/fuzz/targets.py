"""What is fuzzed: each target takes bytes and may raise only what its room promises."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from handler.decide.diff import compare
from handler.derive.derive import derive_answer, derive_query, read_page
from handler.errors import (
    AnswerError,
    ApiError,
    DocumentError,
    PolicyError,
    ReportError,
    SnapshotError,
    StoreDamagedError,
    UsageError,
)
from handler.function.events import read_event
from handler.hss.decode import asset_counters, port_page
from handler.models import Evaluation
from handler.policy.load import load_texts
from handler.report.json_v1 import report_dict
from handler.report.report_file import parse_reports
from handler.report.snapshot_file import parse_snapshot
from handler.state.content import from_bytes
from handler.state.document import SCHEMA, decode, encode
from handler.transport.request import Response
from tests.fakes import NOON, category
from tests.reliability import POLICY

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def _presentable(error: Exception, *, lines: bool = False) -> None:
    """An error's text is short (but for one line per problem) and cannot move a terminal's cursor."""
    text = str(error)
    assert text
    assert lines or len(text) < 2000
    assert all(line.isprintable() for line in (text.split("\n") if lines else [text]))


def fuzz_policy(data: bytes) -> None:
    try:
        load_texts([("p.yaml", data)])
    except PolicyError as error:
        _presentable(error, lines=True)


def fuzz_decode(data: bytes) -> None:
    for cloud in ("otc", "huaweicloud"):
        for validation in ("strict", "warn"):
            for read in (port_page, asset_counters):
                _read(read, Response(200, {}, data), cloud, validation)
    _read(port_page, Response(400, {}, data), "otc", "strict")


def _read(read: Callable[..., object], response: Response, cloud: str, validation: str) -> None:
    try:
        read(response, "https://hss.example/x", cloud, validation)
    except (AnswerError, ApiError) as error:
        _presentable(error)


def fuzz_snapshot(data: bytes) -> None:
    try:
        parse_snapshot(data, "s.json")
    except SnapshotError:
        return


def fuzz_state(data: bytes) -> None:
    """As it is, and once more with its checksum set right, as somebody who may write the state would."""
    for content in (data, _sealed(data)):
        try:
            last_run = from_bytes(content, decode)
        except StoreDamagedError:
            continue
        compared = compare(Evaluation(coverage=(category(),)), last_run, POLICY, NOON)
        encode(compared.last_run)


def _sealed(data: bytes) -> bytes:
    try:
        content = json.loads(data)["last_run"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return data
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    return json.dumps({"schema": SCHEMA, "checksum": f"sha256:{digest}", "last_run": content}).encode()


def fuzz_events(data: bytes) -> None:
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        read_event(event)
    except UsageError as error:
        _presentable(error, lines=True)


def fuzz_report(data: bytes) -> None:
    try:
        for report in parse_reports(data, "r.json"):
            report_dict(report)
    except ReportError:
        return


def fuzz_derive(data: bytes) -> None:
    text = data.decode(errors="replace")
    for derive in (derive_answer, derive_query):
        with suppress(DocumentError):
            json.dumps(derive(read_page(text)).schema)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "policy": fuzz_policy,
    "decode": fuzz_decode,
    "snapshot": fuzz_snapshot,
    "state": fuzz_state,
    "events": fuzz_events,
    "report": fuzz_report,
    "derive": fuzz_derive,
}


def seeds(target: str) -> list[Path]:
    """Where a target's fuzzing begins: small files of our own, and what broke it before."""
    known = {
        "policy": [*ROOT.glob("policies/**/*.yaml"), *ROOT.glob("tests/policies/**/*.yaml")],
        "derive": [one for one in (ROOT / "tests/documents").iterdir() if one.suffix in (".md", ".txt", ".rst")],
    }
    own = [*(HERE / "corpus" / target).glob("*"), *(HERE / "regressions" / target).glob("*")]
    return sorted([*known.get(target, []), *own])
