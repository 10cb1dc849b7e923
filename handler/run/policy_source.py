"""Where a policy comes from: bundled, a file or folder, an object in OBS, or an https URL with an ETag cache."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from handler.errors import PolicyError, TransportError, UnknownError
from handler.policy.compiled import COMPILED_SUFFIX, StaleError, bundled_policies, read_compiled
from handler.run import lazy
from handler.transport.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from handler.policy.rules import Policy
    from handler.transport.request import Response, Transport

FETCH_TIMEOUT = 15.0


class PolicyCache:
    """Policies fetched by a warm function, by where they are: the ETag and what it stood for."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, Policy]] = {}


def read_local(location: str, root: Path) -> Policy:
    """The policy at a path relative to `root`, or the bundled baseline where none is named. Raises PolicyError."""
    if not location:
        path, shown_root = bundled_policies() / "baseline.yaml", bundled_policies().parent
    else:
        path, shown_root = root / location, root
        bundled = bundled_policies().parent / location
        if _is_absent(path) and bundled.exists():
            path, shown_root = bundled, bundled_policies().parent
    shown = str(path).removeprefix(f"{shown_root}/")
    try:
        return read_compiled(path.with_name(path.name + COMPILED_SUFFIX).read_bytes(), shown, path.read_bytes())
    except (OSError, ValueError):
        return _loaded(path, shown_root)
    except StaleError as stale:
        warning = f"{shown}{COMPILED_SUFFIX} is passed over: {stale}"
    policy = _loaded(path, shown_root)
    return policy._replace(warnings=(*policy.warnings, warning))


def _is_absent(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:  # a closed folder, or a name too long: nothing takes its place, and reading it says why
        return False


def _loaded(path: Path, shown_root: Path) -> Policy:
    texts, problems = lazy.read_files([path])
    if problems:
        raise PolicyError([str(problem).replace(f"{shown_root}/", "") for problem in problems])
    return _of_texts(tuple((name.removeprefix(f"{shown_root}/"), text) for name, text in texts))


@lru_cache(maxsize=2)
def _of_texts(files: tuple[tuple[str, str | bytes], ...]) -> Policy:
    """The policy of these (name, YAML) pairs: a warm function reads them before each run and mostly finds the same."""
    return lazy.load_texts(files)


def fetch_policy(location: str, get: Callable[[Mapping[str, str]], Response], cache: PolicyCache) -> Policy:
    """The policy that `get` fetches with the extra headers given to it; messages name `location` without its query.

    Raises PolicyError for a bad policy, UnknownError where it cannot be had.
    """
    shown = location.partition("?")[0]
    etag, known = cache.known.get(location, ("", None))
    response = get({"If-None-Match": etag} if etag else {})
    if response.status == 304 and known is not None:
        return known
    if response.status != 200:
        raise UnknownError(
            f"the policy {shown} cannot be had: HTTP {response.status}",
            hint="Check POLICY_PATH, and that the credentials may read it.",
        )
    policy = lazy.load_texts([(shown, _whole(response, shown))])
    if response.headers.get("etag"):
        cache.known[location] = (response.headers["etag"], policy)
    return policy


def https_get(url: str, transport: Transport) -> Callable[[Mapping[str, str]], Response]:
    """What `fetch_policy` needs for an https URL."""
    return lambda headers: transport(Request("GET", url, dict(headers)), FETCH_TIMEOUT)


def _whole(response: Response, shown: str) -> bytes:
    length = response.headers.get("content-length", "")
    encoded = response.headers.get("content-encoding", "identity") != "identity"
    if length.isdigit() and not encoded and int(length) != len(response.body):
        raise TransportError(f"the policy {shown} came cut off")
    return response.body
