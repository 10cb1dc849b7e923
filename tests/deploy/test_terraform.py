"""The Terraform modules, read with python-hcl2: their references, their arguments, and what they may do.

Terraform itself runs them in test_terraform_runs.py.
"""

import copy
import re
from functools import cache
from pathlib import Path

import pytest

from handler.settings.run_settings import read_settings
from tests.deploy.cron import cron_problems
from tests.deploy.schemas import schemas_of

hcl2 = pytest.importorskip("hcl2", reason="python-hcl2 is not installed")

FOLDER = Path(__file__).parents[2] / "deploy" / "terraform"
CLOUDS = ("huaweicloud", "opentelekomcloud")
META = {"count", "for_each", "lifecycle", "dynamic", "depends_on", "provider"}
UNKNOWN = {"for_each": "x", "content": [{}]}
each_module = pytest.mark.parametrize("module", [*CLOUDS, "shards"])
each_cloud = pytest.mark.parametrize("module", CLOUDS)


@cache
def text(module):
    lines = "\n".join(path.read_text() for path in sorted((FOLDER / module).glob("*.tf"))).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


@cache
def parsed(module):
    return hcl2.loads(text(module) + "\n")


@cache
def blocks(module, kind):
    """The blocks of a kind: (labels without quotes, body)."""
    found = []
    for block in parsed(module).get(kind, []):
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
def test_the_shards_get_what_they_declare_and_give_what_is_asked(module):
    given = {name for name in blocks(module, "module")[0][1] if not name.startswith("__")} - {"source"}
    assert given == {labels[0] for labels, _ in blocks("shards", "variable")}
    assert set(re.findall(r"module\.shards\.(\w+)", text(module))) == {
        labels[0] for labels, _ in blocks("shards", "output")
    }


def breaches(body, schema, where):
    """What the schema does not know, and what it misses, down to the innermost block."""
    inner = {name: body[name] for name in body.keys() & schema["blocks"].keys()}
    for each in body.get("dynamic", []):
        inner |= {label.strip('"'): dynamic["content"] for label, dynamic in each.items() if label.startswith('"')}
    required = {*schema["required"], *(name for name, block in schema["blocks"].items() if block["is_required"])}
    given = {name for name in body if not name.startswith("__")} - (META - schema["required"].keys()) - inner.keys()
    found = [f"{where}: {name} is unknown" for name in {*given, *inner} - known(schema)]
    found += [f"{where}: {name} is missing" for name in required - given - inner.keys()]
    for name in inner.keys() & schema["blocks"].keys():
        found += [line for one in inner[name] for line in breaches(one, schema["blocks"][name], f"{where}.{name}")]
    return found


def known(schema):
    return {*schema["required"], *schema["optional"], *schema["blocks"]}


@each_cloud
def test_every_argument_and_block_is_one_of_the_provider_and_none_is_missing(module):
    known = schemas_of(module)
    assert [
        line for name, (kind, body) in resources(module).items() for line in breaches(body, known[kind], name)
    ] == []


@pytest.mark.parametrize(
    ("kind", "name", "change"),
    [
        ("opentelekomcloud_ces_alarmrule", "alarm", lambda body: body["condition"][0].pop("count")),
        ("opentelekomcloud_ces_alarmrule", "alarm", lambda body: body.pop("metric")),
        ("opentelekomcloud_fgs_function_v2", "check", lambda body: body.update(log_stream_id="x")),
        ("opentelekomcloud_identity_agency_v3", "function", lambda body: body["dynamic"].append({'"role"': UNKNOWN})),
        ("huaweicloud_fgs_function", "check", lambda body: body.update(log_topic_id="x")),
        ("huaweicloud_ces_alarmrule", "alarm", lambda body: body["metric"][0].update(dimension="x")),
    ],
)
def test_a_breach_of_the_schema_is_seen(kind, name, change):
    module = kind.partition("_")[0]
    body = copy.deepcopy(resources(module)[f"{kind}.{name}"][1])
    change(body)
    assert breaches(body, schemas_of(module)[kind], name)


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
    assert function["encrypted_user_data"] == "${jsonencode(module.shards.secrets[each.key])}"


@each_module
def test_secrets_are_sensitive_all_the_way(module):
    declared = [(kind, labels[0], body) for kind in ("variable", "output") for labels, body in blocks(module, kind)]
    secret = {(kind, name): body.get("sensitive") for kind, name, body in declared if "secrets" in name}
    assert secret.keys() >= {("variable", "secrets"), ("variable", "shard_secrets")}
    assert all(sensitive in (True, "true") for sensitive in secret.values())


@each_cloud
def test_the_bucket_is_there_before_the_function(module):
    (function,) = [
        body for name, (_, body) in resources(module).items() if name.endswith(".check") and "runtime" in body
    ]
    assert function["depends_on"] == [f"${{{module}_obs_bucket.state}}"]


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
    assert re.search(rf'place += {{ HSS_CLOUD = "{cloud}", HSS_REGION = var.region }}', text(module))
    assert '"obs://${var.bucket}/${local.folder}/${shard == "everything" ? "" : "${shard}/"}{target}.json"' in text(
        "shards"
    )
    urls = [f"obs://bucket/port-compliance/shard-{number}/{{target}}.json" for number in (1, 2)]
    made = {
        "HSS_CLOUD": cloud,
        "HSS_REGION": region,
        "STATE_URL": urls[0],
        "FLEET_STATE_URLS": ",".join(urls),
        "RUN_INTERVAL": "1h",
        "TARGETS_CONFIG": "shard-1.yaml",
    }
    assert read_settings(made.get, in_function=True).state_url.reveal() == urls[0]


def test_the_timers_are_cron_expressions_of_the_platform():
    (template,) = re.findall(r'schedule = "(\$.*)"', text("shards"))
    assert template == "${1 + floor(local.lots[shard] / 64) % 59} ${local.minutes[shard]} ${var.hours} * * ?"
    for schedule in ("1 * * * * ?", "59 7,17,27,37,47,57 6,18 * * ?", "42 53 0-23/4 * * ?"):
        assert cron_problems(schedule) == []
    (fleet,) = re.findall(r'schedule += "(\d.*)"', text("shards"))
    assert cron_problems(fleet.replace("${var.fleet_hours}", "6")) == []
