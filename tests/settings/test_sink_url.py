"""Addresses that a sink must not have."""

from __future__ import annotations

import pytest

from handler.settings.sink_url import refuse_url


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/services/T/B/x",
        "https://10.0.0.7/hook",
        "https://192.168.1.1:8443/x?sig=1",
        "https://127.0.0.1:9093/api/v2/alerts",
        "https://[::1]/x",
        "https://[fd00::1]/x",
    ],
)
def test_public_private_and_loopback_addresses_are_allowed(url):
    assert refuse_url(url, allow_http=False) is None


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.0.1",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "169.254.169.254.",
    ],
)
def test_link_local_and_metadata_addresses_are_refused_in_every_spelling(host):
    assert "metadata" in refuse_url(f"https://{host}/latest", allow_http=True)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://user:sekret@x.example/", "user name"),
        ("https://@x.example/", "user name"),
        ("ftp://x.example/", "https"),
        ("x.example/hook", "https"),
        ("https:///hook", "host"),
        ("https://x.example:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://x.example/a b", "blanks"),
        ("https://x.example\\@169.254.169.254/", "."),
        ("https://x.example/\n", "blanks"),
    ],
)
def test_what_is_no_plain_https_url_is_refused_without_being_shown(url, why):
    refusal = refuse_url(url, allow_http=True)
    assert why == "." or why in refusal
    assert "sekret" not in refusal


def test_plain_http_must_be_allowed():
    assert refuse_url("http://x.example/", allow_http=False) == "is plain http, which needs allow_http"
    assert refuse_url("http://x.example/", allow_http=True) is None
