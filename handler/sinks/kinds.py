"""The kinds of sinks: one row each, with all that is special about it. No other module knows a kind by its name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast
from urllib.parse import urlsplit

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from handler.sinks.answers import SinkAnswer
    from handler.sinks.message import SinkMessage
    from handler.sinks.sink import Notification, Sink


class SinkModule(Protocol):
    """What speaks one target's language: a module of this room. Both functions are pure."""

    def render(self, notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:
        """The messages for a notification, within the target's true limits.

        `shrink` is 0 at first; each further step must give a smaller message, and at last a minimal plain one
        (`PLAIN`), which is also sent after a permanent refusal of the rich form.
        """
        ...

    def judge(self, status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
        """What an answer meant, by the target's own rules."""
        ...


def _load(name: str) -> SinkModule:
    return cast("SinkModule", import_module(f"handler.sinks.{name}"))


class SinkKind(NamedTuple):
    """A kind of sink.

    `hosts` are well-known host names: a URL there, or below, is of this kind. `needs` are the keys of a sink that this
    kind cannot do without. `chat`: people read it, so that without a state it hears only of runs that are not
    compliant. `mirrors`: it holds the state itself and gets everything that is open on every run, for what it does not
    get looks resolved. `event_per_finding`: each incident is a message of its own, at most `max_findings` in a run, and
    what does not fit stays due. `warn_unsigned`: a sink without a secret is warned of. `once_a_run`: it is told once a
    run, over all targets, and nothing of it is remembered. `signed`: it is a service of the cloud, asked with the run's
    own credentials. `own` are the keys of a sink that no other kind has; `only`
    are all that it takes, where those of every sink make no sense for it.
    """

    name: str
    hosts: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    chat: bool = True
    mirrors: bool = False
    event_per_finding: bool = False
    warn_unsigned: bool = False
    once_a_run: bool = False
    signed: bool = False
    own: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    load: Callable[[str], SinkModule] = _load

    @property
    def holds_incidents(self) -> bool:
        """Whether it holds what is open itself, until it is told of the end."""
        return self.mirrors or self.event_per_finding

    @property
    def takes_all(self) -> bool:
        """Whether machines read it that must get every change, and not a number of those left out."""
        return not (self.chat or self.holds_incidents or self.once_a_run)

    @property
    def module(self) -> SinkModule:
        """The module `sinks/NAME.py`, imported when it is first used: a cold start imports no kind in vain."""
        return self.load(self.name)


FALLBACK: Final = SinkKind("generic", chat=False, warn_unsigned=True)
_ROWS: Final = (
    FALLBACK,
    SinkKind("slack", hosts=("hooks.slack.com", "hooks.slack-gov.com")),
    SinkKind(
        "teams",
        hosts=(
            "environment.api.powerplatform.com",
            "logic.azure.com",
            "api.powerautomate.com",
            "flow.microsoft.com",
            "webhook.office.com",
        ),
    ),
    SinkKind("mattermost"),
    SinkKind("rocketchat"),
    SinkKind("discord", hosts=("discord.com", "discordapp.com")),
    SinkKind("googlechat", hosts=("chat.googleapis.com",)),
    SinkKind("feishu", hosts=("open.feishu.cn", "open.larksuite.com")),
    SinkKind("dingtalk", hosts=("oapi.dingtalk.com", "api.dingtalk.com")),
    SinkKind("wecom", hosts=("qyapi.weixin.qq.com",)),
    SinkKind("webex", hosts=("webexapis.com", "api.ciscospark.com")),
    SinkKind("telegram", hosts=("api.telegram.org",), needs=("chat_id",)),
    SinkKind(
        "pagerduty",
        hosts=("events.pagerduty.com", "events.eu.pagerduty.com"),
        needs=("routing_key",),
        chat=False,
        event_per_finding=True,
        own=("group",),
    ),
    SinkKind("alertmanager", chat=False, mirrors=True),
    SinkKind("cloudevents", chat=False),
    SinkKind("ocsf", chat=False),
    SinkKind("splunk", chat=False, needs=("headers",)),
    SinkKind("smn", needs=("topic_urn",), signed=True, own=("topic_urn",)),
    SinkKind(
        "ping",
        hosts=("hc-ping.com", "cronitor.link", "uptime.betterstack.com"),
        chat=False,
        once_a_run=True,
        own=("style", "fail_url"),
        only=("name", "kind", "url", "style", "fail_url", "headers", "allow_http"),
    ),
)
SINK_KINDS: Final[dict[str, SinkKind]] = {row.name: row for row in _ROWS}


def misplaced_keys(kind: SinkKind, given: Iterable[str]) -> tuple[str, ...]:
    """The keys, of those given for a sink, that mean nothing to its kind."""
    foreign = {key for row in _ROWS if row.name != kind.name for key in row.own}
    return tuple(key for key in given if key in foreign or (kind.only and key not in kind.only))


def guess_kind(url: str) -> str:
    """The name of the kind whose well-known host (or one below it) the URL names; `generic` for any other."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return FALLBACK.name
    known = (row for row in _ROWS if any(host == one or host.endswith(f".{one}") for one in row.hosts))
    return next(known, FALLBACK).name
