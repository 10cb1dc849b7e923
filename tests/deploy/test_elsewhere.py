"""Without FunctionGraph: each file is valid by its own system's rules, and what the Dockerfile builds runs as it says."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from handler.simulator.inbox import Inbox
from handler.simulator.options import PROJECT, TOKEN, Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from tests.environments import invalid
from tests.real_servers import free_port, program, running
from tests.world import OPEN

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "container/Dockerfile").read_text().replace("\\\n", "")
CRON_JOB = yaml.safe_load((DEPLOY / "kubernetes/cronjob.yaml").read_text())
PIPELINE = yaml.safe_load((DEPLOY / "gitlab/shards.gitlab-ci.yml").read_text())
EXAMPLE = yaml.safe_load((ROOT / "docs/ci/gitlab-ci.yml").read_text())


def changed(document, *steps, value):
    """A copy with another value at that place."""
    document = copy.deepcopy(document)
    place = document
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    return document


def test_the_cron_job_is_one_of_kubernetes():
    pod = ("spec", "jobTemplate", "spec", "template", "spec")
    found = invalid("kubernetes", {
        "ours": CRON_JOB,
        "an unknown field": changed(CRON_JOB, *pod, "containers", 0, "securityContext", "readOnlyRoot", value=True),
        "a number for a text": changed(CRON_JOB, *pod, "containers", 0, "env", 0, "value", value=570),
        "no schedule": changed(CRON_JOB, "spec", value={"jobTemplate": CRON_JOB["spec"]["jobTemplate"]}),
    })  # fmt: skip
    assert [name for name, problem in found.items() if problem is None] == ["ours"]


def test_the_pipelines_are_ones_of_gitlab():
    found = invalid("gitlab", {
        "ours": PIPELINE,
        "the example": EXAMPLE,
        "a rule that is none": changed(PIPELINE, "port-compliance", "rules", value=[{"iff": "$A"}]),
        "an image without a name": changed(PIPELINE, "port-compliance", "image", value={"entrypoint": [""]}),
    })  # fmt: skip
    assert [name for name, problem in found.items() if problem is None] == ["ours", "the example"]


def verified(folder):
    """What `systemd-analyze verify` says of a shard's units in that folder; empty for good ones."""
    analyze = program("SYSTEMD_ANALYZE", "systemd-analyze")
    for path in (DEPLOY / "systemd").iterdir():
        text = path.read_text().replace("/opt/port-compliance/bin/port-compliance", "/bin/true")  # it must be there
        (folder / path.name.replace("@", "@shard-1")).write_text(text)
    return lambda: subprocess.run(
        [analyze, "verify", "--man=no", "./port-compliance@shard-1.timer", "./port-compliance@shard-1.service"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    ).stderr  # fmt: skip


def test_the_units_are_ones_of_systemd(tmp_path):
    verify = verified(tmp_path)
    assert verify() == ""
    timer = tmp_path / "port-compliance@shard-1.timer"
    timer.write_text(timer.read_text().replace("OnCalendar=*:0/10", "OnCalendar=every ten minutes"))
    assert "every ten minutes" in verify()


def test_the_unit_may_write_its_own_state_and_nothing_else(tmp_path):
    analyze = program("SYSTEMD_ANALYZE", "systemd-analyze")
    verified(tmp_path)
    command = [analyze, "security", "--offline=true", "--json=short", "./port-compliance@shard-1.service"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    found = {one["json_field"]: one["set"] for one in json.loads(done.stdout)}
    wanted = ("NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices", "UserOrDynamicUser")
    assert [name for name in wanted if not found[name]] == []


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The last stage's program, made by the RUN lines of the first, where any user can read it."""
    if "TRY_INSTALLS" not in os.environ:
        pytest.skip("installs anew from the package index; .ci/run sets TRY_INSTALLS")
    if (
        os.getuid()
        or not shutil.which("setpriv")
        or subprocess.run(["unshare", "--mount", "true"], check=False).returncode
    ):
        pytest.skip("no root, setpriv, or mounts of one's own")
    opt, source = Path(tempfile.mkdtemp(dir="/var/tmp")), tmp_path_factory.mktemp("src")
    opt.chmod(0o755)
    (opt / "config").mkdir()
    (opt / "config").chmod(0o777)  # that nothing can be written there is the disk's doing
    for kind, words in re.findall(
        r"^(COPY|RUN) (.*)$", DOCKERFILE.partition("\nFROM python:3.12-slim\n")[0], re.MULTILINE
    ):
        if kind == "COPY":
            *names, place = words.split()
            for name in names:
                copy_to(ROOT / name, source / place / (name if place == "./" else ""))
        else:
            script = words.replace("/opt/", f"{opt}/").replace("python -m venv", f"{sys.executable} -m venv")
            done = subprocess.run(["bash", "-euc", script], cwd=source, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
    yield opt
    shutil.rmtree(opt)


def copy_to(path, place):
    if path.is_dir():
        shutil.copytree(path, place, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(path, place)


JAIL = """
mount --make-rprivate /
mount --bind "$0" /mnt
mount -t tmpfs tmpfs /root
mkdir -p "$0"
mount --move /mnt "$0"
mount -o remount,ro,bind /
exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all "$@"
"""  # $0 is where this Python is, perhaps below /root, which nobody else may enter


def jailed(image, *command, **variables):
    """Run it as the container would: nobody, no capability, no file that can be written, only these variables."""
    return subprocess.run(
        ["unshare", "--mount", "bash", "-euc", JAIL, sys.base_prefix, *map(str, command)],
        env={"PATH": "/usr/bin:/bin", **variables}, cwd=image / "config",
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.real
def test_the_image_s_program_runs_as_nobody_on_a_read_only_disk_with_its_state_in_redis(image):
    held = jailed(image, "bash", "-c", "id -u; touch ./x; grep CapEff /proc/self/status")
    assert (held.stdout.split(), held.stderr.count("Read-only file system")) == (["65534", "CapEff:", "0" * 16], 1)
    last = DOCKERFILE.rpartition("FROM python:3.12-slim\n")[2]
    entry, words = (json.loads(re.search(rf"^{key} (.*)$", last, re.MULTILINE)[1]) for key in ("ENTRYPOINT", "CMD"))
    variables = dict(pair.split("=") for pair in re.search("^ENV (.*)$", last, re.MULTILINE)[1].split())
    command = [entry[0].replace("/opt", str(image)), *words]
    port = free_port()
    redis = program("REDIS_SERVER", "redis-server")
    with (
        running([redis, "--port", str(port), "--save", "", "--bind", "127.0.0.1"], port),
        SimulatorServer(Simulator(OPEN, Options(cloud="otc", throttle=0))) as cloud,
        Inbox() as inbox,
    ):
        targets = f"targets: [{{name: prod, cloud: otc, endpoint: '{cloud.url}', project_id: {PROJECT}}}]"
        (image / "config/targets.yaml").write_text(targets)
        variables |= {
            "TARGETS_CONFIG": "targets.yaml", "STATE_URL": f"redis://127.0.0.1:{port}/{{target}}", "HSS_AUTH_TOKEN": TOKEN,
            "WEBHOOK_URL": inbox.url, "WEBHOOK_ALLOW_HTTP": "true",
        }  # fmt: skip
        first, again = jailed(image, *command, **variables), jailed(image, *command, **variables)
    assert first.returncode == 1, first.stderr
    assert [one["verdict"] for one in json.loads(first.stdout)["targets"]] == ["violations"]
    assert (again.returncode, len(inbox.messages)) == (1, 1)
