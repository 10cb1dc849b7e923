"""The request signature SDK-HMAC-SHA256: a pure function each way.

Source: Huawei Cloud API Gateway's page on AK/SK signing, and the same steps in `huaweicloudsdkcore` 3.1.219,
`signer/signer.py`. The key is the secret key itself: no region, no service, no derivation.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from handler.transport.request import Request

ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"
CLOCK_TOLERANCE = timedelta(minutes=15)  # the gateway refuses a date further off
_DATE, _CONTENT = "x-sdk-date", "x-sdk-content-sha256"
_SIGNED_TYPES = ("application/json", "application/bson")  # any other body goes unsigned
_AUTHORIZATION = (
    re.escape(ALGORITHM)
    + r" Access=(?P<access>[^,\s]+), ?SignedHeaders=(?P<names>[^,\s]+), ?Signature=(?P<hex>[0-9a-f]+)"
)


class Authorization(NamedTuple):
    """An Authorization header, taken apart; `names` are the signed headers, lower case, as listed."""

    access_key: str
    names: tuple[str, ...]
    signature: str


def sign(request: Request, access_key: str, secret_key: str, moment: datetime) -> Mapping[str, str]:
    """The headers that sign the request at that moment, to be sent besides its own.

    They are X-Sdk-Date, Host and Authorization (and X-Sdk-Content-Sha256 for a body that is not JSON). Each of the
    request's own headers is signed and must arrive as it is, but those with an underscore in the name.
    """
    added = {"X-Sdk-Date": moment.astimezone(timezone.utc).strftime(DATE_FORMAT), "Host": urlsplit(request.url).netloc}
    content_type = _lower(request.headers).get("content-type", "")
    if content_type and not content_type.startswith(_SIGNED_TYPES):
        added["X-Sdk-Content-Sha256"] = "UNSIGNED-PAYLOAD"
    headers = _lower(request.headers) | _lower(added)
    names = sorted(name for name in headers if "_" not in name)
    signature = _signature(request, headers, names, secret_key)
    value = f"{ALGORITHM} Access={access_key}, SignedHeaders={';'.join(names)}, Signature={signature}"
    return {**added, "Authorization": value}


def parse_authorization(value: str) -> Authorization | None:
    """The header's three parts, or None if it is not a well-formed header of this scheme."""
    found = re.fullmatch(_AUTHORIZATION, value.strip())
    return Authorization(found["access"], tuple(found["names"].split(";")), found["hex"]) if found else None


def is_signed_with(request: Request, secret_key: str, moment: datetime) -> bool:
    """Whether the request was signed with that key, over its date and host, less than 15 minutes from `moment`."""
    headers = _lower(request.headers)
    claimed = parse_authorization(headers.get("authorization", ""))
    if claimed is None or not {_DATE, "host"} <= set(claimed.names) <= set(headers):
        return False
    try:
        signed_at = datetime.strptime(headers[_DATE], DATE_FORMAT).replace(tzinfo=timezone.utc)
    except ValueError:
        return False
    if abs(moment - signed_at) > CLOCK_TOLERANCE:
        return False
    return hmac.compare_digest(_signature(request, headers, claimed.names, secret_key), claimed.signature)


def canonical_request(request: Request, headers: Mapping[str, str], names: Iterable[str]) -> str:
    """The text that is hashed. `headers` have lower-case names; `names` are those to sign, in order."""
    parts = urlsplit(request.url)
    listed = tuple(names)
    return "\n".join(
        (
            request.method.upper(),
            _canonical_path(parts.path),
            _canonical_query(parts.query),
            *(f"{name}:{headers[name].strip()}" for name in listed),
            "",
            ";".join(listed),
            _payload_hash(request.body, headers),
        )
    )


def _signature(request: Request, headers: Mapping[str, str], names: Iterable[str], secret_key: str) -> str:
    canonical = canonical_request(request, headers, names)
    text = f"{ALGORITHM}\n{headers[_DATE]}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _canonical_path(path: str) -> str:
    encoded = "/".join(_encode(segment) for segment in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else f"{encoded}/"


def _canonical_query(query: str) -> str:
    """Pairs in the order of their decoded text, each encoded; a key without a value keeps its `=`."""
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{_encode(key)}={_encode(value)}" for key, value in pairs)


def _payload_hash(body: bytes | None, headers: Mapping[str, str]) -> str:
    if not body:
        return hashlib.sha256(b"").hexdigest()
    return headers.get(_CONTENT) or hashlib.sha256(body).hexdigest()


def _encode(text: str) -> str:
    return quote(text, safe="")  # letters, digits and _.-~ stay; a space is %20


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
