"""What a failed request means: in words without the URL, whether it may have arrived, and whether to try again."""

from __future__ import annotations

import ssl
from http.client import BadStatusLine

import pytest
import requests
import urllib3
from urllib3.exceptions import ConnectTimeoutError, DecodeError, NameResolutionError, NewConnectionError, ProtocolError

from handler.transport.failures import Failure, failure_of

URL = "https://hss.example/v5?token=s3cret"
POOL = urllib3.HTTPSConnectionPool("hss.example")


def tls(reason):
    error = ssl.SSLError(1, f"[SSL: {reason}] {URL}")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "reason", "sent", "final"),
    [
        (NameResolutionError("hss.example", POOL, OSError(URL)), "the host name cannot be resolved", False, False),
        (ConnectionRefusedError(111, URL), "connection refused", False, False),
        (NewConnectionError(POOL, URL), "no connection", False, False),
        (requests.ConnectTimeout(URL), "no connection within the time limit", False, False),
        (ConnectTimeoutError(URL), "no connection within the time limit", False, False),
        (requests.exceptions.InvalidURL(URL), "not a usable HTTP address", False, True),
        (requests.exceptions.InvalidSchema(URL), "not a usable HTTP address", False, True),
        (requests.exceptions.MissingSchema(URL), "not a usable HTTP address", False, True),
        (requests.exceptions.InvalidHeader(URL), "a header that cannot be sent", False, True),
        (UnicodeEncodeError("latin-1", URL, 0, 1, URL), "a header that cannot be sent", False, True),
        (
            requests.exceptions.ContentDecodingError(DecodeError(URL)),
            "the answer's content encoding is broken",
            True,
            False,
        ),
        (requests.ReadTimeout(URL), "no answer within the time limit", True, False),
        (TimeoutError(URL), "no answer within the time limit", True, False),
        (
            requests.ConnectionError(ProtocolError(URL, ConnectionResetError(104, URL))),
            "connection broken",
            True,
            False,
        ),
        (requests.exceptions.ChunkedEncodingError(URL), "connection broken", True, False),
        (BadStatusLine(URL), "connection broken", True, False),
        (OSError(URL), "connection broken", True, False),
        (tls("CERTIFICATE_VERIFY_FAILED"), "TLS failed (CERTIFICATE_VERIFY_FAILED)", False, True),
        (tls("BAD_RECORD_MAC"), "TLS failed (BAD_RECORD_MAC)", True, False),
        (tls(None), "TLS failed (unknown reason)", True, False),
        (ZeroDivisionError(URL), "the request failed (ZeroDivisionError)", True, False),
    ],
)
def test_each_kind_of_failure(error, reason, sent, final):
    assert failure_of(error) == Failure(reason, sent, final)


def test_what_a_failure_was_raised_from_counts_wherever_it_hides():
    refused = ConnectionRefusedError(111, "refused")
    caused, held, nested = (
        ValueError("a"),
        ValueError("b"),
        requests.ConnectionError(urllib3.exceptions.HTTPError(refused)),
    )
    caused.__cause__ = refused
    held.reason = refused
    for error in (caused, held, nested):
        assert failure_of(error) == Failure("connection refused", sent=False)


def test_a_chain_that_leads_back_to_itself_ends():
    error = ValueError("a")
    error.__cause__ = error.reason = error
    assert failure_of(error) == Failure("the request failed (ValueError)", sent=True)
