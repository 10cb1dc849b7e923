"""Judge an answer or a query by its document's schema: what breaks it, where, and whether that is fatal."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from handler.schemas import catalog, fast
from handler.schemas.limits import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

Kind = Literal["type", "range", "missing", "unknown_key", "unlisted_value"]
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


class Breach(NamedTuple):
    """One place where a value is not what its document says. `path` is a JSON path: `$.data_list[3].port`."""

    path: str
    message: str
    kind: Kind

    @property
    def fatal(self) -> bool:
        """A wrong type, a broken range or a missing key; unknown keys and unlisted values are only counted."""
        return self.kind in ("type", "range", "missing")

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def breaches(api: str, cloud: str, body: object) -> tuple[Breach, ...]:
    """Where the answer `body` (parsed JSON) breaks the schema of `api` on `cloud`.

    `api` is `port_statistics`, `asset_statistics` or `port_detail` (Huawei only). Raises KeyError for any other pair.
    """
    name = catalog.name_of("answers", api, cloud)
    if fast.is_clean(name, body):
        return ()
    validator = _validator("answers", api, cloud)
    properties = catalog.row_properties(cast("Any", validator.schema), fast.ROWS)
    if properties is None or not fast.is_tolerable(name, body):
        return judged(validator, body)
    return tuple(_drift(validator, cast("Any", body), properties))


def query_breaches(api: str, cloud: str, query: Mapping[str, object]) -> tuple[Breach, ...]:
    """Where the query parameters break the schema of `api` on `cloud`; numbers may be written as text.

    A request may only send what the document lists, so here an unlisted value is a broken range. Raises KeyError.
    """
    name, schema = _query_schema(api, cloud)
    typed = {key: _typed(schema["properties"].get(key, {}), value) for key, value in query.items()}
    if fast.is_clean(name, typed):
        return ()
    found = judged(_validator("queries", api, cloud), typed)
    return tuple(Breach(b.path, b.message, "range") if b.kind == "unlisted_value" else b for b in found)


def judged(validator: Validator, body: object) -> tuple[Breach, ...]:
    """What `validator` (from `keywords.compiled`) says of `body`, in the order of the schema."""
    return tuple(_breach(error) for error in validator.iter_errors(cast("Any", body)))


def _drift(validator: Validator, body: Mapping[str, Any], properties: Mapping[str, Any]) -> Iterator[Breach]:
    """What is said of a tolerable answer: of rows that drift alike, jsonschema sees the first."""
    rows = body[fast.ROWS]
    kinds = fast.kinds_of(rows, properties)
    sample = {**body, fast.ROWS: [rows[kind[0]] for kind in kinds]}
    for error in validator.iter_errors(cast("Any", sample)):
        breach, path = _breach(error), tuple(error.absolute_path)
        if path[0] == fast.ROWS and len(path) > 1:
            for index in kinds[cast("int", path[1])]:
                yield breach._replace(path=json_path((fast.ROWS, index, *path[2:])))
        else:
            yield breach


@cache
def _query_schema(api: str, cloud: str) -> tuple[str, Mapping[str, Any]]:
    return catalog.name_of("queries", api, cloud), catalog.effective("queries", api, cloud)


@cache
def _validator(part: catalog.Part, api: str, cloud: str) -> Validator:
    from handler.schemas.keywords import compiled  # noqa: PLC0415  # jsonschema, only where something is wrong

    return compiled(catalog.effective(part, api, cloud))


def _typed(schema: Mapping[str, Any], value: object) -> object:
    """A parameter as its schema wants it: decimal text of an integer parameter becomes the integer."""
    if schema.get("type") == "integer" and isinstance(value, str) and len(value) <= SHOWN:
        digits = value.removeprefix("-")
        return int(value) if digits.isascii() and digits.isdigit() else value
    return value


def _breach(error: ValidationError) -> Breach:
    from handler.schemas.keywords import said  # noqa: PLC0415

    return Breach(json_path(error.absolute_path), *said(error))


def json_path(steps: Iterable[str | int]) -> str:
    """`$.data_list[3].port`; a key that is no plain word is quoted, and cut at 64 characters."""
    return "$" + "".join(_step(step) for step in steps)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _PLAIN_KEY.fullmatch(step):
        return f".{step}"
    return f"[{json.dumps(step if len(step) <= SHOWN else step[:SHOWN] + '...')}]"
