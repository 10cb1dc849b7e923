"""The planning table is the program's, and the files without FunctionGraph run the same command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bench.planning import PER_SHARD, need, table
from handler.cli import build_parser

ROOT = Path(__file__).parents[2]
DEPLOY = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")


def test_the_table_of_the_docs_is_what_the_program_prints():
    assert table([1, 60, 300, 1000, 5000]) in DEPLOY


def test_five_thousand_targets_need_seventeen_shards_and_each_ends_within_its_hour():
    assert (PER_SHARD, need(5000).shards, need(295).shards, need(296).shards) == (295, 17, 1, 2)
    assert all(need(size).minutes <= 60 for size in range(1, 5001, 97))


def cron_job():
    job = yaml.safe_load((ROOT / "deploy/kubernetes/cronjob.yaml").read_text())
    return job["spec"], job["spec"]["jobTemplate"]["spec"]


def commands():
    (container,) = cron_job()[1]["template"]["spec"]["containers"]
    docker = (ROOT / "deploy/container/Dockerfile").read_text()
    unit = (ROOT / "deploy/systemd/port-compliance@.service").read_text()
    (script,) = yaml.safe_load((ROOT / "deploy/gitlab/shards.gitlab-ci.yml").read_text())["port-compliance"]["script"]
    return {
        "kubernetes": container["args"],
        "docker": re.findall(r'"([^"]+)"', re.search(r"^CMD (.*)$", docker, re.MULTILINE)[1]),
        "systemd": re.search(r"^ExecStart=\S+ (.*)$", unit, re.MULTILINE)[1].split(),
        "gitlab": script.split()[1:],
    }


@pytest.mark.parametrize("where", ["kubernetes", "docker", "systemd", "gitlab"])
def test_each_is_the_same_command_and_the_program_knows_it(where):
    words = commands()[where]
    assert words == commands()["docker"]
    assert build_parser(words).parse_args(words).notify is True


def test_a_cron_job_gives_no_more_than_it_needs_and_ends_before_the_next():
    spec, job = cron_job()
    pod = job["template"]["spec"]
    (container,) = pod["containers"]
    assert (spec["concurrencyPolicy"], pod["securityContext"]["runAsNonRoot"]) == ("Forbid", True)
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    budget = next(int(one["value"]) for one in container["env"] if one["name"] == "RUN_BUDGET_SECONDS")
    assert budget < job["activeDeadlineSeconds"] < 600
    assert re.search(r"^USER 65534", (ROOT / "deploy/container/Dockerfile").read_text(), re.MULTILINE)
