"""Objects in an OBS bucket: GET and PUT, each signed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from handler.addresses import is_this_machine
from handler.errors import MissingExtraError
from handler.models import Secret
from handler.named_tuple import NamedTuple
from handler.transport.request import Request

LEAST_WAIT: Final = 1.0  # seconds for a request, also at the end of a run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.clock import Clock
    from handler.transport.request import Response, Transport


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
    left: Callable[[], float] = lambda: math.inf  # seconds until the run ends

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
        keys = self.keys()
        try:
            from handler.state.obs_signature import signed_headers  # noqa: PLC0415 - an extra, only to ask a bucket
        except ImportError as error:
            raise MissingExtraError("obs://", "obs") from error
        dated = {**headers, "x-amz-date": f"{self.clock.now():%Y%m%dT%H%M%SZ}"}
        request = Request(method, self.url(key), dated, body)
        signed = signed_headers(request, keys, self.region)
        return self.transport(request._replace(headers=signed), min(self.timeout, max(LEAST_WAIT, self.left())))
