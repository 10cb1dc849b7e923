"""`check` and `snapshot` with a policy by server, against the simulator over real HTTP."""

import csv
import io
import json

import pytest

from handler.simulator.faults import Fault
from handler.simulator.fleet import Fleet, Line, Process
from handler.simulator.options import Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator

EVERYWHERE = "0.0.0.0"
POLICY = """\
version: 1
rules:
  - {id: desktops, ports: [3389]}
  - {id: databases, ports: [5432], listening: beyond-loopback}
exemptions:
  - {id: jump-hosts, rules: [desktops], hosts: [jump-1, 10.2.0.9], reason: r, owner: o, expires: 2099-03-31}
"""


def server(name, address=EVERYWHERE, ip="10.2.0.7"):
    return Process(host_id=f"id-{name}", host_name=name, host_ip=ip, laddr=address, pid=7)


def line(port, *servers):
    return Line(port, "TCP", len(servers), "danger", servers)


def settings(at, **changes):
    options = at.simulator.options
    known = {
        "HSS_ENDPOINT": at.url,
        "HSS_CLOUD": options.cloud,
        "HSS_PROJECT_ID": options.project_id,
        "HSS_AUTH_TOKEN": options.tokens[0],
        "HSS_CALLS_PER_MINUTE": "0",
    }
    return known | changes


@pytest.fixture
def checked(port_compliance, tmp_path):
    """Runs `check` with the policy against a fleet of these lines."""

    def check(*lines, arguments=(), faults=(), cloud="huaweicloud", policy=POLICY, **changes):
        (tmp_path / "p.yaml").write_text(policy)
        simulator = Simulator(Fleet.of(*lines), Options(cloud=cloud, throttle=0), faults=faults)
        with SimulatorServer(simulator) as at:
            printed = port_compliance("check", "--policy", "p.yaml", *arguments, **settings(at, **changes))
        return printed, [call.api for call in simulator.calls]

    return check


def test_an_exemption_for_two_servers_does_not_cover_two_others(checked):
    printed, _ = checked(line(3389, server("jump-1"), server("b", ip="10.2.0.9")))
    assert (printed.code, "COMPLIANT" in printed.out) == (0, True)
    printed, apis = checked(line(3389, server("web-1"), server("web-2")), arguments=["--format", "json"])
    (found,) = json.loads(printed.out)["findings"]
    assert (printed.code, found["num"], [host["host_name"] for host in found["hosts"]]) == (1, 2, ["web-1", "web-2"])
    assert apis.count("port_detail") == 1


def test_a_database_on_loopback_only_is_no_finding(checked):
    printed, _ = checked(line(5432, server("db-1", "127.0.0.1"), server("db-2", "::1")))
    assert printed.code == 0
    printed, _ = checked(line(5432, server("db-1", "127.0.0.1"), server("db-2")), arguments=["--format", "json"])
    assert [host["host_name"] for host in json.loads(printed.out)["findings"][0]["hosts"]] == ["db-2"]


def test_nobody_is_asked_who_listens_where_it_does_not_matter(checked):
    _, apis = checked(line(22, server("a")), line(443, server("b")))
    assert "port_detail" not in apis


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", api="port_detail", first=1, last=99, value={"status": 403}),
        Fault("data_list_null", api="port_detail", first=1, last=99),
        Fault("fewer_rows", api="port_detail", first=1, last=99, value=1),
        Fault("truncated", api="port_detail", first=1, last=99),
        Fault("html", api="port_detail", first=1, last=99),
    ],
    ids=lambda fault: fault.kind,
)
def test_whatever_keeps_the_list_from_being_whole_is_never_compliant(checked, fault):
    inside = line(5432, server("db-1", "127.0.0.1"))
    printed, _ = checked(inside, faults=[fault], RUN_BUDGET_SECONDS="20")
    assert (printed.code, "INCONCLUSIVE" in printed.out) == (3, True)
    assert "rule databases needs the servers behind its ports" in " ".join(printed.out.split())
    printed, _ = checked(line(3389, server("jump-1")), faults=[fault], RUN_BUDGET_SECONDS="20")
    assert (printed.code, "exemption jump-hosts does not apply" in " ".join(printed.out.split())) == (1, True)


def test_on_otc_the_rule_is_undecided_and_the_exemption_does_not_apply(checked):
    printed, apis = checked(line(5432, server("a")), line(3389, server("jump-1")), cloud="otc")
    assert printed.code == 3
    assert "Open Telekom Cloud has no API that lists the servers behind a port" in " ".join(printed.out.split())
    assert "port_detail" not in apis


def test_all_servers_of_all_findings_are_in_the_csv_and_the_calls_are_the_fewest(checked):
    many = tuple(server(f"web-{at}") for at in range(430))
    others = [line(port, server(f"box-{port}")) for port in (21, 23, 69, 111, 135, 139, 445)]
    policy = "version: 1\ndisallowed_ports: [21, 23, 69, 111, 135, 139, 445, 2323]\n"
    arguments = ["--format", "csv", "--hosts"]
    printed, apis = checked(line(2323, *many), *others, arguments=arguments, policy=policy)
    header, *lines = csv.reader(io.StringIO(printed.out), strict=True)
    names = {one[header.index("host_name")] for one in lines}
    assert {f"web-{at}" for at in range(430)} <= names
    assert {f"box-{port}" for port in (21, 23, 69, 111, 135, 139, 445)} <= names
    assert apis.count("port_detail") == 7 + 3


def test_a_snapshot_records_the_listeners_and_gives_the_same_verdict(port_compliance, tmp_path):
    (tmp_path / "p.yaml").write_text(POLICY)
    fleet = Fleet.of(line(5432, server("db-1", "127.0.0.1")), line(3389, server("jump-1"), server("web-1")))
    simulator = Simulator(fleet, Options(cloud="huaweicloud", throttle=0))
    with SimulatorServer(simulator) as at:
        live = port_compliance("check", "--policy", "p.yaml", "--format", "json", **settings(at))
        printed = port_compliance("snapshot", "--output", "s.json", **settings(at, POLICY_PATH="p.yaml"))
    assert printed.code == 0
    offline = port_compliance("check", "--policy", "p.yaml", "--snapshot", "s.json", "--format", "json")
    assert (live.code, offline.code) == (1, 1)
    found = [json.loads(one.out)["findings"] for one in (live, offline)]
    assert [[(each["port"], each["num"], each["hosts"]) for each in one] for one in found] == [
        [(3389, 1, found[0][0]["hosts"])]
    ] * 2


def test_a_snapshot_without_the_listeners_is_inconclusive(port_compliance, tmp_path):
    (tmp_path / "p.yaml").write_text(POLICY)
    simulator = Simulator(Fleet.of(line(5432, server("db-1", "127.0.0.1"))), Options(cloud="huaweicloud", throttle=0))
    with SimulatorServer(simulator) as at:
        port_compliance("snapshot", "--output", "s.json", **settings(at))
    assert port_compliance("check", "--policy", "p.yaml", "--snapshot", "s.json").code == 3


def test_plan_counts_the_calls_that_tell_who_listens(port_compliance, tmp_path):
    (tmp_path / "p.yaml").write_text(POLICY)
    printed = port_compliance("plan", "--policy", "p.yaml", "--rows", "400")
    assert "2 of ports/detail" in printed.out
    many = tuple(server(f"db-{at}") for at in range(430))
    simulator = Simulator(Fleet.of(line(5432, *many)), Options(cloud="huaweicloud", throttle=0))
    with SimulatorServer(simulator) as at:
        port_compliance("snapshot", "--output", "s.json", **settings(at, POLICY_PATH="p.yaml"))
    asked = sum(call.api == "port_detail" for call in simulator.calls)
    printed = port_compliance("plan", "--policy", "p.yaml", "--snapshot", "s.json")
    assert f"{asked} of ports/detail" in printed.out
    (tmp_path / "plain.yaml").write_text("version: 1\ndisallowed_ports: [23]\n")
    assert "ports/detail" not in port_compliance("plan", "--policy", "plain.yaml", "--rows", "400").out


def test_the_demo_shows_an_exemption_by_server_and_a_database_on_loopback(port_compliance):
    printed = port_compliance("demo")
    assert printed.code == 0
    act = printed.out[printed.out.index("=== 4. by server") :]
    assert "office-7 (10.2.0.9)" in act
    assert "by jump-hosts" in act
    assert "5432" not in act
