"""OS_CLOUD on a terminal: the named cloud is what is asked, whatever else the environment and the machine hold."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from handler.commands.terminal import lookup_of
from handler.simulator.options import Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from tests.world import OPEN

LEFT_OVER = {"OS_USERNAME": "other", "OS_PASSWORD": "other", "OS_PROJECT_ID": "other", "OS_USER_DOMAIN_NAME": "other"}


@pytest.fixture
def cloud():
    with SimulatorServer(Simulator(OPEN, Options(cloud="otc", throttle=0))) as server:
        yield server


def write_cloud(folder, server, **auth):
    options = server.simulator.options
    known = {
        "auth_url": f"{server.url}/v3",
        "username": options.username,
        "password": options.password,
        "user_domain_name": options.domain,
        "project_name": options.project_name,
    } | auth
    document = {"clouds": {"prod": {"auth": {name: value for name, value in known.items() if value}}}}
    (folder / "clouds.yaml").write_text(json.dumps(document))


def check(port_compliance, server, *arguments, **environment):
    known = {"HSS_ENDPOINT": server.url, "HSS_CLOUD": "otc", "HSS_CALLS_PER_MINUTE": "0", "OS_CLOUD": "prod"}
    return port_compliance("check", *arguments, "--format", "json", **(known | environment))


@pytest.mark.parametrize(
    "left_over", [{}, LEFT_OVER, {"OS_PROJECT_ID": "other"}, {"OS_AUTH_URL": "http://127.0.0.1:9"}]
)
def test_the_named_cloud_beats_what_is_left_over_of_another(port_compliance, tmp_path, cloud, left_over):
    write_cloud(tmp_path, cloud)
    printed = check(port_compliance, cloud, **left_over)
    assert printed.code == 1, printed
    assert json.loads(printed.out)["target"]["project_id"] == cloud.simulator.options.project_id


def test_a_project_id_that_only_the_token_knows_is_the_targets(port_compliance, tmp_path, cloud):
    """By name in clouds.yaml; the fingerprints are those of the same project by its id."""
    write_cloud(tmp_path, cloud)
    by_name = check(port_compliance, cloud)
    by_id = check(port_compliance, cloud, HSS_PROJECT_ID=cloud.simulator.options.project_id)
    prints = [[one["fingerprint"] for one in json.loads(each.out)["findings"]] for each in (by_name, by_id)]
    assert prints[0] == prints[1] != []


def test_a_refused_login_for_the_project_is_inconclusive_and_said_once(port_compliance, tmp_path, cloud):
    write_cloud(tmp_path, cloud, password="wrong")
    printed = check(port_compliance, cloud)
    assert printed.code == 3
    (problem,) = json.loads(printed.out)["problems"]
    assert "IAM refused the login" in problem


@pytest.mark.parametrize("command", [["targets"], ["plan", "--probe"]])
def test_other_commands_take_the_project_from_the_token_too(port_compliance, tmp_path, cloud, command):
    write_cloud(tmp_path, cloud)
    printed = port_compliance(*command, HSS_ENDPOINT=cloud.url, HSS_CLOUD="otc", OS_CLOUD="prod")
    assert printed.code == 0, printed


@pytest.fixture
def unknown_user(monkeypatch):
    def getpwuid(_):
        raise KeyError("no such user")

    monkeypatch.setattr(pwd, "getpwuid", getpwuid)


def test_without_home_and_user_the_working_folder_is_read(port_compliance, tmp_path, cloud, surroundings, unknown_user):
    write_cloud(tmp_path, cloud)
    surroundings(HOME=None)
    assert check(port_compliance, cloud).code == 1


def test_without_home_and_file_it_is_one_line(port_compliance, cloud, surroundings, unknown_user):
    surroundings(HOME=None)
    printed = check(port_compliance, cloud)
    assert printed.code == 2
    assert printed.err.splitlines()[0].startswith("error: OS_CLOUD=prod: no clouds.yaml found")


@pytest.mark.parametrize("home", ["/proc/1/cwd/nowhere", "x" * 5000, "/dev/null"])
def test_a_home_that_is_none_is_one_line(port_compliance, cloud, home):
    printed = check(port_compliance, cloud, HOME=home)
    assert (printed.code, printed.err.splitlines()[0][:32]) == (2, "error: OS_CLOUD=prod: no clouds.")


@pytest.mark.parametrize(
    "command", [["check"], ["policy", "diff", "git:HEAD:p", "p"], ["policy", "validate", "/p.yaml"]]
)
def test_a_working_folder_that_is_gone_is_one_line(tmp_path, command):
    leave = f'mkdir gone && cd gone && rmdir ../gone && exec {sys.executable} -m handler "$@"'
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        ["sh", "-c", leave, "sh", *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2, "error: the working directory: No such file or directory",
    )  # fmt: skip


def test_half_an_access_key_of_the_environment_is_not_mixed_into_the_clouds():
    lookup = lookup_of({"HUAWEICLOUD_SDK_AK": "left"}, {"HUAWEICLOUD_SDK_AK": "A", "HUAWEICLOUD_SDK_SK": "S"})
    assert (lookup("HUAWEICLOUD_SDK_AK"), lookup("HUAWEICLOUD_SDK_SK")) == ("A", "S")
    lookup = lookup_of({"HSS_PROJECT_ID": "p", "OS_REGION_NAME": "x"}, {"HSS_PROJECT_ID": "c", "HSS_REGION": "eu-de"})
    assert (lookup("HSS_PROJECT_ID"), lookup("HSS_REGION"), lookup("OS_REGION_NAME")) == ("p", "eu-de", None)
