"""The Terraform modules, as far as they can be judged without the clouds' providers.

Syntax and references are read with python-hcl2; the arguments are compared with those that the providers document;
the schedule, which needs no provider, is planned and tested by Terraform itself where it is installed.
"""

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from handler.settings.run_settings import read_settings
from tests.deploy.cron import cron_problems

hcl2 = pytest.importorskip("hcl2", reason="python-hcl2 is not installed")

FOLDER = Path(__file__).parents[2] / "deploy" / "terraform"
CLOUDS = ("huaweicloud", "opentelekomcloud")
DOCUMENTED = json.loads(Path(__file__).with_name("provider_arguments.json").read_text())
META = {"count", "for_each", "lifecycle", "dynamic", "depends_on", "provider", "__is_block__", "__comments__"}
each_module = pytest.mark.parametrize("module", [*CLOUDS, "schedule"])
each_cloud = pytest.mark.parametrize("module", CLOUDS)


@cache
def text(module):
    lines = "\n".join(path.read_text() for path in sorted((FOLDER / module).glob("*.tf"))).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


@cache
def blocks(module, kind):
    """The blocks of a kind: (labels without quotes, body)."""
    found = []
    for block in hcl2.loads(text(module) + "\n").get(kind, []):
        labels, body = [], block
        while len(keys := [key for key in body if not key.startswith("__")]) == 1 and keys[0].startswith('"'):
            labels.append(keys[0].strip('"'))
            body = body[keys[0]]
        found.append((tuple(labels), body))
    return found


def resources(module):
    return {f"{labels[0]}.{labels[1]}": (labels[0], body) for labels, body in blocks(module, "resource")}


@each_module
def test_every_variable_that_is_used_is_declared_and_the_reverse(module):
    declared = {labels[0] for labels, _ in blocks(module, "variable")}
    assert set(re.findall(r"\bvar\.(\w+)", text(module))) == declared


@each_module
def test_every_local_that_is_used_is_defined_and_the_reverse(module):
    defined = {name for _, body in blocks(module, "locals") for name in body if not name.startswith("__")}
    assert set(re.findall(r"\blocal\.(\w+)", text(module))) == defined


@each_module
def test_every_variable_and_output_is_described(module):
    described = blocks(module, "variable") + blocks(module, "output")
    assert [labels for labels, body in described if not body.get("description")] == []


@each_cloud
def test_every_resource_that_is_referred_to_is_there(module):
    referred = set(re.findall(rf"\b({module}_\w+\.\w+)", text(module)))
    assert referred <= resources(module).keys()
    assert {labels[0] for labels, _ in blocks(module, "module")} == set(re.findall(r"\bmodule\.(\w+)", text(module)))


@each_cloud
def test_the_schedule_gets_what_it_declares_and_gives_what_is_asked(module):
    given = {name for name in blocks(module, "module")[0][1] if not name.startswith("__")} - {"source"}
    assert given == {labels[0] for labels, _ in blocks("schedule", "variable")}
    assert set(re.findall(r"module\.schedule\.(\w+)", text(module))) == {
        labels[0] for labels, _ in blocks("schedule", "output")
    }


@each_cloud
def test_every_argument_is_documented_by_the_provider_and_none_is_missing(module):
    for name, (kind, body) in resources(module).items():
        used = body.keys() - META | {
            label.strip('"') for each in body.get("dynamic", []) for label in each if label.startswith('"')
        }
        known = DOCUMENTED[kind]
        assert used <= {*known["required"], *known["optional"]}, name
        assert set(known["required"]) <= used, name


@each_cloud
def test_the_function_runs_one_at_a_time_from_our_zip(module):
    (function,) = [
        body
        for kind, body in resources(module).values()
        if kind.startswith(f"{module}_fgs_function") and "runtime" in body
    ]
    assert function["handler"].strip('"') == "index.handler"
    assert function["max_instance_num"].strip('"') == "1"
    assert (function["code_type"].strip('"'), function["func_code"]) == ("zip", "${filebase64(var.zip)}")
    assert function["encrypted_user_data"] == "${jsonencode(var.secrets)}"
    secrets = {labels[0]: body for labels, body in blocks(module, "variable")}["secrets"]
    assert secrets["sensitive"] is True or secrets["sensitive"] == "true"


@each_cloud
def test_nothing_may_be_done_but_read_hss_and_use_the_own_bucket_and_topic(module):
    actions = set(re.findall(r'"((?:hss|obs|smn|iam|ecs|functiongraph|lts):[\w*:]+)"', text(module)))
    granted = {"obs:object:GetObject", "obs:object:PutObject", "obs:bucket:ListBucket", "smn:topic:publish"}
    assert actions - {"hss:ports:list"} == granted
    assert "Administrator" not in text(module)
    assert "FullAccess" not in text(module)


@pytest.mark.parametrize(
    ("module", "cloud", "region"),
    [("huaweicloud", "huaweicloud", "ap-southeast-3"), ("opentelekomcloud", "otc", "eu-de")],
)
def test_the_settings_it_makes_are_understood_by_the_function(module, cloud, region):
    assert f'place = {{ HSS_CLOUD = "{cloud}", HSS_REGION = var.region }}' in text(module)
    (state,) = re.findall(r'STATE_URL = "(.*?)" \}', text(module))
    made = {
        "HSS_CLOUD": cloud,
        "HSS_REGION": region,
        "STATE_URL": state.replace("${var.bucket}", "bucket"),
        "TARGETS_CONFIG": "targets.yaml",
    }
    assert read_settings(made.get, in_function=True).state_url.reveal() == "obs://bucket/port-compliance/{target}.json"


def test_the_schedule_is_a_cron_expression_of_the_platform():
    (template,) = re.findall(r'schedule\s+= "(\$.*)"', text("schedule"))
    schedule = template.replace("${local.second}", "17").replace("${timer.minute}", "7").replace("${var.hours}", "*")
    assert cron_problems(schedule) == []


def terraform(*arguments, cwd):
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not installed")
    quiet = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "CHECKPOINT_DISABLE": "1"}
    return subprocess.run(
        [program, *arguments], cwd=cwd, env=quiet, capture_output=True, text=True, check=False, timeout=120
    )


def test_terraform_finds_the_files_well_formed(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform*"))
    done = terraform("fmt", "-check", "-diff", "-recursive", cwd=tmp_path / "terraform")
    assert (done.returncode, done.stdout) == (0, "")


def test_terraform_plans_the_schedule_as_its_own_tests_want(tmp_path):
    copy = tmp_path / "schedule"
    shutil.copytree(FOLDER / "schedule", copy, ignore=shutil.ignore_patterns(".terraform*"))
    assert terraform("init", "-backend=false", "-input=false", cwd=copy).returncode == 0
    assert terraform("validate", cwd=copy).returncode == 0
    done = terraform("test", "-no-color", cwd=copy)
    assert done.returncode == 0, done.stdout
    assert "7 passed, 0 failed" in done.stdout
