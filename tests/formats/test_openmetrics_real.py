"""Gauges that a real node exporter's textfile collector, a real Pushgateway and promtool take."""

from __future__ import annotations

import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from handler.formats.registry import render_all, render_report
from tests.fakes import TARGET, report
from tests.format_reports import REPORTS, inconclusive, violating
from tests.real_servers import free_port, program, running

pytestmark = pytest.mark.real
every_report = pytest.mark.parametrize("name", REPORTS)
SEVERAL = [violating(), report()._replace(target=TARGET._replace(name="test")), inconclusive()]


def ask(url, body=None, method="GET"):
    request = urllib.request.Request(url, body, {"Content-Type": "text/plain"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def promtool():
    return program("PROMTOOL", "promtool")


@pytest.fixture(scope="module")
def gateway():
    name = program("PUSHGATEWAY", "prometheus-pushgateway" if shutil.which("prometheus-pushgateway") else "pushgateway")
    port = free_port()
    with running([name, f"--web.listen-address=127.0.0.1:{port}"], port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def collector(tmp_path_factory):
    debian = "prometheus-node-exporter"
    name = program("NODE_EXPORTER", debian if shutil.which(debian) else "node_exporter")
    folder, port = tmp_path_factory.mktemp("textfiles"), free_port()
    options = ["--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={folder}"]
    with running([name, *options, f"--web.listen-address=127.0.0.1:{port}"], port):
        yield folder / "port_compliance.prom", f"http://127.0.0.1:{port}/metrics"


def collected(collector, text):
    file, url = collector
    file.write_text(text)
    status, metrics = ask(url)
    assert status == 200
    return metrics


def accepted(collector, text):
    metrics = collected(collector, text)
    return "node_textfile_scrape_error 0" in metrics and "port_compliance_verdict{" in metrics


@every_report
def test_promtool_finds_nothing_to_say(promtool, name):
    text = render_report("openmetrics", REPORTS[name])
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@every_report
def test_the_textfile_collector_takes_it(collector, name):
    assert accepted(collector, render_report("openmetrics", REPORTS[name]))


@every_report
def test_a_pushgateway_takes_it(gateway, name):
    body = render_report("openmetrics", REPORTS[name]).encode()
    status, said = ask(f"{gateway}/metrics/job/port-compliance", body, "PUT")
    assert (status, said) == (200, "")
    assert f'verdict="{REPORTS[name].verdict}"}} 1' in ask(f"{gateway}/metrics")[1]


def test_several_targets_are_taken_too(collector, gateway, promtool):
    text = render_all("openmetrics", SEVERAL[:2], several=True)
    assert accepted(collector, text)
    assert ask(f"{gateway}/metrics/job/several", text.encode(), "POST")[0] == 200
    assert subprocess.run([promtool, "check", "metrics"], input=text.encode(), check=False).returncode == 0


def test_both_refuse_a_whole_file_for_one_stateset(collector, gateway):
    """What the form that was written before met: why it is gauges only."""
    text = render_report("openmetrics", violating()).replace("verdict gauge", "verdict stateset")
    assert not accepted(collector, text)
    assert ask(f"{gateway}/metrics/job/old", text.encode(), "PUT")[0] == 400
