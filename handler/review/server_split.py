"""Whether several rules that each speak of some servers speak of all of them together. Pure.

Of a rule by server that was split by a pattern and its negation, each half says less than the whole, both say as much.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from handler.policy.host_patterns import contains, host_pattern
from handler.policy.match import within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.policy.rules import Rule
    from handler.review.regions import Found

_MAY_BEGIN_AN_ID: Final = re.compile(r"[0-9a-f]*|[0-9a-f]{8}-[0-9a-f-]*")
_WILD: Final = re.compile(r"[*?\[]")


def as_one(rule: Rule, several: Sequence[Found]) -> Iterator[Found]:
    """For each severity that can be relied on: what some of these find of the servers of `rule`, if they find it all.

    Of so many servers that the halves tolerate fewer together, one half has more than it tolerates.
    """
    listening = sorted((one for one in several if within(rule, one.rule, ["listening"])), key=lambda one: one.above)
    for severity in sorted({one.rule.severity for one in listening}):
        parts = _naming_all(rule.hosts, [one for one in listening if one.rule.severity >= severity])
        if parts:
            least = min(parts, key=lambda one: one.rule.severity)
            yield least._replace(above=sum(one.above for one in parts))


def _naming_all(hosts: Sequence[str], several: Sequence[Found]) -> list[Found]:
    """Those that plainly name every server of `hosts` between them; none: the texts do not show that any do."""
    for one in several:
        if contains(one.rule.hosts, hosts):
            return [one]
    for one in several:
        others = [other for other in several if other is not one]
        parts = [_naming_all(left, others) for left in _left_out(hosts, one.rule.hosts)]
        if parts and all(parts):
            return list({id(part): part for part in (one, *chain.from_iterable(parts))}.values())
    return []


def _left_out(hosts: Sequence[str], part: Sequence[str]) -> list[tuple[str, ...]]:
    """The servers of `hosts` that `part` takes away, a list for each pattern; empty if it leaves out more than that."""
    taken = [entry for entry in _away(part) if not contains((entry,), hosts)]
    whole = contains([entry for entry in part if entry not in taken], hosts)
    if not whole or not all(_is_decided(entry, hosts) for entry in taken):
        return []
    return [(entry.removeprefix("!"), *_away(hosts)) for entry in taken]


def _away(hosts: Sequence[str]) -> list[str]:
    return [entry for entry in hosts if entry.startswith("!")]


def _is_decided(entry: str, hosts: Sequence[str]) -> bool:
    """Whether a server that `hosts` names surely has what the pattern asks for: a name, an address or an id."""
    kind = host_pattern(entry).kind
    given = [text for text in hosts if not text.startswith("!")]
    needed = [_needs(text) for text in given]
    return (bool(needed) and set(needed) == {kind}) or any(host_pattern(text).kind == kind for text in _away(hosts))


def _needs(entry: str) -> str:
    """What a server must have to be named by the pattern; a glob may also name it by its id."""
    pattern = host_pattern(entry)
    if pattern.kind == "glob" and _MAY_BEGIN_AN_ID.fullmatch(_WILD.split(pattern.text)[0]):
        return "glob or id"
    return pattern.kind
