"""Credentials of the settings -> what signs the requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from handler.clock import running
from handler.errors import DeniedError, SettingsError
from handler.hss.auth import AgencyAuth, KeyAuth, TokenAuth
from handler.hss.iam import Login, PasswordAuth
from handler.models import Secret
from handler.settings.credentials import read_credentials
from handler.settings.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.hss.auth import Authorizer
    from handler.run.context import Surroundings
    from handler.settings.run_settings import Place
    from handler.state.obs_objects import ObsKeys
    from handler.transport import Request

MOST_REFUSALS = 3
NO_CREDENTIALS = "Set HSS_AUTH_TOKEN, or HUAWEICLOUD_SDK_AK and _SK, or OS_USERNAME and its companions."


def authorizer_of(place: Place, around: Surroundings) -> Authorizer:
    """What lets the requests of a place in. Raises SettingsError where there are no credentials at all."""
    known, clock = place.credentials, running(around.clock)
    if known.token is not None:
        return TokenAuth(known.token)
    if known.secret_key is not None:
        key = KeyAuth(known.access_key, known.secret_key, place.project_id, clock, known.security_token)
        return GuardedKey(key, around.refusals)
    if known.password is not None:
        login = Login(
            known.auth_url,
            known.username,
            known.password,
            known.user_domain,
            known.project_id,
            known.project_name,
        )
        made = PasswordAuth(login, around.warm.api, clock, around.warm.tokens)
        return around.logins.setdefault(login, made)
    if around.agency is None:
        raise SettingsError(f"target {place.name}: there are no credentials", hint=NO_CREDENTIALS)
    keys = around.agency
    agency = AgencyAuth(keys.access_key, keys.secret_key, keys.security_token, place.project_id, clock)
    return GuardedKey(agency, around.refusals)


class GuardedKey(NamedTuple):
    """An access key that several targets share: used no more in this run before its refusals lock it.

    Source: both gateways lock an access key for five minutes after five failures in a row.
    """

    key: KeyAuth | AgencyAuth
    refusals: dict[str, int]

    @property
    def identity(self) -> str:
        """The key's own."""
        return self.key.identity

    def headers(self, request: Request) -> Mapping[str, str]:
        """The key's own. Raises DeniedError where the key was refused too often."""
        if self.refusals.get(self.identity, 0) >= MOST_REFUSALS:
            raise DeniedError(
                f"the access key was refused {MOST_REFUSALS} times in this run and is not tried again", status=401
            )
        return self.key.headers(request)

    def refused(self) -> bool:
        """Always False, because the same key would be refused again; counts the refusal."""
        self.refusals[self.identity] = self.refusals.get(self.identity, 0) + 1
        return False


def object_keys(place: Place | None, around: Surroundings) -> ObsKeys:
    """The access key that signs requests to OBS. Raises SettingsError where only other credentials are known."""
    from handler.state.obs_objects import ObsKeys  # noqa: PLC0415 - only where a bucket is asked

    known = place.credentials if place is not None else read_credentials(Reader(around.lookup))
    if known.secret_key is not None:
        return ObsKeys(known.access_key, known.secret_key, known.security_token or Secret(""))
    if around.agency is not None:
        keys = around.agency
        access_key, secret_key, token = keys.access_key(), keys.secret_key(), keys.security_token()
        if isinstance(access_key, str) and isinstance(secret_key, str) and access_key and secret_key:
            return ObsKeys(access_key, Secret(secret_key), Secret(token if isinstance(token, str) else ""))
    raise SettingsError(
        "obs:// needs an access key: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or the function's agency",
        hint="A token cannot sign requests to OBS.",
    )
