"""How a simulated service behaves: frozen, chosen once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.simulator.moving import ListOrder

PROJECT = "0123456789abcdef0123456789abcdef"
TOKEN = "simulated-token-of-at-least-32-characters"  # noqa: S105 - known to everybody
ACCESS_KEY = "SIMULATEDACCESSKEY00"
SECRET_KEY = "simulated-secret-key-simulated-secret-key"  # noqa: S105 - known to everybody


@dataclass(frozen=True, slots=True)
class Options:
    """The service's dialect, who is let in, and what of its behaviour is undocumented.

    `tokens`, and the access keys of `secret_keys` (key to secret), open `project_id` (empty: any project).
    An access key that `secret_keys` does not name is let in if its header is well-formed, where `any_key` is set.
    `granted` lists the enterprise projects the user may read (None: all).
    """

    cloud: Literal["otc", "huaweicloud"] = "huaweicloud"
    project_id: str = PROJECT
    project_name: str = "eu-de"
    tokens: tuple[str, ...] = (TOKEN,)
    secret_keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({ACCESS_KEY: SECRET_KEY}))
    any_key: bool = False
    username: str = "reader"
    password: str = "simulated-password"  # noqa: S105 - known to everybody
    domain: str = "OTC00000000001000000000"
    token_life: timedelta = timedelta(hours=24)
    throttle: int = 5  # calls a minute per API and user; 0 = no limit
    retry_after: int | None = None  # seconds, sent with a 429; the real gateway sends none
    sort: Literal["number", "text", "ignored"] = "number"  # what sort_key=port does
    order: ListOrder = "insertion"  # where no sort is asked for, or it is ignored
    ties: Literal["kept", "any"] = "kept"  # how lines stand that the order leaves open
    unknown_word: Literal["unknown", "unknow"] = "unknown"
    granted: tuple[str, ...] | None = None
    cap: int = 10_000  # total_num never says more

    @property
    def gateway_prefix(self) -> str:
        """How the gateway's error codes begin."""
        return "APIG" if self.cloud == "otc" else "APIGW"
