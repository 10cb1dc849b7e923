"""Judge an answer or a query by its document's schema: what breaks it, where, and whether that is fatal."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

from handler.schemas import catalog, keywords

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

Kind = Literal["type", "range", "missing", "unknown_key", "unlisted_value"]
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Breach:
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
    return judged(_validator("answers", api, cloud), body)


def query_breaches(api: str, cloud: str, query: Mapping[str, object]) -> tuple[Breach, ...]:
    """Where the query parameters break the schema of `api` on `cloud`; numbers may be written as text.

    A request may only send what the document lists, so here an unlisted value is a broken range. Raises KeyError.
    """
    validator = _validator("queries", api, cloud)
    typed = {
        name: _typed(cast("Any", validator.schema)["properties"].get(name, {}), value) for name, value in query.items()
    }
    found = judged(validator, typed)
    return tuple(Breach(b.path, b.message, "range") if b.kind == "unlisted_value" else b for b in found)


def judged(validator: Validator, body: object) -> tuple[Breach, ...]:
    """What `validator` (from `keywords.compiled`) says of `body`, in the order of the schema."""
    return tuple(_breach(error) for error in validator.iter_errors(cast("Any", body)))


@cache
def _validator(part: catalog.Part, api: str, cloud: str) -> Validator:
    return keywords.compiled(catalog.effective(part, api, cloud))


def _typed(schema: Mapping[str, Any], value: object) -> object:
    """A parameter as its schema wants it: decimal text of an integer parameter becomes the integer."""
    if schema.get("type") == "integer" and isinstance(value, str) and len(value) <= keywords.SHOWN:
        digits = value.removeprefix("-")
        return int(value) if digits.isascii() and digits.isdigit() else value
    return value


def _breach(error: ValidationError) -> Breach:
    return Breach(json_path(error.absolute_path), *keywords.said(error))


def json_path(steps: Iterable[str | int]) -> str:
    """`$.data_list[3].port`; a key that is no plain word is quoted, and cut at 64 characters."""
    return "$" + "".join(_step(step) for step in steps)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _PLAIN_KEY.fullmatch(step):
        return f".{step}"
    return f"[{json.dumps(step if len(step) <= keywords.SHOWN else step[: keywords.SHOWN] + '...')}]"
