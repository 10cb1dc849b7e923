"""The WEBHOOK_ settings as one sink, and what keeps any sink from working."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from handler.errors import SettingsError
from handler.settings.sink_url import refuse_url
from handler.sinks.kinds import FALLBACK, SINK_KINDS, guess_kind
from handler.sinks.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.models import Secret

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_WHSEC = re.compile(r"whsec_(?=.)([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
OWN_HEADERS = frozenset({"content-type", "content-length", "host", "transfer-encoding", "connection", "user-agent"})


def webhook_sink(url: Secret, kind: str, secret: Secret | None, *, allow_http: bool) -> Sink:
    """The one-webhook case: a sink named `default`. Raises SettingsError."""
    kind = kind or guess_kind(url.reveal())
    if kind not in SINK_KINDS:
        unknown = f"WEBHOOK_KIND: must be one of {', '.join(SINK_KINDS)}, not {kind!r:.40}"
        of_any_kind = Sink("default", FALLBACK, url, secret=secret, allow_http=allow_http)
        raise SettingsError([unknown, *_troubles(of_any_kind)])
    sink = Sink("default", SINK_KINDS[kind], url, secret=secret, allow_http=allow_http)
    missing = [key for key in sink.kind.needs if not getattr(sink, key)]
    if missing:
        raise SettingsError(
            f"WEBHOOK_KIND: {kind} needs {' and '.join(missing)}, which no setting holds",
            hint=f"Name a file in NOTIFY_CONFIG instead of WEBHOOK_URL: `sinks: [{{name: default, kind: {kind}, "
            f'url: "${{NAME}}", {missing[0]}: "..."}}]`, where NAME is a setting with the address (see docs/sinks.md).',
        )
    troubles = _troubles(sink)
    if troubles:
        raise SettingsError(troubles, hint="See docs/sinks.md for each kind and its settings.")
    return sink


def _troubles(sink: Sink) -> list[str]:
    """What keeps it from working, each named by the setting that it is about."""
    return [_of_setting(text) for text in sink_troubles(sink, with_state=True)]


def _of_setting(text: str) -> str:
    about_secret = text.startswith("secret: ")
    named = f"WEBHOOK_SECRET: {text.removeprefix('secret: ')}" if about_secret else f"WEBHOOK_URL: {text}"
    return named.replace("needs allow_http", "needs WEBHOOK_ALLOW_HTTP=true")


def unsigned(sinks: Iterable[Sink]) -> tuple[str, ...]:
    """A warning for each sink whose receiver cannot tell who sent a message."""
    return tuple(
        f"sink {sink.name}: without a secret its messages are not signed"
        for sink in sinks
        if sink.kind.warn_unsigned and sink.secret is None
    )


def sink_troubles(sink: Sink, *, with_state: bool) -> Iterable[str]:
    """What keeps a sink from working, in words without its secrets."""
    yield from _url_troubles(sink)
    yield from (f"{sink.kind.name} needs {key}" for key in sink.kind.needs if not getattr(sink, key))
    if not with_state:
        needy = {
            "send: changes": sink.send == "changes",
            "heartbeat": sink.heartbeat,
            "remind_after": sink.remind_after,
        }
        yield from (f"{key} needs STATE_URL" for key, used in needy.items() if used)
    if sink.secret is not None and not _is_usable(sink.secret.reveal()):
        yield "secret: after whsec_ it must be standard base64 (A-Z, a-z, 0-9, + and /, with its = at the end)"
    yield from _header_troubles(sink)


def _url_troubles(sink: Sink) -> Iterable[str]:
    """What is wrong with the sink's addresses; a kind that is signed may have none of its own."""
    if not sink.url.reveal() and not sink.kind.signed:
        yield f"{sink.kind.name} needs url"
    named = {"": sink.url.reveal(), "fail_url ": "" if sink.fail_url is None else sink.fail_url.reveal()}
    for name, url in named.items():
        refusal = refuse_url(url, allow_http=sink.allow_http) if url else None
        if refusal is not None:
            yield f"{name}{refusal}"


def _is_usable(secret: str) -> bool:
    """Whether every library of Standard Webhooks makes the same key of it; one without `whsec_` is taken as it is."""
    return not secret.startswith("whsec_") or _WHSEC.fullmatch(secret) is not None


def _header_troubles(sink: Sink) -> Iterable[str]:
    for header, value in sink.headers.items():
        if not _HEADER.fullmatch(header) or header.lower() in OWN_HEADERS:
            yield f"header {header!r:.60} is not allowed"
        elif not value.reveal().isprintable() or not value.reveal().isascii():
            yield f"header {header!r:.60} has characters that a header cannot hold"
