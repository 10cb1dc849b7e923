"""One sink, one notice: render, POST, judge; three tries, smaller when too large, plain when refused."""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit

from handler.errors import TransportError
from handler.retries import DEFAULT_RETRIES
from handler.sinks.sink import PLAIN, Judgement, Outcome
from handler.transport import Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from handler.clock import Deadline
    from handler.sinks.sink import Kind, Message, Notice, Sink
    from handler.transport import Response, Transport

TIMEOUT: Final = 15.0
LEAST_TIME: Final = 0.2  # seconds; with less nothing is started
_TAKEN: Final = (Outcome.DELIVERED, Outcome.ACCEPTED)
_BODY: Final = (Outcome.PERMANENT, Outcome.TOO_LARGE)  # refusals of this body, not of the sender


class Fate(Enum):
    """Whether the sink has it."""

    TAKEN = "taken"
    REFUSED = "refused"  # certainly not
    UNKNOWN = "unknown"  # perhaps: no answer came, or one that does not tell


class Sent(NamedTuple):
    """The end of one telling. `taken` are fingerprints that were taken one by one, whatever became of the rest."""

    fate: Fate
    status: str
    reason: str = ""
    taken: frozenset[str] = frozenset()


class _Telling:
    """What happened so far."""

    def __init__(self) -> None:
        self.retries = DEFAULT_RETRIES.tries - 1
        self.tried = 0
        self.uncertain = False
        self.taken: set[str] = set()
        self.taken_whole = 0


def send(kind: Kind, notice: Notice, sink: Sink, *, transport: Transport, deadline: Deadline, random: Random) -> Sent:
    """Tell the sink; never raises for what the sink or the network does."""
    telling = _Telling()
    shrink = 0
    while True:
        render = partial(_render, kind, notice, sink, shrink, deadline)
        worst = _post_all(kind, render, sink, telling, transport=transport, deadline=deadline, random=random)
        if worst.outcome not in _BODY or shrink >= PLAIN or telling.taken_whole or deadline.left() < LEAST_TIME:
            return _sent(worst, telling)
        shrink = PLAIN if worst.outcome is Outcome.PERMANENT else min(PLAIN, 2 * shrink + 1)


def _render(kind: Kind, notice: Notice, sink: Sink, shrink: int, deadline: Deadline) -> tuple[Message, ...]:
    """The messages as of now: signatures carry the time of the attempt, and receivers refuse old ones."""
    return kind.render(notice, sink, deadline.clock.now(), shrink)


def _post_all(
    kind: Kind,
    render: Callable[[], tuple[Message, ...]],
    sink: Sink,
    telling: _Telling,
    *,
    transport: Transport,
    deadline: Deadline,
    random: Random,
) -> Judgement:
    """Post what is not taken yet. One finding's event that is refused does not stop the others."""
    worst = Judgement(Outcome.DELIVERED)
    for at, message in enumerate(render()):
        if message.finding is not None and message.finding in telling.taken:
            continue
        again = partial(_nth, render, at)
        judgement = _post(kind, message, again, sink, telling, transport=transport, deadline=deadline, random=random)
        if judgement.outcome in _TAKEN:
            worst = judgement if worst.outcome is Outcome.DELIVERED else worst
            _take(message, telling)
            continue
        worst = judgement
        if message.finding is None or judgement.outcome not in _BODY:
            break
    return worst


def _nth(render: Callable[[], tuple[Message, ...]], at: int) -> Message:
    return render()[at]


def _take(message: Message, telling: _Telling) -> None:
    if message.finding is None:
        telling.taken_whole += 1
    else:
        telling.taken.add(message.finding)


def _post(
    kind: Kind,
    message: Message,
    again: Callable[[], Message],
    sink: Sink,
    telling: _Telling,
    *,
    transport: Transport,
    deadline: Deadline,
    random: Random,
) -> Judgement:
    """Post one message, and `again` while its answer asks for that, tries are left and the wait fits."""
    request = request_of(message, sink)
    while True:
        if deadline.left() < LEAST_TIME:
            return Judgement(Outcome.RETRY_NEXT_RUN, "no time left in this run")
        telling.tried += 1
        judgement = _once(kind, request, telling, transport, deadline)
        if judgement.outcome is not Outcome.RETRY_NOW or telling.retries == 0:
            return judgement
        asked = judgement.retry_after
        wait = DEFAULT_RETRIES.wait(telling.tried, random) if asked is None else asked
        if wait >= deadline.left():
            return judgement
        telling.retries -= 1
        deadline.clock.sleep(wait)
        request = request_of(again(), sink)


def _once(kind: Kind, request: Request, telling: _Telling, transport: Transport, deadline: Deadline) -> Judgement:
    try:
        response = transport(request, min(TIMEOUT, deadline.left()))
    except TransportError as error:
        telling.uncertain |= error.sent
        return Judgement(Outcome.RETRY_NOW, error.message)
    if 300 <= response.status < 400:
        return Judgement(Outcome.PERMANENT, f"HTTP {response.status}: a redirect is a refusal")
    judgement = kind.judge(response.status, response.headers, response.body)
    if judgement.outcome not in _TAKEN:
        telling.uncertain |= _does_not_tell(response)
    return judgement


def _does_not_tell(response: Response) -> bool:
    """Whether an unsuccessful answer leaves open if the request was acted upon: 500, and a gateway's 502 or 504."""
    return response.status == 408 or (response.status >= 500 and response.status not in (501, 503, 505))


def request_of(message: Message, sink: Sink) -> Request:
    """The POST of a message to the sink's URL, with the sink's own headers and what the kind adds to the query."""
    parts = urlsplit(sink.url.reveal())
    query = "&".join(part for part in (parts.query, urlencode(message.query)) if part)
    headers = {**message.headers, **{name: value.reveal() for name, value in sink.headers.items()}}
    return Request("POST", urlunsplit((parts.scheme, parts.netloc, parts.path, query, "")), headers, message.body)


def _sent(worst: Judgement, telling: _Telling) -> Sent:
    taken = frozenset(telling.taken)
    if worst.outcome in _TAKEN:
        return Sent(Fate.TAKEN, worst.outcome.value if telling.tried else "quiet", worst.reason, taken)
    status = "failed" if worst.outcome is Outcome.PERMANENT else "owed"
    partly = telling.uncertain or telling.taken_whole > 0
    return Sent(Fate.UNKNOWN if partly else Fate.REFUSED, status, worst.reason or worst.outcome.value, taken)
