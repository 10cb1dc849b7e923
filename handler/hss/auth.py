"""Credentials as headers: a ready token, an access key, or the function's agency. None of them is ever shown."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from handler.errors import DeniedError
from handler.hss.signing import sign
from handler.models import Secret
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.clock import Clock
    from handler.transport.request import Request

NO_AGENCY_HINT = (
    "Give the function an agency that may read HSS (and wait ten minutes: the platform caches it), "
    "or set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or HSS_AUTH_TOKEN."
)


class Authorizer(Protocol):
    """What a request needs to be let in."""

    @property
    def identity(self) -> str:
        """A hash that tells whose rate limit a call counts against; nothing can be signed with it."""
        ...

    def headers(self, request: Request) -> Mapping[str, str]:
        """The headers to send besides the request's own. Raises UnknownError where they cannot be had."""
        ...

    def refused(self) -> bool:
        """Called on a 401: whether the caller may try once more, with renewed credentials."""
        ...


class TokenAuth(NamedTuple):
    """A ready token, sent as it is; a refusal is final."""

    token: Secret

    @property
    def identity(self) -> str:
        """A hash of the token, because each token belongs to one user."""
        return identity_of("token", self.token.reveal())

    def headers(self, request: Request) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's argument
        """The token as X-Auth-Token."""
        return {"X-Auth-Token": self.token.reveal()}

    def refused(self) -> bool:
        """Always False, because there is no other token."""
        return False


class KeyAuth(NamedTuple):
    """An access key that signs each request; `security_token` belongs to temporary keys.

    A refusal is final: six in a row lock the key for five minutes.
    """

    access_key: str
    secret_key: Secret
    project_id: str
    clock: Clock
    security_token: Secret | None = None

    def __repr__(self) -> str:
        return f"KeyAuth({self.project_id!r})"

    @property
    def identity(self) -> str:
        """A hash of the access key, because each key belongs to one user."""
        return identity_of("key", self.access_key)

    def headers(self, request: Request) -> Mapping[str, str]:
        """Host, X-Sdk-Date, X-Project-Id, X-Security-Token and the signature over them.

        Of the request's own headers only Content-Type is signed: a proxy may rewrite the others.
        """
        own = {"X-Project-Id": self.project_id} if self.project_id else {}
        if self.security_token:
            own["X-Security-Token"] = self.security_token.reveal()
        kept = {name: value for name, value in request.headers.items() if name.lower() == "content-type"}
        bare = request._replace(headers={**kept, **own})
        return {**own, **sign(bare, self.access_key, self.secret_key.reveal(), self.clock.now())}

    def refused(self) -> bool:
        """Always False, because the same key would be refused again."""
        return False


class AgencyAuth(NamedTuple):
    """The function's agency: temporary keys from the context, asked anew for each request, for they change.

    The three functions are `context.getSecurityAccessKey`, `getSecuritySecretKey` and `getSecurityToken`.
    """

    access_key: Callable[[], object]
    secret_key: Callable[[], object]
    security_token: Callable[[], object]
    project_id: str
    clock: Clock

    def __repr__(self) -> str:
        return f"AgencyAuth({self.project_id!r})"

    @property
    def identity(self) -> str:
        """A function has one agency, whatever keys it holds at the moment."""
        return identity_of("agency")

    def headers(self, request: Request) -> Mapping[str, str]:
        """The same headers as KeyAuth's. Raises DeniedError where the context has no keys."""
        keys = [_text(part()) for part in (self.access_key, self.secret_key, self.security_token)]
        if not all(keys):
            raise DeniedError(
                "the function's context gives no temporary keys: it has no agency", status=0, hint=NO_AGENCY_HINT
            )
        return KeyAuth(keys[0], Secret(keys[1]), self.project_id, self.clock, Secret(keys[2])).headers(request)

    def refused(self) -> bool:
        """Always False, because the context gives the same keys for ten minutes."""
        return False


def identity_of(kind: str, *parts: str) -> str:
    """A short hash over a kind of credentials and what tells two of them apart."""
    return hashlib.sha256("\0".join((kind, *parts)).encode()).hexdigest()[:16]


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
