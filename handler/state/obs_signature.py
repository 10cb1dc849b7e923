"""The signature of a request to OBS: AWS Signature 4, which its S3 API guide recommends. Needs the extra `obs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
from requests_aws4auth import AWS4Auth  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.state.obs_objects import ObsKeys
    from handler.transport.request import Request


def signed_headers(request: Request, keys: ObsKeys, region: str) -> Mapping[str, str]:
    """The request's headers with the signature. `requests` only prepares the request here; the transport sends it."""
    token = keys.security_token.reveal() or None
    auth = AWS4Auth(keys.access_key, keys.secret_key.reveal(), region, "s3", session_token=token)
    prepared = requests.Request(request.method, request.url, headers=dict(request.headers), data=request.body).prepare()
    auth(prepared)
    kept = {name: _text(value) for name, value in prepared.headers.items()}
    return {name: value for name, value in kept.items() if name.lower() != "content-length"}


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
