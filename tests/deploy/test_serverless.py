"""serverless.yml: what Huawei's plugin and the platform would make of it, without either."""

import copy
import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from handler.settings.run_settings import read_settings
from tests.deploy.built import PYTHONS, needed_python, unpacked_zip
from tests.deploy.cron import cron_problems

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "tests/deploy/plugin.schema.json").read_text())
DOCUMENT = yaml.safe_load((ROOT / "serverless.yml").read_text())
FUNCTION = DOCUMENT["functions"]["check"]
REGION = "${env:HW_REGION_NAME, 'ap-southeast-3'}"


def test_it_has_the_shape_that_the_plugin_reads():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(DOCUMENT, SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("provider", "runtime"), "Python3.11"),
        (("provider", "memorySize"), 300),
        (("provider", "credentials"), ""),
        (("provider", "environment"), {"A": "b"}),
        (("functions", "check", "environment"), {"HSS_CLOUD": "otc"}),  # a flat map is dropped by the plugin
        (("functions", "check", "encryptedUserData"), {"1BAD": "x"}),
        (("functions", "check", "encryptedUserData"), {f"N{i}": "x" for i in range(21)}),
        (("functions", "check", "events"), [{"timer": {"schedule": "x"}}]),
        (("functions", "check", "handler"), "handler"),
        (("functions", "check", "events", 0, "triggerTypeCode"), "Timer"),
    ],
)
def test_what_the_plugin_would_not_understand_is_seen(where, value):
    changed = copy.deepcopy(DOCUMENT)
    place = changed
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, SCHEMA, jsonschema.Draft202012Validator)


def test_the_timer_fires_off_the_full_hour():
    schedules = [event["eventData"]["schedule"] for event in FUNCTION["events"]]
    assert [cron_problems(schedule) for schedule in schedules] == [[]]
    assert all(schedule.split()[:2] not in (["0", "0"], ["0", "*"]) for schedule in schedules)


@pytest.mark.parametrize(
    "schedule",
    [
        "0 0 * * *",
        "0 60 * * * ?",
        "60 0 * * * ?",
        "0 0 24 * * ?",
        "0 0 * 0 * ?",
        "0 ? * * * *",
        "0 0 * * * 7",
        "a b c d e f",
    ],
)
def test_a_cron_expression_that_the_platform_refuses_is_seen(schedule):
    assert cron_problems(schedule)


def test_the_name_and_the_variables_stay_within_the_platform_s_limits():
    assert len(f"{DOCUMENT['service']}-prod-check") <= 60
    everything = {**FUNCTION["environment"]["variables"], **FUNCTION["encryptedUserData"]}
    assert len(json.dumps(everything)) <= 4096


def test_its_variables_are_settings_that_the_function_understands():
    variables = {
        name: value.replace(REGION, "ap-southeast-3") for name, value in FUNCTION["environment"]["variables"].items()
    }
    variables["WEBHOOK_URL"] = "https://hooks.example.org/x"
    settings = read_settings(variables.get, in_function=True, own_project="0123456789abcdef")
    assert settings.place.endpoint == "https://hss.ap-southeast-3.myhuaweicloud.com"
    assert FUNCTION["encryptedUserData"].keys() == {"WEBHOOK_URL"}


def test_no_secret_has_a_default():
    assert set(FUNCTION["encryptedUserData"].values()) == {"${env:WEBHOOK_URL}"}


@pytest.mark.parametrize("version", PYTHONS)
def test_the_doors_it_names_are_in_the_zip(version, tmp_path_factory):
    code = unpacked_zip(version, tmp_path_factory)
    for door in (FUNCTION["handler"], FUNCTION["initializerHandler"]):
        module, name = door.split(".")
        asked = f"import sys; sys.path.insert(0, {str(code)!r}); import {module}; print(callable({module}.{name}))"
        command = [needed_python(version), "-I", "-S", "-c", asked]
        assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout == "True\n"


def test_its_runtime_is_one_that_a_zip_is_built_for():
    assert DOCUMENT["provider"]["runtime"].removeprefix("Python") in PYTHONS
