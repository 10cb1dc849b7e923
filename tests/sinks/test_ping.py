"""A check-in: each service's own way to say success and failure, and nothing of what was found."""

from __future__ import annotations

import pytest

from handler.models import Secret
from handler.notify.send import http_request
from handler.sinks import ping
from handler.sinks.answers import DeliveryOutcome
from handler.sinks.kinds import SINK_KINDS, guess_kind
from handler.sinks.sink import Sink
from tests import notices
from tests.fakes import NOON, report

HC = "https://hc-ping.com/d1665499-e827-441f-bf13-8f15e8f4c0b9"
BETTER = "https://uptime.betterstack.com/api/v1/heartbeat/Zr4k0uNwqLcW"
CRONITOR = "https://cronitor.link/p/0123456789abcdef/ports"
KUMA = "https://status.example/api/push/AbCdEf1234?status=up&msg=OK&ping="
OTHER = "https://dead.example/man/switch?a=1"
RUN = "run-9"


def calls(url, verdict="compliant", **keys):
    """Method, URL and body of what is sent for a run of that verdict."""
    sink = Sink("dead-man", SINK_KINDS["ping"], Secret(url), **keys)
    notice = notices.notice()
    notice = notice._replace(report=notice.report._replace(verdict=verdict, run_id=RUN), notes=())
    requests = [http_request(message, sink) for message in ping.render(notice, sink, NOON, 0)]
    return [(one.method, one.url, (one.body or b"").decode()) for one in requests]


OK = f"checked (run {RUN})"
NOT_OK = f"not everything could be checked (run {RUN})"
FORMS = [
    (HC, "", ("POST", HC, OK), ("POST", f"{HC}/fail", NOT_OK)),
    (BETTER, "", ("POST", BETTER, OK), ("POST", f"{BETTER}/fail", NOT_OK)),
    (
        CRONITOR,
        "",
        ("GET", f"{CRONITOR}?state=complete&message=checked+%28run+run-9%29", ""),
        ("GET", f"{CRONITOR}?state=fail&message=not+everything+could+be+checked+%28run+run-9%29", ""),
    ),
    (
        KUMA,
        "uptime-kuma",
        ("GET", f"{KUMA.partition('?')[0]}?ping=&status=up&msg=checked+%28run+run-9%29", ""),
        ("GET", f"{KUMA.partition('?')[0]}?ping=&status=down&msg=not+everything+could+be+checked+%28run+run-9%29", ""),
    ),
    (OTHER, "", ("GET", OTHER, ""), None),
    (f"{OTHER.partition('?')[0]}/?b=2", "healthchecks", None, ("POST", "https://dead.example/man/switch/fail?b=2", NOT_OK)),
    (HC, "plain", ("GET", HC, ""), None),
]  # fmt: skip


@pytest.mark.parametrize(("url", "style", "up", "down"), FORMS)
def test_each_service_is_called_in_its_own_way(url, style, up, down):
    if up is not None:
        assert calls(url, "compliant", style=style) == [up]
        assert calls(url, "violations", style=style) == [up], "violations are success: the check worked"
    if down is not None or style == "plain" or url == OTHER:
        assert calls(url, "inconclusive", style=style) == ([] if down is None else [down])


@pytest.mark.parametrize("style", ["", "healthchecks", "cronitor", "uptime-kuma", "plain"])
def test_where_failures_go_elsewhere_that_address_is_called_as_it_is(style):
    keys = {"style": style, "fail_url": Secret("https://dead.example/failed?x=y")}
    assert calls(OTHER, "inconclusive", **keys) == [("GET", "https://dead.example/failed?x=y", "")]


@pytest.mark.parametrize("style", ["healthchecks", "cronitor", "uptime-kuma", "plain"])
@pytest.mark.parametrize("verdict", ["compliant", "violations", "inconclusive"])
def test_no_finding_target_or_policy_leaves(style, verdict):
    sent = str(calls("https://dead.example/man", verdict, style=style))
    notice = notices.notice()
    told = {
        "telnet", "Telnet", "23", "netbios", "critical", "legacy", "violations", notice.report.target.name,
        notice.report.policy_name, notice.report.policy_digest, notice.report.target.project_id,
    }  # fmt: skip
    assert not [word for word in told if word in sent.replace(RUN, "")]


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b"OK", DeliveryOutcome.DELIVERED),
        (200, b"", DeliveryOutcome.DELIVERED),
        (200, b'{"ok":true}', DeliveryOutcome.DELIVERED),
        (204, b"", DeliveryOutcome.DELIVERED),
        (200, b"OK (not found)", DeliveryOutcome.PERMANENT),
        (200, b"OK (rate limited)", DeliveryOutcome.PERMANENT),
        (200, b'{"ok":false,"msg":"Monitor not found or not active."}', DeliveryOutcome.PERMANENT),
        (404, b'{"ok":false,"msg":"Monitor not found or not active."}', DeliveryOutcome.PERMANENT),
        (503, b'{"ok":false}', DeliveryOutcome.RETRY_NOW),
        (404, b"not found", DeliveryOutcome.PERMANENT),
        (409, b"ambiguous slug", DeliveryOutcome.PERMANENT),
        (429, b"", DeliveryOutcome.RETRY_NOW),
    ],
)
def test_an_answer_that_only_looks_like_success_is_none(status, body, outcome):
    assert ping.judge(status, {}, body).outcome is outcome


def test_the_reason_of_a_refusal_is_the_services_own():
    assert "not found" in ping.judge(200, {}, b"OK (not found)").reason
    assert "not active" in ping.judge(404, {}, b'{"ok":false,"msg":"Monitor not active"}').reason


def test_well_known_hosts_are_of_this_kind_and_have_a_style():
    assert {guess_kind(url) for url in (HC, BETTER, CRONITOR)} == {"ping"}
    for host in SINK_KINDS["ping"].hosts:
        sink = Sink("s", SINK_KINDS["ping"], Secret(f"https://{host}/x/0123456789"))
        bad = notices.notice(report=report(verdict="inconclusive"))
        assert ping.render(bad, sink, NOON, 0), f"{host} has no way to say that a run failed"


def test_a_look_alike_host_gets_the_plain_call_only():
    assert calls("https://hc-ping.com.evil.example/x", "inconclusive") == []
