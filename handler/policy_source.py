"""Where a policy comes from: bundled, a file or folder, an object in OBS, or an https URL with an ETag cache."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from handler.errors import PolicyError, TransportError, UnknownError
from handler.policy.bundled import bundled_policies
from handler.policy.load import load_texts, read_files
from handler.transport import Request, endpoint_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.policy.rules import Policy
    from handler.transport import Response, Transport

TIMEOUT = 15.0


@dataclass
class PolicyCache:
    """Policies fetched by a warm function, by URL: the ETag and what it stood for."""

    known: dict[str, tuple[str, Policy]] = field(default_factory=dict)


def read_local(location: str, root: Path) -> Policy:
    """The policy at a path relative to `root`, or the bundled baseline where none is named. Raises PolicyError."""
    if not location:
        path, shown_root = bundled_policies() / "baseline.yaml", bundled_policies().parent
    else:
        path, shown_root = root / location, root
        bundled = bundled_policies().parent / location
        if not path.exists() and bundled.exists():
            path, shown_root = bundled, bundled_policies().parent
    texts, problems = read_files([path])
    if problems:
        raise PolicyError([str(problem).replace(f"{shown_root}/", "") for problem in problems])
    return load_texts([(name.removeprefix(f"{shown_root}/"), text) for name, text in texts])


def fetch_policy(
    url: str,
    shown: str,
    transport: Transport,
    cache: PolicyCache,
    authorize: Callable[[Request], Mapping[str, str]] | None = None,
) -> Policy:
    """The policy at an https URL (an OBS object too, then `authorize` signs); `shown` names it without secrets.

    Raises PolicyError for a bad policy, UnknownError where it cannot be had.
    """
    etag, known = cache.known.get(url, ("", None))
    request = Request("GET", url, {"If-None-Match": etag} if etag else {})
    if authorize is not None:
        request = Request("GET", url, {**request.headers, **authorize(request)})
    response = transport(request, TIMEOUT)
    if response.status == 304 and known is not None:
        return known
    if response.status != 200:
        raise UnknownError(
            f"the policy {shown} cannot be had: HTTP {response.status} from {endpoint_of(url)}",
            hint="Check POLICY_PATH, and that the function's agency may read the object.",
        )
    policy = _whole(response, shown)
    if response.headers.get("etag"):
        cache.known[url] = (response.headers["etag"], policy)
    return policy


def _whole(response: Response, shown: str) -> Policy:
    length = response.headers.get("content-length", "")
    encoded = response.headers.get("content-encoding", "identity") != "identity"
    if length.isdigit() and not encoded and int(length) != len(response.body):
        raise TransportError(f"the policy {shown} came cut off")
    return load_texts([(shown, response.body)])
