"""How what a policy made of a case differs from what the case expects, in words. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from handler.named_tuple import NamedTuple
from handler.report.verdict import verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.models import Evaluation, Finding
    from handler.review.case_file import Expect, Wanted


class _Entry(NamedTuple):
    """What a case names of one result, and the words for it."""

    facts: dict[str, object]
    words: str


def differences(expect: Expect, got: Evaluation) -> Iterator[str]:
    """One line for each way in which the results are not what the case expects."""
    verdict = verdict_of(got)
    if expect.verdict is not None and expect.verdict != verdict:
        because = f" ({'; '.join(str(problem) for problem in got.problems)})" if got.problems else ""
        yield f"verdict: expected {expect.verdict}, got {verdict}{because}"
    yield from _list_differences("findings", expect.findings, [_got(item) for item in got.findings])
    yield from _list_differences(
        "exempted", expect.exempted, [_got(item.finding, exemption=item.exemption_id) for item in got.exempted]
    )
    yield from _list_differences(
        "announced",
        expect.announced,
        [_got(item.finding, effective_from=item.effective_from) for item in got.announced],
    )
    yield from _problem_differences(expect, got)


def _problem_differences(expect: Expect, got: Evaluation) -> Iterator[str]:
    said = [str(problem) for problem in got.problems]
    for text in expect.problems or ():
        if not any(text in problem for problem in said):
            yield f"problems: expected one with {text!r}, got {'; '.join(said) or 'none'}"


def _list_differences(name: str, wanted: Sequence[Wanted] | None, got: Sequence[_Entry]) -> Iterator[str]:
    """Each wanted entry must agree with one result of its own, and no result may be left."""
    if wanted is None:
        return
    entries = [entry for want in wanted for entry in _wanted(want)]
    pairs = _pair(entries, got)
    paired = set(pairs.values())
    left = [entry for at, entry in enumerate(got) if at not in pairs]
    for index, entry in enumerate(entries):
        if index not in paired:
            yield f"{name}: expected {entry.words}{_instead(entry, left)}"
    yield from (f"{name}: not expected, but got {entry.words}" for entry in left)


def _instead(entry: _Entry, left: Sequence[_Entry]) -> str:
    """What came that is like the expected entry."""
    near = [other.words for other in left if _near(entry, other)]
    return f", got {' and '.join(near[:3])}" if near else ", got nothing like it"


def _near(entry: _Entry, other: _Entry) -> bool:
    same_port = "port" in entry.facts and entry.facts["port"] == other.facts["port"]
    return entry.facts["rule"] == other.facts["rule"] and ("port" not in entry.facts or same_port)


def _pair(entries: Sequence[_Entry], got: Sequence[_Entry]) -> dict[int, int]:
    """The largest set of pairs that agree, result index to entry index."""
    index_of = _Index(got)
    pairs: dict[int, int] = {}
    left = []
    for index in sorted(range(len(entries)), key=lambda index: -len(entries[index].facts)):
        free = (at for at in index_of(entries[index]) if at not in pairs and _agree(entries[index], got[at]))
        at = next(free, None)
        if at is None:
            left.append(index)
        else:
            pairs[at] = index
    for index in left:
        _make_room(index, entries, got, index_of, pairs)
    return pairs


def _make_room(
    index: int, entries: Sequence[_Entry], got: Sequence[_Entry], index_of: _Index, pairs: dict[int, int]
) -> None:
    """Give the entry a result by moving others to results that they agree with too (an augmenting path)."""
    placed = {entry: at for at, entry in pairs.items()}
    reached: dict[int, int] = {}  # result -> the entry that wants it
    waiting = [index]
    for entry in waiting:  # grows on the way
        for at in index_of(entries[entry]):
            if at in reached or not _agree(entries[entry], got[at]):
                continue
            reached[at] = entry
            if at in pairs:
                waiting.append(pairs[at])
                continue
            step: int | None = at
            while step is not None:
                mover = reached[step]
                pairs[step] = mover
                step = placed.get(mover)
            return


class _Index:
    """Finds the results that an entry can agree with, by rule and, where it is named, port."""

    def __init__(self, got: Sequence[_Entry]) -> None:
        self._found: dict[object, list[int]] = defaultdict(list)
        for at, entry in enumerate(got):
            self._found[entry.facts["rule"]].append(at)
            self._found[(entry.facts["rule"], entry.facts["port"])].append(at)

    def __call__(self, entry: _Entry) -> Sequence[int]:
        rule = entry.facts["rule"]
        return self._found.get((rule, entry.facts["port"]) if "port" in entry.facts else rule, ())


def _agree(entry: _Entry, other: _Entry) -> bool:
    return all(other.facts.get(name) == value for name, value in entry.facts.items())


def _wanted(want: Wanted) -> Iterator[_Entry]:
    """One entry for each port and protocol that is named."""
    named = want.model_dump(exclude={"port", "protocols"}, exclude_none=True, mode="json")
    for port in want.port if want.port is not None else [None]:
        for protocol in want.protocols or [None]:
            place: dict[str, object] = {} if port is None else {"port": port}
            place |= {} if protocol is None else {"protocol": protocol.lower()}
            yield _Entry(named | place, _words(named | place))


def _got(finding: Finding, **more: object) -> _Entry:
    facts = {
        "rule": finding.rule_id,
        "port": finding.port,
        "protocol": finding.protocol,
        "category": finding.category,
        "severity": str(finding.severity),
        "num": finding.num,
        "status": finding.status,
        **more,
    }
    return _Entry(facts, _words(facts))


def _words(facts: dict[str, object]) -> str:
    """`telnet 23/tcp host (critical, num 3)`."""
    place = "/".join(str(facts[name]) for name in ("port", "protocol") if facts.get(name) is not None)
    named = ("num", "status", "exemption", "effective_from")
    extra = [str(facts["severity"])] if "severity" in facts else []
    extra += [f"{name} {facts[name]}" for name in named if facts.get(name) is not None]
    words = " ".join(str(word) for word in (facts["rule"], place, facts.get("category", "")) if word)
    return f"{words} ({', '.join(extra)})" if extra else words
