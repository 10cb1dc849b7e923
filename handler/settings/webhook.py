"""The WEBHOOK_ settings as one sink, and what keeps any sink from working."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from handler.addresses import refuse_url
from handler.errors import SettingsError
from handler.sinks.kinds import SINK_KINDS, guess_kind
from handler.sinks.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.models import Secret

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
OWN_HEADERS = frozenset({"content-type", "content-length", "host", "transfer-encoding", "connection", "user-agent"})


def webhook_sink(url: Secret, kind: str, secret: Secret | None, *, allow_http: bool) -> Sink:
    """The one-webhook case: a sink named `default`. Raises SettingsError."""
    kind = kind or guess_kind(url.reveal())
    if kind not in SINK_KINDS:
        raise SettingsError(f"WEBHOOK_KIND: must be one of {', '.join(SINK_KINDS)}, not {kind!r:.40}")
    sink = Sink("default", SINK_KINDS[kind], url, secret=secret, allow_http=allow_http)
    troubles = [f"WEBHOOK_URL: {text}" for text in sink_troubles(sink, with_state=True)]
    if troubles:
        raise SettingsError(troubles, hint="See docs/sinks.md for each kind and its settings.")
    return sink


def unsigned(sinks: Iterable[Sink]) -> tuple[str, ...]:
    """A warning for each sink whose receiver cannot tell who sent a message."""
    return tuple(
        f"sink {sink.name}: without a secret its messages are not signed"
        for sink in sinks
        if sink.kind.warn_unsigned and sink.secret is None
    )


def sink_troubles(sink: Sink, *, with_state: bool) -> Iterable[str]:
    """What keeps a sink from working, in words without its secrets."""
    refusal = refuse_url(sink.url.reveal(), allow_http=sink.allow_http)
    if refusal is not None:
        yield refusal
    yield from (f"{sink.kind.name} needs {key}" for key in sink.kind.needs if not getattr(sink, key))
    if not with_state:
        needy = {
            "send: changes": sink.send == "changes",
            "heartbeat": sink.heartbeat,
            "remind_after": sink.remind_after,
        }
        yield from (f"{key} needs STATE_URL" for key, used in needy.items() if used)
    yield from _header_troubles(sink)


def _header_troubles(sink: Sink) -> Iterable[str]:
    for header, value in sink.headers.items():
        if not _HEADER.fullmatch(header) or header.lower() in OWN_HEADERS:
            yield f"header {header!r:.60} is not allowed"
        elif not value.reveal().isprintable() or not value.reveal().isascii():
            yield f"header {header!r:.60} has characters that a header cannot hold"
