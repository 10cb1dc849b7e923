"""Which credentials the settings hold, in the order of preference of the README's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from handler.models import Secret
    from handler.settings.reader import Reader

MAX_TOKEN = 32_768  # Huawei's newest pages; older ones say 4096


class Credentials(NamedTuple):
    """What proves who we are: `kind` says which fields are set; `agency` has none, the function's context has it.

    Beside a token there may be an access key, for OBS, which no token opens.
    """

    kind: Literal["token", "keys", "password", "agency"] = "agency"
    token: Secret | None = None
    access_key: str = ""
    secret_key: Secret | None = None
    security_token: Secret | None = None
    auth_url: str = ""
    username: str = ""
    password: Secret | None = None
    user_domain: str = ""
    user_domain_id: str = ""
    project_id: str = ""
    project_name: str = ""
    project_domain: str = ""
    project_domain_id: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.kind!r})"


def read_credentials(reader: Reader) -> Credentials:
    """A ready token, else keys, else a password, else the function's agency; half a set is a problem."""
    token = reader.secret("HSS_AUTH_TOKEN")
    if token is not None:
        if len(token.reveal()) > MAX_TOKEN or not token.reveal().isprintable():
            reader.problem("HSS_AUTH_TOKEN", f"must be 1 to {MAX_TOKEN} printable characters")
        keys = _keys(reader) if reader.text("HUAWEICLOUD_SDK_AK") else Credentials()
        return keys._replace(kind="token", token=token)
    if reader.text("HUAWEICLOUD_SDK_AK") or reader.text("HUAWEICLOUD_SDK_SK"):
        return _keys(reader)
    if reader.text("OS_USERNAME") or reader.text("OS_PASSWORD"):
        return _password(reader)
    return Credentials("agency")


def _keys(reader: Reader) -> Credentials:
    _demand(reader, "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK")
    return Credentials(
        "keys",
        access_key=reader.text("HUAWEICLOUD_SDK_AK"),
        secret_key=reader.secret("HUAWEICLOUD_SDK_SK"),
        security_token=reader.secret("HUAWEICLOUD_SDK_SECURITY_TOKEN"),
    )


def _password(reader: Reader) -> Credentials:
    domain = "OS_USER_DOMAIN_ID" if reader.text("OS_USER_DOMAIN_ID") else "OS_USER_DOMAIN_NAME"
    _demand(reader, "OS_AUTH_URL", "OS_USERNAME", "OS_PASSWORD", domain)
    if not reader.text("OS_PROJECT_ID") and not reader.text("OS_PROJECT_NAME"):
        reader.problem("OS_PROJECT_ID", "is missing (or OS_PROJECT_NAME): the token must belong to a project")
    return Credentials(
        "password",
        auth_url=reader.url("OS_AUTH_URL"),
        username=reader.text("OS_USERNAME"),
        password=reader.secret("OS_PASSWORD"),
        user_domain=reader.text("OS_USER_DOMAIN_NAME"),
        user_domain_id=reader.text("OS_USER_DOMAIN_ID"),
        project_id=reader.text("OS_PROJECT_ID"),
        project_name=reader.text("OS_PROJECT_NAME"),
        project_domain=reader.text("OS_PROJECT_DOMAIN_NAME"),
        project_domain_id=reader.text("OS_PROJECT_DOMAIN_ID"),
    )


def _demand(reader: Reader, *names: str) -> None:
    present = [name for name in names if reader.text(name)]
    for name in names:
        if name not in present:
            reader.problem(name, f"is missing beside {present[0] if present else names[0]}")
