"""NOTIFY_CONFIG as sinks. Secrets and URLs come from the settings, never from the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from handler.models import Secret, Severity
from handler.settings.placeholders import fill_troubles, filled, plain_troubles
from handler.settings.places import topic_endpoint
from handler.settings.reader import parse_duration
from handler.settings.webhook import sink_troubles
from handler.settings.yaml_file import StrictModel, read_entries
from handler.sinks.kinds import SINK_KINDS, guess_kind, misplaced_keys
from handler.sinks.sink import Match, Sink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _known_kind(kind: str) -> str:
    if kind not in SINK_KINDS:
        raise ValueError(f"must be one of {', '.join(SINK_KINDS)}")
    return kind


def _duration(text: str) -> str:
    parse_duration(text)
    return text


Duration = Annotated[str, AfterValidator(_duration)]


class MatchEntry(StrictModel):
    """Which findings a sink wants."""

    tags: list[str] = Field(default=[])
    categories: list[Literal["host", "container"]] = Field(default=[])
    targets: list[str] = Field(default=[])


class SinkEntry(StrictModel):
    """One sink of the file."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,63}$")]
    kind: Annotated[str, AfterValidator(_known_kind)] | None = None
    url: str = ""
    min_severity: Literal["info", "low", "medium", "high", "critical"] = "info"
    send: Literal["changes", "always"] | None = None
    send_resolved: bool = True
    remind_after: Duration | None = None
    heartbeat: Duration | None = None
    new_servers: Literal["tell", "count"] = "tell"
    still_open: Literal["count", "list", "none"] = "count"
    digest: bool = False
    max_findings: Annotated[int, Field(ge=1, le=10_000)] = 50
    match: MatchEntry = MatchEntry()
    headers: dict[str, str] = Field(default={})
    secret: str = ""
    chat_id: str = ""
    routing_key: str = ""
    style: Literal["healthchecks", "cronitor", "uptime-kuma", "plain"] | None = None
    fail_url: str = ""
    topic_urn: str = ""
    group: Literal["rule", "finding", "target"] = "rule"
    hosts: bool = False
    allow_http: bool = False


class SinksFile(StrictModel):
    """The whole file."""

    sinks: Annotated[list[SinkEntry], Field(min_length=1)]


_KEYS = frozenset({"sinks", *SinkEntry.model_fields, *MatchEntry.model_fields})


def sinks_and_problems(
    name: str, content: bytes, lookup: Callable[[str], str | None], *, with_state: bool
) -> tuple[tuple[Sink, ...], tuple[str, ...]]:
    """The sinks of a file that can be built, because nothing is wrong with their own entry, and all its problems.

    Each problem is `file:line:column: message`; see docs/sinks.md for each kind and its keys.
    """
    entries, positions, unreadable = read_entries(name, content, SinksFile, "sinks", SinkEntry, _KEYS)
    problems = [*unreadable]
    sinks: list[Sink] = []
    names: set[str] = set()
    for index, entry in entries.items():
        filled = _Filled(entry, lookup)
        sink = filled.sink()
        misplaced = ", ".join(misplaced_keys(sink.kind, sorted(entry.model_fields_set)))
        trouble = [*filled.problems, *sink_troubles(sink, with_state=with_state)]
        if misplaced:
            trouble.append(f"{sink.kind.name} has no use for {misplaced}")
        if sink.name in names:
            trouble.append("the name is used twice")
        names.add(sink.name)
        problems += [f"{positions.where(('sinks', index))}: sink {entry.name}: {text}" for text in trouble]
        if not trouble and ("sinks", index) not in {path[:2] for path in positions.refused}:
            sinks.append(sink)
    return tuple(sinks), tuple(problems)


class _Filled:
    """One entry with its `${NAME}`s filled in."""

    def __init__(self, entry: SinkEntry, lookup: Callable[[str], str | None]) -> None:
        self.problems: list[str] = []
        self._entry = entry
        self._lookup = lookup

    def sink(self) -> Sink:
        entry = self._entry
        url = self._fill("url", entry.url)
        kind = SINK_KINDS[entry.kind or guess_kind(url)]
        if kind.signed and entry.topic_urn:
            url = self._topic(url)
        made = Sink(
            name=entry.name,
            kind=kind,
            url=Secret(url),
            min_severity=Severity.of(entry.min_severity),
            send=entry.send,
            send_resolved=entry.send_resolved,
            remind_after=parse_duration(entry.remind_after) if entry.remind_after else None,
            heartbeat=parse_duration(entry.heartbeat) if entry.heartbeat else None,
            new_servers=entry.new_servers,
            still_open=entry.still_open,
            digest=entry.digest,
            max_findings=entry.max_findings,
            match=self._match(entry.match),
            headers=self._headers(entry.headers),
            chat_id=self._plain("chat_id", entry.chat_id),
            style=entry.style or "",
            group=entry.group,
            topic_urn=self._plain("topic_urn", entry.topic_urn),
            hosts=entry.hosts,
            allow_http=entry.allow_http,
        )
        secret, routing_key = self._secret("secret"), self._secret("routing_key")
        return made._replace(secret=secret, routing_key=routing_key, fail_url=self._secret("fail_url"))

    def _topic(self, url: str) -> str:
        """Where the topic's service is, if not at the URL that is set."""
        endpoint, trouble = topic_endpoint(self._entry.topic_urn, url)
        self.problems += [f"topic_urn: {trouble}"] if trouble else []
        return endpoint

    def _match(self, match: MatchEntry) -> Match:
        tags = tuple(self._plain("match.tags", tag) for tag in match.tags)
        targets = tuple(self._plain("match.targets", target) for target in match.targets)
        return Match(tags, tuple(match.categories), targets)

    def _headers(self, headers: Mapping[str, str]) -> dict[str, Secret]:
        return {
            self._plain("headers", header): Secret(self._fill(f"headers.{header}", value))
            for header, value in headers.items()
        }

    def _secret(self, key: str) -> Secret | None:
        text: str = getattr(self._entry, key)
        return Secret(self._fill(key, text)) if text else None

    def _fill(self, key: str, text: str) -> str:
        """The text with its placeholders filled in; what is missing or of another form is a problem."""
        self.problems += [f"{key}: {trouble}" for trouble in fill_troubles(text, self._lookup)]
        return filled(text, self._lookup)

    def _plain(self, key: str, text: str) -> str:
        """A text that is never filled in; a placeholder in it is a problem."""
        self.problems += [f"{key}: {trouble}" for trouble in plain_troubles(text)]
        return filled(text, lambda _: None)
