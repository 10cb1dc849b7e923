"""Credentials of the settings -> what signs the requests of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import running
from handler.errors import DeniedError, SettingsError
from handler.hss.auth import AgencyAuth, KeyAuth, TokenAuth
from handler.hss.iam import Login, PasswordAuth
from handler.models import Secret
from handler.named_tuple import NamedTuple
from handler.run import lazy
from handler.settings.credentials import read_credentials
from handler.settings.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.hss.auth import Authorizer
    from handler.run.context import AgencyKeys, Context
    from handler.run.redaction import Redactor
    from handler.settings.credentials import Credentials
    from handler.settings.run_settings import Place
    from handler.state.obs_objects import ObsKeys
    from handler.transport.request import Request

MOST_REFUSALS = 3
NO_CREDENTIALS = "Set HSS_AUTH_TOKEN, or HUAWEICLOUD_SDK_AK and _SK, or OS_USERNAME and its companions."


class Authorizers:
    """What lets the requests of one run in: one login for each user, and a count of what each key was refused."""

    def __init__(self, context: Context, redactor: Redactor) -> None:
        self._context, self._redactor = context, redactor
        self._agency = None if context.function is None else context.function.agency
        self._logins: dict[Login, PasswordAuth] = {}  # one each: a refused password is not tried again
        self._refusals: dict[str, int] = {}

    def of(self, place: Place) -> Authorizer:
        """The authorizer of a place, whose headers the redactor knows. Raises SettingsError where there is none."""
        return NotedAuthorizer(self._of(place.credentials, place.project_id, f"target {place.name}"), self._redactor)

    def own(self, project_id: str, who: str) -> Authorizer:
        """The authorizer of another service, from the settings themselves. Raises SettingsError where there is none."""
        known = read_credentials(Reader(self._context.lookup))
        return NotedAuthorizer(self._of(known, project_id, who), self._redactor)

    def _of(self, known: Credentials, project_id: str, who: str) -> Authorizer:
        clock = running(self._context.clock)
        if known.token is not None:
            return TokenAuth(known.token)
        if known.secret_key is not None:
            self._redactor.learn(known.secret_key.reveal())
            key = KeyAuth(known.access_key, known.secret_key, project_id, clock, known.security_token)
            return GuardedKey(key, self._refusals)
        if known.password is not None:
            return self._login(known, known.password)
        if self._agency is None:
            raise SettingsError(f"{who}: there are no credentials", hint=NO_CREDENTIALS)
        return GuardedKey(AgencyAuth(*self._agency, project_id, clock), self._refusals)

    def object_keys(self, place: Place | None) -> ObsKeys:
        """The access key that signs requests to OBS. Raises SettingsError where only other credentials are known."""
        keys = self._keys_of(place)
        self._redactor.learn(keys.access_key, keys.secret_key.reveal(), keys.security_token.reveal())
        return keys

    def _keys_of(self, place: Place | None) -> ObsKeys:
        known = read_credentials(Reader(self._context.lookup)) if place is None else place.credentials
        if known.secret_key is not None:
            return lazy.ObsKeys(known.access_key, known.secret_key, known.security_token or Secret(""))
        keys = None if self._agency is None else _temporary_keys(self._agency)
        if keys is not None:
            return keys
        raise SettingsError(
            "obs:// needs an access key: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or the function's agency",
            hint="A token cannot sign requests to OBS.",
        )

    def project_of(self, place: Place) -> str:
        """The place's project, or the one that its token belongs to. Raises UnknownError and its children."""
        known = place.credentials
        if place.project_id or known.password is None:
            return place.project_id
        return self._login(known, known.password).project_id()

    def _login(self, known: Credentials, password: Secret) -> PasswordAuth:
        self._redactor.learn(password.reveal())
        login = Login(
            auth_url=known.auth_url,
            username=known.username,
            password=password,
            domain=known.user_domain,
            project_id=known.project_id,
            project_name=known.project_name,
            domain_id=known.user_domain_id,
            project_domain=known.project_domain,
            project_domain_id=known.project_domain_id,
        )
        warm = self._context.warm
        made = PasswordAuth(login, warm.api, running(self._context.clock), warm.tokens)
        return self._logins.setdefault(login, made)


def _temporary_keys(agency: AgencyKeys) -> ObsKeys | None:
    """The agency's keys of this moment, if it has any."""
    access_key, secret_key, token = (part if isinstance(part, str) else "" for part in (one() for one in agency))
    return lazy.ObsKeys(access_key, Secret(secret_key), Secret(token)) if access_key and secret_key else None


class NotedAuthorizer(NamedTuple):
    """An authorizer of which each header is noted, so that whoever repeats it is not believed to say something."""

    authorizer: Authorizer
    redactor: Redactor

    @property
    def identity(self) -> str:
        """The authorizer's own."""
        return self.authorizer.identity

    def headers(self, request: Request) -> Mapping[str, str]:
        """The authorizer's own, noted. Raises what it raises."""
        headers = self.authorizer.headers(request)
        self.redactor.learn_headers(headers)
        return headers

    def refused(self) -> bool:
        """The authorizer's own."""
        return self.authorizer.refused()


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
        """Count the refusal. False: the same key would be refused again."""
        self.refusals[self.identity] = self.refusals.get(self.identity, 0) + 1
        return False
