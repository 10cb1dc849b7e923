"""A cloud of OpenStack's clouds.yaml, as the settings of the same meaning.

Source: openstacksdk, "Configuring OpenStack SDK Applications" (4.x): order of search, file names, secure.yaml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from handler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_NAMES = ("clouds.yaml", "clouds.yml", "clouds.json")
_SECURE_NAMES = ("secure.yaml", "secure.yml", "secure.json")
_PASSWORD, _TOKEN = ("password", "v3password"), ("token", "v3token")
_HINT = "See clouds.yaml of OpenStack; only the types password, v3password, token and v3token are read."


def search_paths(working: Path, home: Path, site: Path, named: Path | None = None) -> tuple[Path, ...]:
    """Where clouds.yaml may lie, best first.

    `named` is OS_CLIENT_CONFIG_FILE; then the working directory, `.config/openstack` under home, and `site`, which is
    /etc/openstack.
    """
    folders = (working, home / ".config" / "openstack", site)
    found = tuple(folder / name for folder in folders for name in _NAMES)
    return found if named is None else (named, *found)


def read_cloud(name: str, paths: Iterable[Path]) -> Mapping[str, str]:
    """The settings of that cloud: OS_* for a password, HSS_AUTH_TOKEN for a token, HSS_REGION where it names one.

    The first path that exists is read, with secure.yaml of the same folder laid over it. Raises SettingsError.
    """
    tried = tuple(paths)
    file = next((path for path in tried if path.is_file()), None)
    if file is None:
        raise SettingsError(f"OS_CLOUD={name}: no clouds.yaml found, tried {len(tried)} places", hint=_HINT)
    cloud = _cloud(name, file, needed=True)
    for secure in (file.parent / each for each in _SECURE_NAMES):
        if secure.is_file():
            cloud = _merged(cloud, _cloud(name, secure, needed=False))
            break
    return _settings(name, file, cloud)


def _cloud(name: str, file: Path, *, needed: bool) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise SettingsError(f"{file}: cannot be read as YAML ({type(error).__name__})", hint=_HINT) from None
    clouds = _mapping(document).get("clouds")
    if needed and not isinstance(clouds, dict):
        raise SettingsError(f"{file}: has no mapping `clouds`", hint=_HINT)
    cloud = _mapping(clouds).get(name)
    if isinstance(cloud, dict):
        return cloud
    if needed or cloud is not None:
        raise SettingsError(f"{file}: no cloud named {name} (OS_CLOUD)", hint=_HINT)
    return {}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both mappings, key by key; where both hold one, `above` rules."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _settings(name: str, file: Path, cloud: Mapping[str, Any]) -> Mapping[str, str]:
    """The settings of a cloud's entry. Raises SettingsError with everything that is missing or not supported."""
    auth, kind = _mapping(cloud.get("auth")), str(cloud.get("auth_type") or "password")
    problems = [f"{file}: clouds.{name}.{problem}" for problem in _unsupported(cloud, auth, kind)]
    if problems:
        raise SettingsError(problems, hint=_HINT)
    wanted = {**_credentials(auth, kind), "region_name": ("HSS_REGION", cloud.get("region_name") or "")}
    missing = [f"{file}: clouds.{name}.auth.{key} is missing" for key, (_, value) in wanted.items() if value is None]
    if missing:
        raise SettingsError(missing, hint=_HINT)
    return {setting: str(value) for setting, value in wanted.values() if value != ""}


def _unsupported(cloud: Mapping[str, Any], auth: Mapping[str, Any], kind: str) -> Iterator[str]:
    """What in a cloud's entry cannot be used, each with its key."""
    if not auth:
        yield "auth is missing"
    if kind not in _PASSWORD + _TOKEN:
        yield f"auth_type: {kind} is not supported"
    if cloud.get("profile") and not auth.get("auth_url"):
        yield "profile: profiles are not read, write auth.auth_url"


_Wanted = dict[str, tuple[str, Any]]  # key in the file -> (setting, value; None where it must be there and is not)


def _credentials(auth: Mapping[str, Any], kind: str) -> _Wanted:
    return _from_token(auth) if kind in _TOKEN else _from_password(auth)


def _from_token(auth: Mapping[str, Any]) -> _Wanted:
    return {
        "token": ("HSS_AUTH_TOKEN", auth.get("token") or None),
        "project_id": ("OS_PROJECT_ID", auth.get("project_id") or ""),
        "project_name": ("OS_PROJECT_NAME", auth.get("project_name") or ""),
    }


def _from_password(auth: Mapping[str, Any]) -> _Wanted:
    domain = auth.get("user_domain_name") or auth.get("domain_name") or auth.get("project_domain_name")
    by_id = auth.get("project_id") or ""
    return {
        "auth_url": ("OS_AUTH_URL", auth.get("auth_url") or None),
        "username": ("OS_USERNAME", auth.get("username") or None),
        "password": ("OS_PASSWORD", auth.get("password") or None),
        "user_domain_name": ("OS_USER_DOMAIN_NAME", domain or None),
        "project_id": ("OS_PROJECT_ID", by_id),
        "project_name": ("OS_PROJECT_NAME", auth.get("project_name") or ("" if by_id else None)),
    }
