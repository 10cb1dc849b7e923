"""What must hold in every cell, said without a word of the code under test: the world knows what is true."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from handler.errors import DeliveryError, UnknownError
from tests.faults.scene import BUDGET, CLOSED, EVERY_RUN, OPEN, OPENED, Ran, Receiver, Scene

TRUTH = frozenset((*OPEN, OPENED))
ACCEPTED = ("delivered", "accepted")


def of_run(ran: Ran, truth: frozenset[int] = TRUTH) -> Iterator[str]:
    """Verdict, findings, time, and the error that a run ends in."""
    if ran.seconds > BUDGET + 30:
        yield f"a run took {ran.seconds:.0f} s of its {BUDGET:.0f}"
    if "compliant" in ran.logged_verdicts:
        yield "compliant, although a port is open that the policy forbids"
    yield from _end(ran)
    if ran.report is not None:
        yield from _report(ran.report, truth)


def _report(report: dict, truth: frozenset[int]) -> Iterator[str]:
    verdict, found = report["verdict"], {one["port"] for one in report["findings"]}
    complete = bool(report["coverage"]) and all(one["complete"] for one in report["coverage"])
    if verdict == "compliant":
        yield "compliant, although a port is open that the policy forbids"
    if verdict != "inconclusive" and (not complete or found != truth):
        yield f"{verdict} with complete={complete} and findings {sorted(found)} of {sorted(truth)}"
    if verdict == "inconclusive" and not said(report):
        yield "inconclusive, but nothing says why"
    if found - truth:
        yield f"findings that are not there: {sorted(found - truth)}"
    gone = {one["port"] for one in (report["changes"] or {}).get("resolved", [])}
    if gone - {CLOSED}:
        yield f"resolved, but still open: {sorted(gone - {CLOSED})}"


def said(report: dict) -> bool:
    """Whether a problem is named, for the run or for a category."""
    return bool(report["problems"] or any(one["problems"] for one in report["coverage"]))


def _end(ran: Ran) -> Iterator[str]:
    """Raised on inconclusive or failed deliveries of which no sink accepted anything, returned otherwise."""
    if ran.raised is not None:
        wanted = UnknownError if "inconclusive" in ran.logged_verdicts else DeliveryError
        if not isinstance(ran.raised, wanted):
            yield f"raised {type(ran.raised).__name__} instead of {wanted.__name__}"
        return
    assert ran.report is not None
    deliveries = ran.report["deliveries"]
    failed = any(one["status"] in ("owed", "failed") for one in deliveries)
    if (ran.report["verdict"] == "inconclusive" or failed) and not any(d["status"] in ACCEPTED for d in deliveries):
        yield "returned, although nobody was told: the platform counts no failure"


def of_marks(scene: Scene) -> Iterator[str]:
    """Nothing is marked told that the sink did not take.

    A mirror holds what it was sent until it is told the end: without an answer nobody knows whether it took it, so it
    counts as open there from the first sending on.
    """
    state = scene.state()
    for record in () if state is None else state.findings.values():
        port = record.finding.port or 0
        for name, mark in record.told.items():
            receiver = scene.receivers[name]
            known = _sent(scene, name) if receiver.kind in EVERY_RUN and mark.transition == "open" else receiver.taken
            if not any(tells(receiver, body, port) for body in known):
                yield f"{port} is marked as told ({mark.transition}) to {name}, which never took it"


def _sent(scene: Scene, name: str) -> list[bytes]:
    return [text.encode() for what, text in scene.outputs if what == f"body for {name}"]


def of_telling(scene: Scene, name: str = "soc", *, repeats: bool = False, forgets: bool = False) -> Iterator[str]:
    """After recovery the sink knows every change, and heard each once; `repeats`: or more often."""
    receiver = scene.receivers[name]
    for port in (*OPEN, OPENED):
        yield from _often(f"{port} open", _heard(receiver, port, "findings"), repeats)
    if not forgets and any(CLOSED in ports(json.loads(body), "findings") for body in receiver.taken):
        yield from _often(f"{CLOSED} resolved", _heard(receiver, CLOSED, "resolved"), repeats)


def _often(what: str, times: int, repeats: bool) -> Iterator[str]:
    if times == 0:
        yield f"lost: nobody was told of {what}"
    elif times > 1 and not repeats:
        yield f"{what} was told {times} times"


def _heard(receiver: Receiver, port: int, where: str) -> int:
    """In how many messages, a message that came again under its own id counted once."""
    by_id = dict(zip(receiver.ids, receiver.taken, strict=True))
    return sum(port in ports(json.loads(body), where) for body in by_id.values())


def ports(told: dict, where: str) -> set[int]:
    """The ports in a generic sink's message."""
    if where == "findings":
        return {one["port"] for one in told["findings"]}
    return {one["port"] for one in (told["changes"] or {}).get("resolved", [])}


def tells(receiver: Receiver, body: bytes, port: int) -> bool:
    """Whether a message names a port, in whatever dialect."""
    return str(port).encode() in body


def once_each(breaches: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(breaches))
