"""Terraform itself: the shape of the files, plans and applies with the providers' schemas, and the modules' own tests."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.schemas import PROVIDERS, schemas_of
from tests.environments import python_of

FOLDER = Path(__file__).parents[2] / "deploy" / "terraform"
HERE = Path(__file__).parent


def terraform(*arguments, cwd, **variables):
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not installed")
    quiet = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "CHECKPOINT_DISABLE": "1", **variables}
    return subprocess.run(
        [program, *arguments], cwd=cwd, env=quiet, capture_output=True, text=True, check=False, timeout=240
    )


def copied(tmp_path):
    return shutil.copytree(FOLDER, tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform*"))


def passes_its_tests(folder, **variables):
    """Each `run` of its tests, as many as there are."""
    for command in (["init", "-backend=false", "-input=false"], ["validate"]):
        done = terraform(*command, "-no-color", cwd=folder, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
    done = terraform("test", "-no-color", cwd=folder, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    (tests,) = folder.glob("tests/*.tftest.hcl")
    runs = len(re.findall("^run ", tests.read_text(), re.MULTILINE))
    assert f"{runs} passed, 0 failed" in done.stdout


@pytest.fixture
def provider(tmp_path):
    """Starts a stand-in that has a cloud's schema; gives what tells Terraform of it."""
    started = []

    def start(cloud, resources):
        command = [
            python_of("terraform"),
            HERE / "provider.py",
            f"registry.terraform.io/{cloud}/{cloud}",
            tmp_path / "socket",
        ]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        process.stdin.write(json.dumps({"provider": PROVIDERS[cloud], "resources": resources}) + "\n")
        process.stdin.flush()
        return {"TF_REATTACH_PROVIDERS": process.stdout.readline()}

    yield start
    for process in started:
        process.communicate(timeout=60)  # it ends with its input


def test_the_files_are_well_formed(tmp_path):
    done = terraform("fmt", "-check", "-diff", "-recursive", cwd=copied(tmp_path))
    assert (done.returncode, done.stdout) == (0, "")


def test_the_shards_are_planned_as_their_own_tests_want(tmp_path):
    passes_its_tests(copied(tmp_path) / "shards")


@pytest.mark.real
@pytest.mark.parametrize("cloud", PROVIDERS)
def test_a_cloud_s_module_is_planned_and_applied_as_its_own_tests_want(cloud, tmp_path, provider):
    passes_its_tests(copied(tmp_path) / cloud, **provider(cloud, schemas_of(cloud)))


@pytest.mark.real
def test_terraform_sees_an_argument_that_the_provider_does_not_have(tmp_path, provider):
    folder = copied(tmp_path) / "opentelekomcloud"
    found = provider("opentelekomcloud", schemas_of("opentelekomcloud"))
    text = (folder / "main.tf").read_text()
    (folder / "main.tf").write_text(text.replace("log_topic_id", "log_stream_id", 1))
    assert terraform("init", "-backend=false", "-input=false", cwd=folder, **found).returncode == 0
    done = terraform("validate", "-no-color", cwd=folder, **found)
    assert done.returncode == 1
    assert 'An argument named "log_stream_id" is not expected here.' in done.stderr
