"""A project token of IAM v3, by password: cached until shortly before it ends, renewed once when it is refused.

Source: OTC, Identity and Access Management API reference, "Obtaining a User Token Through Password Authentication"
(2026-01-26); OpenStack Keystone answers the same way.
"""

from __future__ import annotations

import json
import re
import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from handler.clock import parse_iso
from handler.errors import AnswerError, ApiError, DeniedError, ThrottledError
from handler.hss.auth import identity_of
from handler.models import Secret
from handler.named_tuple import NamedTuple
from handler.transport.request import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.clock import Clock
    from handler.transport.request import Transport

KEPT_BACK = timedelta(minutes=5)  # a token is not used in its last minutes
LONGEST_TOKEN = 32768  # X-Auth-Token's limit in HSS's newer pages
_CODE = r"[\w.:-]{1,40}"
_PROJECT = r"[A-Za-z0-9_-]{1,256}"
_DENIED_HINT = (
    "Check OS_USERNAME, OS_PASSWORD, OS_USER_DOMAIN_NAME and the project; it was not tried again. "
    "A HUAWEI ID cannot get a token by password: use an IAM user, or an access key."
)


class Login(NamedTuple):
    """Who logs in, and to which project: `project_id`, or `project_name` in its own domain, else in the user's.

    `auth_url` is IAM's address, with or without `/v3`. Where a domain has a name and an id, the id counts.
    """

    auth_url: str
    username: str
    password: Secret
    domain: str
    project_id: str = ""
    project_name: str = ""
    domain_id: str = ""
    project_domain: str = ""
    project_domain_id: str = ""


class Token(NamedTuple):
    """A token, the moment it ends, and the project it belongs to, where IAM says it."""

    text: Secret
    ends: datetime
    project_id: str = ""


class TokenCache:
    """Tokens by login. Keep one as long as the process lives, so that warm invocations share it."""

    def __init__(self) -> None:
        self._tokens: dict[Login, Token] = {}
        self._lock = threading.Lock()

    def get(self, login: Login, moment: datetime) -> Token | None:
        """The login's token if it will last a while yet."""
        with self._lock:
            token = self._tokens.get(login)
        return token if token is not None and moment + KEPT_BACK < token.ends else None

    def put(self, login: Login, token: Token) -> None:
        """Remember the login's token, in place of the one before."""
        with self._lock:
            self._tokens[login] = token

    def drop(self, login: Login, token: Token) -> None:
        """Forget the login's token if it is still this one; another run may have renewed it already."""
        with self._lock:
            if self._tokens.get(login) == token:
                del self._tokens[login]


class PasswordAuth:
    """An authorizer for one run: logs in when the first header is asked for. A refused password is not tried again."""

    def __init__(
        self,
        login: Login,
        transport: Transport,
        clock: Clock,
        cache: TokenCache | None = None,
        *,
        timeout: float = 30.0,
    ) -> None:
        self._login, self._transport, self._clock, self._timeout = login, transport, clock, timeout
        self._cache = TokenCache() if cache is None else cache
        self._used: Token | None = None
        self._renewed = False
        self._denied: DeniedError | None = None

    def __repr__(self) -> str:
        return f"PasswordAuth({self._login!r})"

    @property
    def identity(self) -> str:
        """A user's calls share one rate limit, whatever the project."""
        login = self._login
        domain = login.domain_id or login.domain
        return identity_of("password", _tokens_url(login.auth_url), domain, login.username)

    def headers(self, request: Request) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's argument
        """The token as X-Auth-Token. Raises DeniedError, ApiError, AnswerError, or what the transport raises."""
        self._used = self._token()
        return {"X-Auth-Token": self._used.text.reveal()}

    def project_id(self) -> str:
        """The id of the project that the token belongs to, where only its name was known. Raises as `headers` does."""
        project_id = self._token().project_id
        if not project_id:
            raise AnswerError("IAM's answer holds no project at $.token.project.id; set HSS_PROJECT_ID")
        return project_id

    def _token(self) -> Token:
        return self._cache.get(self._login, self._clock.now()) or self._log_in()

    def refused(self) -> bool:
        """True the first time, because a token ends early when its user's permissions change; it is renewed then."""
        if self._used is None or self._renewed:
            return False
        self._renewed = True
        self._cache.drop(self._login, self._used)
        return True

    def _log_in(self) -> Token:
        if self._denied is not None:
            raise self._denied
        try:
            token = read_token(self._transport(login_request(self._login), self._timeout))
        except DeniedError as denied:
            self._denied = denied
            raise
        self._cache.put(self._login, token)
        return token


def login_request(login: Login) -> Request:
    """The request for a token of that user and project, without the service catalogue."""
    own_domain = _domain(login.domain, login.domain_id)
    user = {"name": login.username, "password": login.password.reveal(), "domain": own_domain}
    project: dict[str, Any] = {"id": login.project_id}
    if not login.project_id:
        domain = _domain(login.project_domain, login.project_domain_id)
        project = {"name": login.project_name, "domain": domain or own_domain}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = json.dumps({"auth": {"identity": identity, "scope": {"project": project}}}).encode()
    headers = {"Content-Type": "application/json;charset=utf8", "Accept": "application/json"}
    return Request("POST", f"{_tokens_url(login.auth_url)}?nocatalog=true", headers, body)


def _domain(name: str, identity: str) -> dict[str, str]:
    """A domain by its id, else by its name; empty where neither is known."""
    if identity:
        return {"id": identity}
    return {"name": name} if name else {}


def read_token(response: Response) -> Token:
    """The token that IAM's answer holds. Raises DeniedError, ThrottledError, ApiError or AnswerError."""
    if response.status != 201:
        raise _refusal(response)
    text = response.headers.get("x-subject-token", "")
    if not 1 <= len(text) <= LONGEST_TOKEN or not text.isascii() or not text.isprintable():
        raise AnswerError(f"IAM sent no usable token: X-Subject-Token has {len(text)} characters")
    return Token(Secret(text), _ends(response.body), _project(response.body))


def _ends(body: bytes) -> datetime:
    """`token.expires_at`, such as `2015-11-09T01:42:57.527363Z`."""
    try:
        return parse_iso(json.loads(body)["token"]["expires_at"]).astimezone(timezone.utc)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise AnswerError("IAM's answer holds no readable time at $.token.expires_at") from None


def _project(body: bytes) -> str:
    """`token.project.id`; empty where it cannot be read, for only some need it."""
    try:
        project_id = json.loads(body)["token"]["project"]["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return project_id if isinstance(project_id, str) and re.fullmatch(_PROJECT, project_id) else ""


def _refusal(response: Response) -> ApiError:
    code = _code(response.body)
    message = f"IAM refused the login with {response.status}{f' {code}' if code else ''}"
    request_id = response.headers.get("x-request-id") or response.headers.get("x-openstack-request-id", "")
    if response.status in (401, 403):
        return DeniedError(message, status=response.status, code=code, request_id=request_id, hint=_DENIED_HINT)
    if response.status == 429:
        return ThrottledError(message, status=response.status, code=code, request_id=request_id)
    hint = "Check OS_AUTH_URL: it is IAM's address, such as https://iam.eu-de.otc.t-systems.com/v3."
    return ApiError(message, status=response.status, code=code, request_id=request_id, hint=hint)


def _code(body: bytes) -> str:
    """The vendor's code of either shape: `{"error": {"code", ...}}` or `{"error_code", ...}`; else empty."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    inner = document.get("error")
    code = str(inner.get("code", "") if isinstance(inner, dict) else document.get("error_code", ""))
    return code if re.fullmatch(_CODE, code) and code != "None" else ""


def _tokens_url(auth_url: str) -> str:
    root = auth_url.rstrip("/")
    return f"{root}/auth/tokens" if root.endswith("/v3") else f"{root}/v3/auth/tokens"
