"""A real Alertmanager: post, read back, resolve, restart."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

import pytest

from handler.sinks import alertmanager
from handler.sinks.answers import DeliveryOutcome
from tests import notices

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        PROGRAM is None, reason="prometheus-alertmanager is not installed (Debian package of that name)"
    ),
]
CONFIG = "route: {receiver: none}\nreceivers: [{name: none}]\n"


def ask(url, body=None, headers=None):
    request = urllib.request.Request(url, body, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


class Server:
    def __init__(self, folder):
        self.folder = folder
        (folder / "am.yml").write_text(CONFIG)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"

    def start(self):
        options = [
            f"--config.file={self.folder / 'am.yml'}",
            f"--storage.path={self.folder}",
            "--cluster.listen-address=",
        ]
        address = f"--web.listen-address={self.url.removeprefix('http://')}"
        self.process = subprocess.Popen([PROGRAM, *options, address], stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not self.ready():
            assert time.monotonic() < end, "Alertmanager did not start"
            time.sleep(0.05)

    def ready(self):
        try:
            return ask(f"{self.url}/-/ready")[0] == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    def post(self, notice):
        (message,) = alertmanager.render(notice, notices.sink("alertmanager"), datetime.now(timezone.utc), 0)
        return alertmanager.judge(*ask(f"{self.url}/api/v2/alerts", message.body, dict(message.headers)))

    def alerts(self):
        """The alerts but for the watchdog, which always fires."""
        every = json.loads(ask(f"{self.url}/api/v2/alerts")[2])
        found = [alert for alert in every if alert["labels"]["alertname"] != "PortComplianceWatchdog"]
        return {alert["labels"].get("fingerprint", "inconclusive"): alert for alert in found}


@pytest.fixture
def server(tmp_path):
    running = Server(tmp_path)
    running.start()
    yield running
    running.stop()


def today(**changes):
    return notices.notice(run_interval=timedelta(hours=1))._replace(**changes)


def test_what_is_posted_is_read_back_with_its_start(server):
    assert server.post(today(resolved=())).outcome is DeliveryOutcome.DELIVERED
    alerts = server.alerts()
    assert set(alerts) == {f.fingerprint for f in (*today().new, *today().ongoing)}
    assert {alert["startsAt"][:19] for alert in alerts.values()} == {"2026-11-20T08:07:00"}


def test_what_is_resolved_is_gone_and_the_rest_stays(server):
    notice = today(resolved=())
    server.post(notice)
    server.post(notice._replace(new=notice.new[1:], resolved=notice.new[:1]))
    end = time.monotonic() + 10
    while notice.new[0].fingerprint in server.alerts() and time.monotonic() < end:
        time.sleep(0.1)
    assert set(server.alerts()) == {f.fingerprint for f in (*notice.new[1:], *notice.ongoing)}


def test_the_next_run_restores_the_alerts_of_a_server_that_was_restarted(server):
    server.post(today(resolved=()))
    server.stop()
    server.start()
    assert server.alerts() == {}
    server.post(today(resolved=()))
    assert len(server.alerts()) == 8


def test_hostile_texts_and_ten_thousand_findings_are_taken(server):
    for text in notices.HOSTILE:
        assert server.post(notices.hostile(text)).outcome is DeliveryOutcome.DELIVERED
    assert server.post(notices.huge()).outcome is DeliveryOutcome.DELIVERED
    assert len(server.alerts()) > 9_000


def test_a_bad_label_is_a_permanent_refusal(server):
    status, headers, body = ask(
        f"{server.url}/api/v2/alerts", b'[{"labels":{"port":22}}]', {"Content-Type": "application/json"}
    )
    assert alertmanager.judge(status, headers, body).outcome is DeliveryOutcome.PERMANENT
