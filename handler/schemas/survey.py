"""How a recorded snapshot differs from each committed schema, as derived and with the overlay on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.named_tuple import NamedTuple
from handler.schemas import catalog, keywords
from handler.schemas.drift import Drift, drift

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Difference(NamedTuple):
    """One category's recorded answer against one schema; `schema` says whether the overlay lies on it."""

    category: str
    api: str
    schema: str
    clouds: tuple[str, ...]
    drift: tuple[Drift, ...]


def survey(snapshot: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Compare each category of a snapshot file with every schema of its API, bare and with the overlay."""
    return tuple(
        difference
        for category in snapshot["categories"]
        if isinstance(category, dict)
        for difference in _category(category)
    )


def _category(category: Mapping[str, Any]) -> Iterator[Difference]:
    name = str(category.get("category"))[:64]
    for api, body in _bodies(category):
        for schema in catalog.names_of("answers", api):
            clouds = catalog.users_of("answers", api, schema)
            document = catalog.document(schema)
            judge = catalog.overlaid(document, schema)
            if judge != document:
                yield Difference(name, api, schema, (), _drift(document, body))
            yield Difference(
                name, api, schema if judge == document else f"{schema} + overlay", clouds, _drift(judge, body)
            )


def _drift(schema: catalog.JsonSchema, body: object) -> tuple[Drift, ...]:
    return drift(keywords.judged(keywords.compiled(schema), body))


def _bodies(category: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """The answers as they came: pages are one list here, so its length is not judged page by page."""
    body = {"total_num": category.get("total_num"), "data_list": category.get("rows")}
    yield "port_statistics", body
    if category.get("statistics") is not None:
        yield "asset_statistics", category["statistics"]
