"""One call of an HSS API: credentials, pace, retries, and what came of it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from handler.errors import DeniedError, SettingsError, TimeLimitError, TransportError
from handler.hss.decode import AssetCounters, PortPage, Validation, asset_counters, port_page, whole
from handler.hss.pacing import Lane
from handler.hss.parameters import check_token
from handler.hss.refusals import is_throttle, refusal
from handler.logs import LOGGER
from handler.named_tuple import NamedTuple
from handler.retries import DEFAULT_RETRIES, retry_after, with_retries
from handler.transport.request import Request, endpoint_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from handler.clock import Clock, Deadline
    from handler.hss.auth import Authorizer
    from handler.hss.pacing import Pacer
    from handler.hss.parameters import AssetStatisticsQuery, PortStatisticsQuery, Query
    from handler.models import Target
    from handler.retries import Retries
    from handler.transport.request import Response, Transport

PATHS = {
    "port_statistics": "asset/port/statistics",
    "asset_statistics": "asset/statistics",
    "port_detail": "asset/ports/detail",
}
FULL_MINUTE = 60.0  # what the gateway's rate limit counts in


class Spending:
    """What calls may take and have taken. `calls` counts each that may have arrived, retries included.

    With `patient` off only calls are made that need no wait for the pace; `on_wait` hears of each wait before it.
    """

    __slots__ = ("calls", "deadline", "on_wait", "patient")

    def __init__(
        self, deadline: Deadline, *, patient: bool = True, on_wait: Callable[[float], None] | None = None
    ) -> None:
        self.deadline, self.patient, self.on_wait = deadline, patient, on_wait
        self.calls = 0


class HssClient(NamedTuple):
    """The HSS APIs of one endpoint (`https://host`), with one set of credentials. Timeouts in seconds."""

    endpoint: str
    authorizer: Authorizer
    transport: Transport
    pacer: Pacer
    clock: Clock
    random: Random
    validation: Validation = "warn"
    retries: Retries = DEFAULT_RETRIES
    call_timeout: float = 30.0

    def __repr__(self) -> str:
        return f"HssClient({self.endpoint!r}, {self.authorizer!r})"

    def lane(self, api: str) -> Lane:
        """Whose window a call of that API takes."""
        return Lane(api, self.authorizer.identity)

    def port_page(
        self,
        target: Target,
        query: PortStatisticsQuery,
        spending: Spending,
        *,
        decode: Callable[[Response, str, str, Validation], PortPage] = port_page,
        partial: bool = False,
    ) -> PortPage:
        """One page of port statistics, made of the answer by `decode`. Raises UnknownError and its children.

        With `partial`, a page of which something cannot be read is a page with problems; else it is an AnswerError.
        """
        began = self.clock.monotonic()
        response = self.get(target.project_id, query, spending)
        endpoint = self.name_of(target.project_id, query.API)
        page = decode(response, endpoint, target.cloud, self.validation)
        where = f"port {query.port}" if query.port is not None else "all ports"
        seconds = self.clock.monotonic() - began
        shown = (query.API, query.category, where, query.offset or 0, len(page.rows), page.total_num, seconds)
        LOGGER.debug("%s, %s, %s from %d: %d rows of %d in %.1f s", *shown, extra={"category": query.category})
        return page if partial else whole(page, endpoint)

    def asset_counters(
        self, target: Target, query: AssetStatisticsQuery, spending: Spending, *, partial: bool = False
    ) -> AssetCounters:
        """The asset counters of a category. Raises and takes `partial` as `port_page` does."""
        began = self.clock.monotonic()
        response = self.get(target.project_id, query, spending)
        shown = (query.API, query.category, self.clock.monotonic() - began)
        LOGGER.debug("%s, %s in %.1f s", *shown, extra={"category": query.category})
        endpoint = self.name_of(target.project_id, query.API)
        counters = asset_counters(response, endpoint, target.cloud, self.validation)
        return counters if partial else whole(counters, endpoint)

    def name_of(self, project_id: str, api: str) -> str:
        """The endpoint of an API as messages say it: without a query."""
        return _name_of(self._url(project_id, api))

    def get(self, project_id: str, query: Query, spending: Spending) -> Response:
        """The answer to a query, whatever its status, once retries are over; a 401 is tried again at most once.

        Raises TransportError, TimeLimitError, and what the authorizer raises.
        """
        request = Request(
            "GET", f"{self._url(project_id, query.API)}?{query.encoded()}", {"Accept": "application/json"}
        )
        response = self._retried(request, query.API, spending)
        if response.status == 401 and self.authorizer.refused():
            response = self._retried(request, query.API, spending)
        return response

    def _url(self, project_id: str, api: str) -> str:
        return _url_of(self.endpoint, project_id, api)

    def _retried(self, request: Request, api: str, spending: Spending) -> Response:
        return with_retries(
            lambda: self._once(request, api, spending),
            self._wants_another_try,
            deadline=spending.deadline,
            random=self.random,
            retries=self.retries,
            on_wait=spending.on_wait,
        )

    def _once(self, request: Request, api: str, spending: Spending) -> Response:
        headers = self.authorizer.headers(request)
        for name, value in headers.items():
            problems = check_token(value) if name.lower() == "x-auth-token" else ()
            if problems:
                raise SettingsError(problems)
        lane = self.lane(api)
        turn = self.pacer.take(lane, spending.deadline, patient=spending.patient, on_wait=spending.on_wait)
        left = spending.deadline.left()
        if left <= 0:
            self.pacer.give_back(lane, turn)
            raise TimeLimitError(f"{endpoint_of(request.url)}: no time is left for another call")
        signed = Request(request.method, request.url, {**request.headers, **headers})
        spending.calls += 1
        try:
            return self.transport(signed, min(self.call_timeout, left))
        except TransportError as error:
            if not error.sent:  # it never reached the API, so it costs no pace
                spending.calls -= 1
                self.pacer.give_back(lane, turn)
            raise

    def _wants_another_try(self, outcome: Response | TransportError) -> float | None:
        """None: keep the outcome; else the seconds that it asks to wait, 0 for the usual ones."""
        if isinstance(outcome, TransportError):
            return None if outcome.final else 0.0
        if is_throttle(outcome):
            return self._asked(outcome, otherwise=FULL_MINUTE if refusal(outcome, "").code else 0.0)
        if _headers_cut(outcome):
            return 0.0
        if outcome.status < 500 or isinstance(refusal(outcome, ""), DeniedError):
            return None
        return self._asked(outcome, otherwise=0.0)

    def _asked(self, outcome: Response, *, otherwise: float) -> float:
        asked = retry_after(outcome.headers, self.clock.now())
        return otherwise if asked is None else asked


@lru_cache(maxsize=16)
def _url_of(endpoint: str, project_id: str, api: str) -> str:
    """Where an API is; found out once, not for each call."""
    return f"{endpoint.rstrip('/')}/v5/{quote(project_id, safe='')}/{PATHS[api]}"


_name_of = lru_cache(maxsize=16)(endpoint_of)  # of such a URL


def _headers_cut(response: Response) -> bool:
    """A connection that broke among the headers looks like an answer without a body, and without a length of 0."""
    return (
        response.status == 200
        and not response.body
        and not {"content-length", "transfer-encoding"} & response.headers.keys()
    )
