"""Judge an answer or a query by its document's schema: what breaks it, where, and whether that is fatal."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from handler.named_tuple import NamedTuple
from handler.schemas import catalog
from handler.schemas.breach import LONGEST_SHOWN
from handler.schemas.judge import judge_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from handler.schemas.breach import Breach


def breaches(api: str, cloud: str, body: object) -> tuple[Breach, ...]:
    """Where the answer `body` (parsed JSON) breaks the schema of `api` on `cloud`.

    `api` is `port_statistics`, `asset_statistics` or `port_detail` (Huawei only). Raises KeyError for any other pair.
    """
    return tuple(each_breach(api, cloud, body))


def each_breach(api: str, cloud: str, body: object) -> Iterator[Breach]:
    """The same, one after another: an answer of megabytes may have more breaches than are worth keeping."""
    return _answer_judge(api, cloud)(body)


def query_breaches(api: str, cloud: str, query: Mapping[str, object]) -> tuple[Breach, ...]:
    """Where the query parameters break the schema of `api` on `cloud`; numbers may be written as text.

    A request may only send what the document lists, so here an unlisted value is a broken range. Raises KeyError.
    """
    judge, integers = _query_judge(api, cloud)
    found = judge({key: _number(value) if key in integers else value for key, value in query.items()})
    return tuple(breach._replace(kind="range") if breach.kind == "unlisted_value" else breach for breach in found)


class _QueryJudge(NamedTuple):
    judge: Callable[[object], Iterator[Breach]]
    integers: frozenset[str]  # the parameters that are numbers


@cache
def _answer_judge(api: str, cloud: str) -> Callable[[object], Iterator[Breach]]:
    return judge_of(catalog.effective("answers", api, cloud))


@cache
def _query_judge(api: str, cloud: str) -> _QueryJudge:
    schema = catalog.effective("queries", api, cloud)
    integers = (key for key, inner in schema["properties"].items() if inner.get("type") == "integer")
    return _QueryJudge(judge_of(schema), frozenset(integers))


def _number(value: object) -> Any:
    """An integer parameter as it is meant: decimal text becomes the integer, anything else stays."""
    if isinstance(value, str) and len(value) <= LONGEST_SHOWN:
        digits = value.removeprefix("-")
        return int(value) if digits.isascii() and digits.isdigit() else value
    return value
