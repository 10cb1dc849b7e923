"""One notification to one sink: render, POST, judge; three tries, smaller when too large, plain when refused."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from handler.errors import PortComplianceError, TransportError
from handler.named_tuple import NamedTuple
from handler.retries import DEFAULT_RETRIES
from handler.sinks.answers import DeliveryOutcome, SinkAnswer
from handler.sinks.message import BARE, PLAIN
from handler.transport.request import Request

if TYPE_CHECKING:
    from random import Random

    from handler.clock import Deadline
    from handler.notify.together import Together
    from handler.sinks.message import SinkMessage
    from handler.sinks.sink import Notification, Sink
    from handler.transport.request import Response, Transport

LONGEST_WAIT: Final = 15.0  # seconds for one answer
LEAST_TIME: Final = 0.2  # seconds; with less nothing is started
_TAKEN: Final = (DeliveryOutcome.DELIVERED, DeliveryOutcome.ACCEPTED)
_BODY_REFUSED: Final = (
    DeliveryOutcome.PERMANENT,
    DeliveryOutcome.TOO_LARGE,
)  # not of the sender


class Acceptance(Enum):
    """Whether the sink has it."""

    TAKEN = "taken"
    REFUSED = "refused"  # certainly not
    UNKNOWN = "unknown"  # perhaps: no answer came, or one that does not tell


class SendResult(NamedTuple):
    """What came of sending one notification.

    `taken` are the fingerprints of events that were taken one by one, whatever became of the others. `too_large`: it
    is to be shared out.
    """

    acceptance: Acceptance
    status: str
    reason: str = ""
    taken: frozenset[str] = frozenset()
    too_large: bool = False


class DeliveryContext(NamedTuple):
    """What sending needs of the outside: HTTP, the time that is left (and its clock), and chance for the waits.

    `run_seconds` is the longest that a run takes.
    `shard` names the state or index that the run belongs to, for a watchdog of its own. `together` holds what is told
    once every target was asked.
    """

    transport: Transport
    deadline: Deadline
    random: Random
    run_seconds: float = 900.0
    shard: str = ""
    together: Together | None = None


def send(notification: Notification, sink: Sink, context: DeliveryContext, *, may_split: bool = False) -> SendResult:
    """Tell the sink. Raises nothing for what the sink or the network does.

    `may_split`: what is too large, even without what is derived, comes back as such, for nothing of it may be cut.
    """
    attempt = _Attempt(notification, sink, context)
    shrink = 0
    while True:
        worst = attempt.post_all(shrink)
        if may_split and worst.outcome is DeliveryOutcome.TOO_LARGE and (shrink >= BARE or notification.further):
            return attempt.result(worst)._replace(too_large=True)
        if worst.outcome not in _BODY_REFUSED or shrink >= PLAIN or not attempt.may_start_over():
            return attempt.result(worst)
        shrink = PLAIN if worst.outcome is DeliveryOutcome.PERMANENT else min(PLAIN, 2 * shrink + 1)


def http_request(message: SinkMessage, sink: Sink) -> Request:
    """The request of a message, to the sink's URL if it has none, with the sink's headers and the kind's query."""
    parts = urlsplit((message.url or sink.url).reveal())
    query = "&".join(part for part in (parts.query, urlencode(message.query)) if part)
    headers = {**message.headers, **{name: value.reveal() for name, value in sink.headers.items()}}
    url = urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
    return Request(message.method, url, headers, message.body or None)


class _Attempt:
    """One notification on its way to one sink: what was tried so far, and what was taken."""

    def __init__(self, notification: Notification, sink: Sink, context: DeliveryContext) -> None:
        self._notification, self._sink, self._context = notification, sink, context
        self._retries = DEFAULT_RETRIES.tries - 1
        self._tried = 0
        self._uncertain = False  # whether some answer left open if the sink has the message
        self._taken: set[str] = set()
        self._done: set[int] = set()  # those messages of the notification that are about findings, and were taken
        self._whole_message_taken = False

    def may_start_over(self) -> bool:
        """Whether another form of the notification may follow: nothing of this one was taken, and there is time."""
        return not self._whole_message_taken and self._context.deadline.left() >= LEAST_TIME

    def post_all(self, shrink: int) -> SinkAnswer:
        """Post what is not taken yet. One incident's event that is refused does not stop the others."""
        messages = self._render(shrink)
        worst = self._post_each(messages, shrink)
        rest = [message for index, message in enumerate(messages) if index not in self._done]
        told = {one for index in self._done for one in messages[index].findings}
        self._taken = told - {one for message in rest for one in message.findings}
        return worst

    def _post_each(self, messages: tuple[SinkMessage, ...], shrink: int) -> SinkAnswer:
        worst = SinkAnswer(DeliveryOutcome.DELIVERED)
        for index, message in enumerate(messages):
            if index in self._done:
                continue
            answer = self._post(message, shrink, index)
            if answer.outcome in _TAKEN:
                worst = answer if worst.outcome is DeliveryOutcome.DELIVERED else worst
                self._take(message, index)
                continue
            worst = answer
            if not message.findings or answer.outcome not in _BODY_REFUSED:
                break
        return worst

    def result(self, worst: SinkAnswer) -> SendResult:
        """What came of it, where this was the worst answer."""
        taken = frozenset(self._taken)
        if worst.outcome in _TAKEN:
            status = worst.outcome.value if self._tried else "quiet"
            return SendResult(Acceptance.TAKEN, status, worst.reason, taken)
        status = "failed" if worst.outcome is DeliveryOutcome.PERMANENT else "owed"
        perhaps = self._uncertain or self._whole_message_taken
        acceptance = Acceptance.UNKNOWN if perhaps else Acceptance.REFUSED
        return SendResult(acceptance, status, worst.reason or worst.outcome.value, taken)

    def _render(self, shrink: int) -> tuple[SinkMessage, ...]:
        """The messages as of now: signatures carry the time of the attempt, and receivers refuse old ones."""
        now = self._context.deadline.clock.now()
        return self._sink.kind.module.render(self._notification, self._sink, now, shrink)

    def _take(self, message: SinkMessage, index: int) -> None:
        if message.findings:
            self._done.add(index)
        else:
            self._whole_message_taken = True

    def _post(self, message: SinkMessage, shrink: int, index: int) -> SinkAnswer:
        """Post one message; again, rendered anew, while its answer asks for that, tries are left and the wait fits."""
        deadline = self._context.deadline
        while True:
            if deadline.left() < LEAST_TIME:
                return SinkAnswer(DeliveryOutcome.RETRY_NEXT_RUN, "no time left in this run")
            self._tried += 1
            answer = self._post_once(message)
            if answer.outcome is not DeliveryOutcome.RETRY_NOW or self._retries == 0:
                return answer
            asked = answer.retry_after
            wait = DEFAULT_RETRIES.wait(self._tried, self._context.random) if asked is None else asked
            if wait >= deadline.left():
                return answer
            self._retries -= 1
            deadline.clock.sleep(wait)
            message = self._render(shrink)[index]

    def _post_once(self, message: SinkMessage) -> SinkAnswer:
        timeout = min(LONGEST_WAIT, self._context.deadline.left())
        request, signer = http_request(message, self._sink), self._sink.signer
        if signer is not None:
            try:
                request = request._replace(headers={**request.headers, **signer.headers(request)})
            except PortComplianceError as error:
                return SinkAnswer(DeliveryOutcome.RETRY_NEXT_RUN, error.message)
        try:
            response = self._context.transport(request, timeout)
        except TransportError as error:
            self._uncertain |= error.sent
            return SinkAnswer(DeliveryOutcome.RETRY_NOW, error.message)
        if 300 <= response.status < 400:
            return SinkAnswer(DeliveryOutcome.PERMANENT, f"HTTP {response.status}: a redirect is a refusal")
        answer = self._sink.kind.module.judge(response.status, response.headers, response.body)
        if answer.outcome not in _TAKEN:
            self._uncertain |= _leaves_open(response)
        if response.status == 401 and signer is not None and signer.refused():
            return answer._replace(outcome=DeliveryOutcome.RETRY_NOW, retry_after=0.0)
        return answer


def _leaves_open(response: Response) -> bool:
    """Whether an unsuccessful answer leaves open if the request was acted upon: 500, and a gateway's 502 or 504."""
    return response.status == 408 or (response.status >= 500 and response.status not in (501, 503, 505))
