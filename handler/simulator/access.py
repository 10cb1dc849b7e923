"""Who is let in: by token, or by a signed request. Pure: a request and what is known go in, a decision comes out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handler.hss.signing import is_signed_with, parse_authorization
from handler.simulator import refusals

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.simulator.options import Options
    from handler.transport.request import Request, Response


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that the simulated IAM gave out."""

    user: str
    project_id: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks. `refusal` is a case of `refusals`, or None if let in; `access_key` is set for a signed request."""

    user: str
    refusal: tuple[str, int, str] | None = None
    access_key: str = ""


def visit(request: Request, project_id: str, options: Options, issued: Mapping[str, Issued], moment: datetime) -> Visit:
    """Whether the request's credentials open that project."""
    token = request.headers.get("x-auth-token", "")
    if token:
        return _by_token(token, project_id, options, issued, moment)
    if request.headers.get("authorization", ""):
        return _by_key(request, project_id, options, moment)
    return Visit("", refusals.NO_TOKEN)


def _by_token(token: str, project_id: str, options: Options, issued: Mapping[str, Issued], moment: datetime) -> Visit:
    known = issued.get(token)
    if known is not None:
        fits = known.project_id == project_id and moment < known.ends
        return Visit(known.user, None if fits else refusals.BAD_TOKEN)
    user = f"token:{hashlib.sha256(token.encode()).hexdigest()[:12]}"
    return Visit(user, None if token in options.tokens and _ours(project_id, options) else refusals.BAD_TOKEN)


def _by_key(request: Request, project_id: str, options: Options, moment: datetime) -> Visit:
    claimed = parse_authorization(request.headers["authorization"])
    if claimed is None:
        return Visit("", refusals.BAD_SIGNATURE)
    secret = options.secret_keys.get(claimed.access_key)
    good = options.any_key if secret is None else is_signed_with(request, secret, moment)
    named = request.headers.get("x-project-id", project_id)
    fits = good and named == project_id and _ours(project_id, options)
    return Visit(f"key:{claimed.access_key}", None if fits else refusals.BAD_SIGNATURE, claimed.access_key)


def _ours(project_id: str, options: Options) -> bool:
    return options.project_id in ("", project_id)


def log_in(
    request: Request, options: Options, moment: datetime, request_id: str
) -> tuple[Response, str, Issued | None]:
    """IAM's answer to a login by password, and the token it gives out (empty and None where it refuses)."""
    try:
        auth = json.loads(request.body or b"")["auth"]
        user, project = auth["identity"]["password"]["user"], auth["scope"]["project"]
        claimed = (user["name"], user["password"], user["domain"]["name"])
        scope = {name: project[name] for name in ("id", "name") if project.get(name)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return refusals.iam(400, "Bad Request", "The request body is invalid", request_id), "", None
    if claimed != (options.username, options.password, options.domain):
        message = "The username or password is wrong."
        return refusals.iam(401, "Unauthorized", message, request_id), "", None
    if not scope or any(value not in (options.project_id, options.project_name) for value in scope.values()):
        return refusals.iam(403, "Forbidden", "The project is not yours", request_id), "", None
    token = hashlib.sha256(f"{request_id}{options.username}".encode()).hexdigest()
    issued = Issued(options.username, options.project_id, moment + options.token_life)
    headers = {"x-subject-token": token}
    return refusals.json_answer(201, _token_body(options, moment, issued), request_id, headers), token, issued


def _token_body(options: Options, moment: datetime, issued: Issued) -> dict[str, Any]:
    spelled = "%Y-%m-%dT%H:%M:%S.%fZ"
    domain = {"name": options.domain, "id": hashlib.sha256(options.domain.encode()).hexdigest()[:32]}
    return {
        "token": {
            "expires_at": issued.ends.strftime(spelled),
            "issued_at": moment.strftime(spelled),
            "methods": ["password"],
            "project": {"id": options.project_id, "name": options.project_name, "domain": domain},
            "user": {"name": options.username, "domain": domain},
            "roles": [{"id": "0", "name": "te_admin"}],
        }
    }
