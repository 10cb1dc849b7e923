"""A check-in for a dead man's switch: that the run took place, once a run and over all targets; no finding leaves.

What must be called where is of the services' own pages: healthchecks' and Better Stack's `/fail`, Cronitor's `state`,
Uptime Kuma's `status`. The path of such an address is its secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from handler.foreign_text import one_line
from handler.models import Secret
from handler.sinks.answers import (
    DELIVERED,
    DeliveryOutcome,
    SinkAnswer,
    because,
    by_status_alone,
    fields_of,
    safe_words,
    text_of,
)
from handler.sinks.message import SinkMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink

_TEXT: Final = {"Content-Type": "text/plain; charset=utf-8"}
_LONGEST: Final = 200
_STYLE_OF_HOST: Final = {
    "hc-ping.com": "healthchecks",
    "uptime.betterstack.com": "healthchecks",
    "cronitor.link": "cronitor",
}


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """One call: success, or in the style's own way that not everything was seen; none where a style cannot say that."""
    failed = notification.report.verdict == "inconclusive"
    words = "not everything could be checked" if failed else "checked"
    said = one_line(notification.notes[0] if notification.notes else words, _LONGEST)
    if failed and sink.fail_url is not None:
        return (_call(sink.fail_url.reveal()),)
    spelt = _STYLES.get(sink.style or _style_of(sink.url.reveal()), _plain)
    return spelt(sink.url.reveal(), f"{said} (run {one_line(notification.report.run_id, 64)})", failed)


def _call(url: str) -> SinkMessage:
    return SinkMessage(b"", url=Secret(url), method="GET")


def _plain(url: str, said: str, failed: bool) -> tuple[SinkMessage, ...]:  # noqa: ARG001 - as the others
    """Success only: that a run failed shows by the call that does not come."""
    return () if failed else (_call(url),)


def _healthchecks(url: str, said: str, failed: bool) -> tuple[SinkMessage, ...]:
    """The body is kept with the ping."""
    parts = urlsplit(url)
    path = f"{parts.path.rstrip('/')}/fail" if failed else parts.path
    called = urlunsplit(parts._replace(path=path, fragment=""))
    return (SinkMessage(said.encode(errors="replace"), _TEXT, url=Secret(called)),)


def _cronitor(url: str, said: str, failed: bool) -> tuple[SinkMessage, ...]:
    return (_call(_with_query(url, {"state": "fail" if failed else "complete", "message": said})),)


def _uptime_kuma(url: str, said: str, failed: bool) -> tuple[SinkMessage, ...]:
    """The address that it shows for copying says `status=up` itself."""
    return (_call(_with_query(url, {"status": "down" if failed else "up", "msg": said})),)


def _with_query(url: str, own: Mapping[str, str]) -> str:
    """The URL with these parameters in place of those of the same name."""
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in own]
    return urlunsplit(parts._replace(query=urlencode([*kept, *own.items()], errors="replace"), fragment=""))


_STYLES: Final[Mapping[str, Callable[[str, str, bool], tuple[SinkMessage, ...]]]] = {
    "healthchecks": _healthchecks,
    "cronitor": _cronitor,
    "uptime-kuma": _uptime_kuma,
    "plain": _plain,
}


def _style_of(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return next((style for known, style in _STYLE_OF_HOST.items() if host == known or host.endswith(f".{known}")), "")


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is any 2xx but for `ok: false` (Uptime Kuma), and healthchecks' `OK (not found)`, `OK (rate limited)`."""
    said = fields_of(body)
    if said is not None and said.get("ok") is False:
        refused = by_status_alone(status, headers, b"")
        words = because(status, said.get("msg", ""))
        return refused._replace(reason=words) if refused != DELIVERED else SinkAnswer(DeliveryOutcome.PERMANENT, words)
    words = text_of(body)
    if 200 <= status < 300 and words.lower().startswith("ok ("):
        return SinkAnswer(DeliveryOutcome.PERMANENT, because(status, safe_words(words)))
    return by_status_alone(status, headers, body)
