"""Terraform itself: the shape of the files, plans and applies with the providers' schemas, and the modules' own tests."""

import json
import re
import shutil
import subprocess
from functools import cache
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
    quiet["GOGC"] = "800"  # a quarter of its CPU is the collector of Go, and it lives for a second
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
    tests = "\n".join(path.read_text() for path in folder.glob("tests/*.tftest.hcl"))
    runs = len(re.findall("^run ", tests, re.MULTILINE))
    assert runs > 0
    assert f" {runs} passed, 0 failed" in done.stdout


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """Starts a stand-in that has a cloud's schema, once; gives what tells Terraform of it."""
    started = []

    @cache
    def start(cloud):
        socket = tmp_path_factory.mktemp(cloud) / "socket"
        command = [python_of("terraform"), HERE / "provider.py", f"{cloud}/{cloud}", socket]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        known = {"provider": PROVIDERS[cloud], "resources": schemas_of(cloud)}
        process.stdin.write(json.dumps(known) + "\n")
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
    passes_its_tests(copied(tmp_path) / cloud, **provider(cloud))


@pytest.mark.real
def test_terraform_sees_an_argument_that_the_provider_does_not_have(tmp_path, provider):
    folder = copied(tmp_path) / "opentelekomcloud"
    found = provider("opentelekomcloud")
    text = (folder / "main.tf").read_text()
    (folder / "main.tf").write_text(text.replace("log_topic_id", "log_stream_id", 1))
    assert terraform("init", "-backend=false", "-input=false", cwd=folder, **found).returncode == 0
    done = terraform("validate", "-no-color", cwd=folder, **found)
    assert done.returncode == 1
    assert 'An argument named "log_stream_id" is not expected here.' in done.stderr


def as_stored(schema, **values):
    """A resource's attributes as a state holds them, null where nothing is given."""
    kinds = {**schema["required"], **schema["optional"], **schema["computed"]}
    return dict.fromkeys(kinds) | {name: [] for name in schema["blocks"]} | values


def first_version(cloud, function, agency, async_invoke, timer):
    """What the first version had made: one function in the group `00`, one agency, one timer."""
    made = [
        (function, "check", "00"),
        (agency, "function", None),
        (async_invoke, "check", "00"),
        (timer, "timer", "everything"),
    ]
    return {
        "version": 4,
        "terraform_version": "1.6.0",
        "resources": [
            {
                "mode": "managed",
                "type": kind,
                "name": name,
                "provider": f'provider["{cloud}/{cloud}"]',
                "instances": [
                    {
                        "schema_version": 0,
                        "attributes": as_stored(
                            schemas_of(cloud)[kind],
                            id="1",
                            **({"name": "port-compliance"} if kind in (function, agency) else {}),
                        ),
                    }
                    | ({} if key is None else {"index_key": key})
                ],
            }
            for kind, name, key in made
        ],
    }


@pytest.mark.real
@pytest.mark.parametrize(
    ("cloud", "region", "kinds"),
    [
        (
            "huaweicloud",
            "ap-southeast-3",
            ("fgs_function", "identity_agency", "fgs_async_invoke_configuration", "fgs_function_trigger"),
        ),
        (
            "opentelekomcloud",
            "eu-de",
            ("fgs_function_v2", "identity_agency_v3", "fgs_async_invoke_config_v2", "fgs_trigger_v2"),
        ),
    ],
)
def test_what_the_first_version_made_is_kept(cloud, region, kinds, tmp_path, provider):
    folder, found = copied(tmp_path) / cloud, provider(cloud)
    kinds = [f"{cloud}_{kind}" for kind in kinds]
    (folder / "terraform.tfstate").write_text(json.dumps(first_version(cloud, *kinds)))
    changes = planned(folder, found, region=region)
    kept = {change["address"]: change for change in changes if change["type"] in kinds}
    assert {address: change.get("previous_address") for address, change in kept.items()} == {
        f'{kinds[0]}.check["everything"]': f'{kinds[0]}.check["00"]',
        f'{kinds[1]}.function["everything"]': f"{kinds[1]}.function",
        f'{kinds[2]}.check["everything"]': f'{kinds[2]}.check["00"]',
        f'{kinds[3]}.timer["everything"]': None,
    }
    assert {change["change"]["before"]["id"] for change in kept.values()} == {"1"}
    assert [change["address"] for change in changes if "delete" in change["change"]["actions"]] == []
    assert kept[f'{kinds[0]}.check["everything"]']["change"]["after"]["name"] == "port-compliance"


def planned(folder, found, **variables):
    """What Terraform would do, by resource."""
    assert terraform("init", "-input=false", cwd=folder, **found).returncode == 0
    chosen = [word for name, value in variables.items() for word in ("-var", f"{name}={value}")]
    done = terraform(
        "plan", "-no-color", "-input=false", "-out=plan", "-var", "zip=main.tf", *chosen, cwd=folder, **found
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(terraform("show", "-json", "plan", cwd=folder, **found).stdout)["resource_changes"]
