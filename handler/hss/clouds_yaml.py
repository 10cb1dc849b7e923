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
_KEYS = ("ak", "sk")  # an access key, as the tools of Open Telekom Cloud write it
_HINT = "See clouds.yaml of OpenStack; only the types password, v3password, token and v3token are read."


class _TextLoader(yaml.SafeLoader):
    """Reads every scalar as the text that is written: a password of 0123456 is no number."""


for _kind in ("int", "float", "bool", "timestamp"):
    _TextLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", yaml.SafeLoader.construct_scalar)  # type: ignore[type-var]


def search_paths(working: Path, home: Path | None, site: Path, named: Path | None = None) -> tuple[Path, ...]:
    """Where clouds.yaml may lie, best first.

    `named` is OS_CLIENT_CONFIG_FILE; then the working directory, `.config/openstack` under home (None where nobody
    knows one), and `site`, which is /etc/openstack.
    """
    below_home = () if home is None else (home / ".config" / "openstack",)
    folders = (working, *below_home, site)
    found = tuple(folder / name for folder in folders for name in _NAMES)
    return found if named is None else (named, *found)


def read_cloud(name: str, paths: Iterable[Path]) -> Mapping[str, str]:
    """The settings of that cloud: OS_*, HSS_AUTH_TOKEN or HUAWEICLOUD_SDK_*, and HSS_REGION where it names a region.

    The first path that exists is read, with secure.yaml of the same folder laid over it. Raises SettingsError.
    """
    tried = tuple(paths)
    file = next((path for path in tried if _is_file(path)), None)
    if file is None:
        raise SettingsError(f"OS_CLOUD={name}: no clouds.yaml found, tried {len(tried)} places", hint=_HINT)
    cloud = _cloud(name, file, needed=True)
    for secure in (file.parent / each for each in _SECURE_NAMES):
        if _is_file(secure):
            cloud = _merged(cloud, _cloud(name, secure, needed=False))
            break
    return _settings(name, file, cloud)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that may not be looked into, a name that is too long
        return False


def _cloud(name: str, file: Path, *, needed: bool) -> dict[str, Any]:
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=_TextLoader)  # noqa: S506 - a SafeLoader
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
    wanted = {**_credentials(cloud, auth, kind), "region_name": ("HSS_REGION", cloud.get("region_name") or "")}
    missing = [f"{file}: clouds.{name}.auth.{key} is missing" for key, (_, value) in wanted.items() if value is None]
    if missing:
        raise SettingsError(missing, hint=_HINT)
    return {setting: str(value) for setting, value in wanted.values() if value != ""}


def _unsupported(cloud: Mapping[str, Any], auth: Mapping[str, Any], kind: str) -> Iterator[str]:
    """What in a cloud's entry cannot be used, each with its key."""
    if not auth and not cloud.get("ak"):
        yield "auth is missing"
    if kind not in _PASSWORD + _TOKEN:
        yield f"auth_type: {kind} is not supported"
    if cloud.get("profile") and not auth.get("auth_url"):
        yield "profile: profiles are not read, write auth.auth_url"


_Wanted = dict[str, tuple[str, Any]]  # key in the file -> (setting, value; None where it must be there and is not)


def _credentials(cloud: Mapping[str, Any], auth: Mapping[str, Any], kind: str) -> _Wanted:
    """By the kind of login that the cloud names; an access key is taken wherever it stands, and needs no password."""
    keys = {key: auth.get(key) or cloud.get(key) or "" for key in (*_KEYS, "security_token")}
    if kind in _TOKEN:
        return _from_token(auth)
    if any(keys[key] for key in _KEYS) and not any(auth.get(key) for key in _PASSWORD):
        return _from_keys(keys, auth)
    return _from_password(auth)


def _from_token(auth: Mapping[str, Any]) -> _Wanted:
    return {
        "token": ("HSS_AUTH_TOKEN", auth.get("token") or None),
        "project_id": ("HSS_PROJECT_ID", auth.get("project_id") or ""),
    }


def _from_keys(keys: Mapping[str, Any], auth: Mapping[str, Any]) -> _Wanted:
    return {
        "ak": ("HUAWEICLOUD_SDK_AK", keys["ak"] or None),
        "sk": ("HUAWEICLOUD_SDK_SK", keys["sk"] or None),
        "security_token": ("HUAWEICLOUD_SDK_SECURITY_TOKEN", keys["security_token"]),
        "project_id": ("HSS_PROJECT_ID", auth.get("project_id") or ""),
    }


def _from_password(auth: Mapping[str, Any]) -> _Wanted:
    def given(*keys: str) -> Any:
        return next((auth[key] for key in keys if auth.get(key)), "")

    user = given("user_domain_id", "domain_id"), given("user_domain_name", "domain_name")
    project = given("project_domain_id"), given("project_domain_name")
    user_id, user_name = user if any(user) else project
    return {
        "auth_url": ("OS_AUTH_URL", given("auth_url") or None),
        "username": ("OS_USERNAME", given("username") or None),
        "password": ("OS_PASSWORD", given("password") or None),
        "user_domain_id": ("OS_USER_DOMAIN_ID", user_id),
        "user_domain_name": ("OS_USER_DOMAIN_NAME", user_name or _unless(user_id)),
        "project_id": ("OS_PROJECT_ID", given("project_id")),
        "project_name": ("OS_PROJECT_NAME", given("project_name") or _unless(given("project_id"))),
        "project_domain_id": ("OS_PROJECT_DOMAIN_ID", project[0]),
        "project_domain_name": ("OS_PROJECT_DOMAIN_NAME", project[1]),
    }


def _unless(other: str) -> str | None:
    """Empty where the other value stands in for this one; else None, for it is missing."""
    return "" if other else None
