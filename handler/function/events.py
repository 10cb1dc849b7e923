"""What an event asks for. Pure: the platform's event in, a typed trigger out.

Shapes as documented for FunctionGraph event functions (OTC user manual and Python guide, 2026-04). Only a TIMER may
choose anything; from every other event nothing but the fact that it came is used.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from handler.errors import UsageError
from handler.foreign_text import one_line
from handler.models import CATEGORIES
from handler.named_tuple import NamedTuple
from handler.run import lazy

if TYPE_CHECKING:
    from collections.abc import Mapping

TriggerKind = Literal["empty", "timer", "gateway", "smn", "cts", "eventgrid", "obs"]
_CHOICES = ("policy", "target", "categories", "dry_run", "fleet", "notify_test")
_SWITCHES = ("dry_run", "fleet", "notify_test")
_MAX_TEXT = 64 * 1024


class Trigger(NamedTuple):
    """Why the function runs and, for a TIMER, what its `user_event` chose."""

    kind: TriggerKind
    policy: str = ""
    target: str = ""
    categories: tuple[str, ...] = ()
    dry_run: bool = False
    notify_test: bool = False  # test the sinks, check nothing
    fleet: bool = False  # the digest of all targets, instead of a run
    bucket: str = ""  # obs: whose object changed
    key: str = ""
    wants_markdown: bool = False  # gateway: by its Accept header
    authorization: str = ""  # gateway: the header as it came; never shown

    def __repr__(self) -> str:
        return f"Trigger(kind={self.kind!r}, policy={self.policy!r}, target={self.target!r}, dry_run={self.dry_run})"


class UnreadableCallError(UsageError):
    """A gateway call that cannot be read: answered with 400."""

    hint = "Send GET, or POST with an empty or JSON body."


def read_event(event: object) -> Trigger:
    """The trigger of an event. Raises UsageError that says what was seen, UnreadableCallError for a gateway call."""
    if event is None or event in ({}, ""):
        return Trigger("empty")
    if not isinstance(event, dict):
        raise _unknown(f"a JSON {type(event).__name__}")
    if is_gateway(event):
        return _gateway(event)
    if event.get("trigger_type") == "TIMER":
        return _timer(event)
    if isinstance(event.get("cts"), dict):
        return Trigger("cts")
    if "specversion" in event and isinstance(event.get("type"), str):
        return Trigger("eventgrid")
    return _record(event)


def is_gateway(event: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether API Gateway sent the event; such a call is answered, never failed with an exception."""
    return isinstance(event, dict) and "httpMethod" in event


def _record(event: Mapping[str, Any]) -> Trigger:
    for name in ("record", "Records"):
        records = event.get(name)
        first = records[0] if isinstance(records, list) and records else None
        if isinstance(first, dict) and isinstance(first.get("smn"), dict):
            return Trigger("smn")
        if isinstance(first, dict) and isinstance(first.get("s3"), dict):
            return _obs(first["s3"])
    keys = sorted(one_line(str(key), 40, unseen="?") for key in event)
    raise _unknown("the keys " + ", ".join(keys[:10]))


def _obs(s3: Mapping[str, Any]) -> Trigger:
    bucket, item = s3.get("bucket"), s3.get("object")
    name = bucket.get("name") if isinstance(bucket, dict) else None
    key = item.get("key") if isinstance(item, dict) else None
    if not isinstance(name, str) or not isinstance(key, str):
        raise _unknown("an OBS event without bucket name and object key")
    return Trigger("obs", bucket=name, key=key)


def _unknown(seen: str) -> UsageError:
    return UsageError(
        f"the event is none that this function knows; it is {seen}",
        hint="Known are TIMER, APIG, SMN, CTS, OBS and EventGrid events, and an empty one.",
    )


def _timer(event: Mapping[str, Any]) -> Trigger:
    text = event.get("user_event") or ""
    if not isinstance(text, str) or len(text) > _MAX_TEXT:
        raise UsageError(
            "user_event: must be a text", hint="Leave the timer's user_event empty, or write a JSON object."
        )
    if not text.strip():
        return Trigger("timer")
    try:
        chosen = json.loads(text)
    except (ValueError, RecursionError):
        chosen = None
    if not isinstance(chosen, dict):
        raise UsageError("user_event: must be empty or a JSON object", hint='For example {"target": "prod"}.')
    problems = list(_choice_problems(chosen))
    if problems:
        raise UsageError("\n".join(problems), hint=f"user_event may hold {', '.join(_CHOICES)}.")
    categories = chosen.get("categories", [])
    return Trigger(
        "timer",
        policy=chosen.get("policy", ""),
        target=chosen.get("target", ""),
        categories=tuple(category for category in CATEGORIES if category in categories),
        dry_run=chosen.get("dry_run", False),
        notify_test=chosen.get("notify_test", False),
        fleet=chosen.get("fleet", False),
    )


def _choice_problems(chosen: Mapping[str, Any]) -> list[str]:
    return [problem for key, value in chosen.items() if (problem := _choice_problem(key, value))]


def _choice_problem(key: str, value: object) -> str:
    """What is wrong with one choice of a TIMER; empty where nothing is."""
    if key not in _CHOICES:
        near = lazy.get_close_matches(key, _CHOICES)
        return f"user_event: unknown key {key!r:.40}" + (f"; did you mean {near[0]}?" if near else "")
    if key == "categories":
        return "" if _are_categories(value) else f"user_event.categories: must be a list of {' and '.join(CATEGORIES)}"
    if key in _SWITCHES:
        return "" if isinstance(value, bool) else f"user_event.{key}: must be true or false"
    return "" if isinstance(value, str) and value else f"user_event.{key}: must be a text"


def _are_categories(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(item in CATEGORIES for item in value)


def _gateway(event: Mapping[str, Any]) -> Trigger:
    headers = event.get("headers") or {}
    if not isinstance(headers, dict) or event.get("httpMethod") not in ("GET", "POST"):
        raise UnreadableCallError("the call is not a GET or POST with headers")
    lower = {str(name).lower(): _first(value) for name, value in headers.items()}
    accept = lower.get("accept", "").lower()
    return Trigger(
        "gateway",
        wants_markdown="text/markdown" in accept and "application/json" not in accept,
        authorization=lower.get("authorization", ""),
    )


def _first(value: object) -> str:
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, str) else ""


def check_body(event: Mapping[str, Any]) -> None:
    """Read a call's body only to refuse what nobody can read; nothing in it is used. Raises UnreadableCallError."""
    body = event.get("body") or ""
    try:
        text = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        if text.strip():
            json.loads(text)
    except (AttributeError, TypeError, ValueError, RecursionError, binascii.Error):
        raise UnreadableCallError("the body is not readable as JSON") from None
