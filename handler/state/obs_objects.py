"""Objects in an OBS bucket: GET and PUT, signed with AWS Signature 4, which OBS recommends (its S3 API guide)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from handler.addresses import is_this_machine
from handler.errors import MissingExtraError
from handler.models import Secret
from handler.transport import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.clock import Clock
    from handler.transport import Response, Transport


class ObsKeys(NamedTuple):
    """An access key; `security_token` is set where it is a temporary one."""

    access_key: str
    secret_key: Secret
    security_token: Secret = Secret("")


class ObsObjects(NamedTuple):
    """One bucket of OBS, or of a server that speaks S3.

    `endpoint` is the region's, without the bucket: `https://obs.eu-de.otc.t-systems.com`. The bucket goes in front of
    the host name, as OBS demands, but into the path where the host is a loopback address. `keys` is asked for
    each request, because an agency's keys change.
    """

    bucket: str
    endpoint: str
    region: str
    keys: Callable[[], ObsKeys]
    transport: Transport
    clock: Clock
    timeout: float = 10.0

    def get(self, key: str, headers: Mapping[str, str] | None = None) -> Response:
        """The answer to GET, with conditions as headers. Raises TransportError."""
        return self._ask("GET", key, headers or {}, None)

    def put(self, key: str, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
        """The answer to PUT, with conditions as headers. Raises TransportError."""
        return self._ask("PUT", key, {"content-type": "application/json", **(headers or {})}, body)

    def url(self, key: str) -> str:
        """Where an object is."""
        parts = urlsplit(self.endpoint)
        path = quote(key, safe="/-_.~")
        if is_this_machine(parts.hostname or ""):
            return f"{parts.scheme}://{parts.netloc}/{self.bucket}/{path}"
        return f"{parts.scheme}://{self.bucket}.{parts.netloc}/{path}"

    def _ask(self, method: str, key: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        url = self.url(key)
        date = f"{self.clock.now():%Y%m%dT%H%M%SZ}"
        signed = _signed(method, url, {**headers, "x-amz-date": date}, body, self.keys(), self.region)
        return self.transport(Request(method, url, signed, body), self.timeout)


def _signed(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, keys: ObsKeys, region: str
) -> dict[str, str]:
    """The headers with the signature. `requests` only prepares the request here; the transport sends it."""
    try:
        import requests  # noqa: PLC0415
        from requests_aws4auth import AWS4Auth  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("obs://", "obs") from error
    token = keys.security_token.reveal() or None
    auth = AWS4Auth(keys.access_key, keys.secret_key.reveal(), region, "s3", session_token=token)
    prepared = requests.Request(method, url, headers=dict(headers), data=body).prepare()
    auth(prepared)
    kept = {name: _text(value) for name, value in prepared.headers.items()}
    return {name: value for name, value in kept.items() if name.lower() != "content-length"}


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
