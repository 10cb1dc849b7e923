"""The kinds of sinks, one line each, loaded when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from handler.sinks.sink import Kind

KINDS: dict[str, str] = {
    "generic": "handler.sinks.generic",
    "slack": "handler.sinks.slack",
    "teams": "handler.sinks.teams",
    "mattermost": "handler.sinks.mattermost",
    "rocketchat": "handler.sinks.rocketchat",
    "discord": "handler.sinks.discord",
    "googlechat": "handler.sinks.googlechat",
    "feishu": "handler.sinks.feishu",
    "dingtalk": "handler.sinks.dingtalk",
    "wecom": "handler.sinks.wecom",
    "webex": "handler.sinks.webex",
    "telegram": "handler.sinks.telegram",
    "pagerduty": "handler.sinks.pagerduty",
    "alertmanager": "handler.sinks.alertmanager",
    "cloudevents": "handler.sinks.cloudevents",
    "ocsf": "handler.sinks.ocsf",
}

_HOSTS: tuple[tuple[str, str], ...] = (
    ("hooks.slack.com", "slack"),
    ("hooks.slack-gov.com", "slack"),
    ("environment.api.powerplatform.com", "teams"),
    ("logic.azure.com", "teams"),
    ("api.powerautomate.com", "teams"),
    ("flow.microsoft.com", "teams"),
    ("webhook.office.com", "teams"),
    ("discord.com", "discord"),
    ("discordapp.com", "discord"),
    ("chat.googleapis.com", "googlechat"),
    ("open.feishu.cn", "feishu"),
    ("open.larksuite.com", "feishu"),
    ("oapi.dingtalk.com", "dingtalk"),
    ("api.dingtalk.com", "dingtalk"),
    ("qyapi.weixin.qq.com", "wecom"),
    ("webexapis.com", "webex"),
    ("api.ciscospark.com", "webex"),
    ("api.telegram.org", "telegram"),
    ("events.pagerduty.com", "pagerduty"),
    ("events.eu.pagerduty.com", "pagerduty"),
)


def kind_module(name: str) -> Kind:
    """The module that speaks a kind's language. Raises KeyError for a kind that does not exist."""
    return cast("Kind", import_module(KINDS[name]))


def guess_kind(url: str) -> str:
    """The kind of a well-known host (or one below it); `generic` for any other."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return "generic"
    return next((kind for known, kind in _HOSTS if host == known or host.endswith("." + known)), "generic")
