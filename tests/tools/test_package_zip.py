"""The built zip: what is in it, and a whole check that runs from it as on the platform."""

import hashlib
import inspect
import json
import subprocess
import zipfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from handler.policy.compiled import COMPILED_SUFFIX
from handler.simulator.inbox import Inbox
from handler.simulator.options import Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from tests.deploy.built import PYTHONS, built_zip, needed_python, read_only, unpacked_zip, wheels_for
from tests.environments import invalid
from tests.world import OPEN, TIMER, StrictContext
from tools.package import LARGEST, bill, zip_tree
from tools.package_tree import Tree, write_tree
from tools.package_wheels import find_python

INVOKE = Path(__file__).parents[1] / "deploy" / "invoke.py"
pytestmark = pytest.mark.parametrize("version", PYTHONS, scope="module")


def names(version):
    with zipfile.ZipFile(built_zip(version)) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def code(version, tmp_path_factory):
    """The code folder of the zip, for all tests that only read it."""
    return unpacked_zip(version, tmp_path_factory)


def touched(folder):
    """What changes of a file when it is written to, or made."""
    about = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path: (one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for path, one in about.items()}


def old_libraries(folder):
    """The platform's own copies, too old to be of use: importing one fails."""
    for name in ("requests", "urllib3", "yaml", "certifi", "idna"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(f"raise ImportError('the old {name} was imported')")
    return folder


def invoke(version, paths, user_data, cwd, user_event=""):
    job = {
        "paths": [str(path) for path in paths],
        "user_data": user_data,
        "event": {**TIMER, "user_event": user_event},
        "handler": "index.handler",
        "context": inspect.getsource(StrictContext),
    }
    command = [needed_python(version), "-I", "-S", "-X", "utf8", str(INVOKE)]
    done = subprocess.run(
        command, input=json.dumps(job), capture_output=True, text=True, cwd=cwd, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("ours_first", [True, False], ids=["ours-first", "platform-first"])
def test_a_whole_check_runs_from_the_zip(version, ours_first, code, tmp_path):
    paths = [code, old_libraries(tmp_path / "platform")]
    before = touched(code)
    simulator = Simulator(OPEN, Options(cloud="otc", throttle=0))
    with SimulatorServer(simulator) as cloud, Inbox() as inbox:
        user_data = {
            "HSS_ENDPOINT": cloud.url,
            "HSS_CLOUD": "otc",
            "HSS_PROJECT_ID": simulator.options.project_id,
            "HSS_AUTH_TOKEN": simulator.options.tokens[0],
            "WEBHOOK_URL": f"{inbox.url}/hook",
            "WEBHOOK_ALLOW_HTTP": "true",
        }
        told = invoke(version, paths if ours_first else paths[::-1], user_data, tmp_path)
    report = told["result"]
    assert [(f["rule_id"], f["port"]) for f in report["findings"]] == [("telnet", 23)]
    assert (report["verdict"], report["policy"]["files"]) == ("violations", ["policies/baseline.yaml"])
    assert [json.loads(message.body)["run_id"] for message in inbox.messages] == [report["run_id"]]
    assert all(Path(file).is_relative_to(code) for file in told["files"].values())
    assert touched(code) == before


class Own(NamedTuple):
    """The files of a zip, built anew, that holds some of one's own, the cloud they name, where their sink posts to."""

    tree: Tree
    cloud: Simulator
    inbox: Inbox


@pytest.fixture(scope="module")
def own(version, tmp_path_factory):
    mine = tmp_path_factory.mktemp("mine")
    (mine / "policies").mkdir()
    (mine / "policies" / "mine.yaml").write_text("version: 1\ndisallowed_ports: [443]\n")
    (mine / "sinks.yaml").write_text("sinks: [{name: chat, kind: slack, url: '${CHAT}', allow_http: true}]")
    simulator = Simulator(OPEN, Options(cloud="otc", throttle=0))
    with SimulatorServer(simulator) as cloud, Inbox() as inbox:
        target = f"{{cloud: otc, endpoint: '{cloud.url}', project_id: {simulator.options.project_id}, name: "
        (mine / "targets.yaml").write_text(f"targets: [{target}prod}}, {target}site, policy: policies/mine.yaml}}]")
        yield Own(zip_tree(wheels_for(version), version, extra=mine), simulator, inbox)


def test_own_targets_sinks_and_policies_are_found_beside_the_code(version, own, tmp_path):
    user_data = {"TARGETS_CONFIG": "targets.yaml", "NOTIFY_CONFIG": "sinks.yaml", "CHAT": own.inbox.url}
    user_data["HSS_AUTH_TOKEN"] = own.cloud.options.tokens[0]
    code = tmp_path / "function" / "code"
    write_tree(own.tree, code)
    told = invoke(version, [read_only(code)], user_data, code.parent, json.dumps({"target": "site"}))
    (report,) = told["result"]["targets"]
    assert (report["target"]["name"], [f["port"] for f in report["findings"]]) == ("site", [443])
    assert len(own.inbox.messages) == 1


def test_every_module_and_every_library_can_be_imported(version, code):
    asked = (
        f"import importlib, json, pkgutil, sys; sys.path.insert(0, {str(code)!r}); import index, handler\n"
        "names = [each.name for each in pkgutil.walk_packages(handler.__path__, 'handler.')]\n"
        "lacking = {}\n"
        "for name in [*names, 'pydantic', 'jsonschema', 'requests', 'requests_aws4auth', 'yaml']:\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except ModuleNotFoundError as error:\n"
        "        lacking[name] = error.name\n"
        "import pydantic; pydantic.create_model('Model', port=(int, ...))(port='23')\n"
        "import yaml; print(json.dumps([lacking, yaml.__with_libyaml__]))"
    )
    done = subprocess.run(
        [needed_python(version), "-I", "-S", "-c", asked], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [{"handler.state.redis": "redis"}, True]  # an extra that the zip leaves out


MADE = """
import gc, json, sys

class Context:
    getUserData = {"HSS_REGION": "eu-de"}.get
    getProjectID = getRequestID = getSecurityAccessKey = getSecuritySecretKey = getSecurityToken = lambda self: ""

def looked():
    return sum(generation["collections"] for generation in gc.get_stats())

sys.path.insert(0, sys.argv[1])
before = looked()
import index
imported = looked() - before, gc.isenabled(), gc.get_freeze_count() > 10_000
before = looked()
index.initializer(Context())
print(json.dumps([imported, (looked() - before, gc.isenabled(), "requests" in sys.modules)]))
"""


def test_the_collector_rests_while_an_instance_is_made_and_no_longer(version, code):
    command = [needed_python(version), "-I", "-S", "-c", MADE, str(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[0, True, True], [0, True, True]]


def test_another_python_is_refused_in_one_line(version, code):
    other = needed_python(next(each for each in PYTHONS if each != version))
    command = [other, "-I", "-S", "-B", "-c", f"import sys; sys.path.insert(0, {str(code)!r}); import index"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (
        done.stderr.splitlines()[-1] == f"ImportError: this zip is for Python {version}: choose the runtime of its name"
    )


def test_nothing_of_the_terminal_or_the_tests_is_in_it(version):
    parts = {part for name in names(version) for part in Path(name).parts}
    assert not parts & {
        "simulator",
        "derive",
        "commands",
        "review",
        "tests",
        "test",
        "bin",
        "docs",
        "cli.py",
        "html_report.py",
    }
    assert not [part for part in parts if part.startswith(("boto", "werkzeug", "pytest", "docutils"))]
    assert not [part for part in parts if part.endswith((".pyi", ".c", ".pxd")) or part in ("RECORD", "INSTALLER")]


def test_the_door_the_policies_the_schemas_and_every_licence_are_in_it(version):
    inside = names(version)
    assert {"index.py", "LICENSE", "policies/baseline.yaml", "handler/index.py"} <= set(inside)
    assert {"handler/schemas/index.json", "handler/schemas/overlay.json", "handler/policy/services.tsv"} <= set(inside)
    packages = {name.split("/")[0] for name in inside if name.endswith(".dist-info/METADATA")}
    assert len(packages) == len(wheels_for(version))


def test_what_is_there_in_python_too_is_not_there_as_an_extension(version):
    found = [name for name in names(version) if name.startswith("charset_normalizer/")]
    assert [name for name in found if name.endswith(".so")] == []
    assert {"charset_normalizer/md.pyc", "charset_normalizer/cd.pyc"} <= set(found)


def test_it_is_small_sorted_and_undated(version):
    path = built_zip(version)
    with zipfile.ZipFile(path) as archive:
        files, comment = archive.infolist(), archive.comment
    assert path.stat().st_size <= LARGEST
    assert [file.filename for file in files] == sorted({file.filename for file in files})
    beside = {(file.date_time, file.external_attr, file.create_system, file.extra, file.comment) for file in files}
    assert (beside, comment) == ({((1980, 1, 1, 0, 0, 0), 0o100644 << 16, 3, b"", b"")}, b"")


def test_the_bytecode_is_the_target_s_and_never_looked_up_by_date(version):
    asked = "import importlib.util; print(importlib.util.MAGIC_NUMBER.hex())"
    magic = subprocess.run(
        [needed_python(version), "-c", asked], capture_output=True, text=True, check=True
    ).stdout.strip()
    with zipfile.ZipFile(built_zip(version)) as archive:
        code = {name: archive.read(name)[:8] for name in archive.namelist() if name.endswith(".pyc")}
    assert {head[:4].hex() for head in code.values()} == {magic}
    assert {int.from_bytes(head[4:], "little") for head in code.values()} == {0b01}  # hash, unchecked
    sources = [Path(name) for name in names(version) if name.endswith(".py")]
    tag = f"cpython-{version.replace('.', '')}.pyc"
    assert [path for path in sources if str(path.parent / "__pycache__" / f"{path.stem}.{tag}") not in code] == []


def test_two_builds_are_the_same_bytes(version, own):
    """All that goes into the zip and the bill; to it the zip itself adds nothing but names (the test before the last).

    The second build is given files of one's own, which are there beside the same bytes and nothing else is.
    """
    with zipfile.ZipFile(built_zip(version)) as archive:
        first = {name: archive.read(name) for name in archive.namelist()}
    mine = {"policies/mine.yaml", f"policies/mine.yaml{COMPILED_SUFFIX}", "sinks.yaml", "targets.yaml"}
    assert sorted([*first, *mine]) == sorted(own.tree)
    assert [name for name in first if first[name] != own.tree[name]] == []
    assert built_zip(version).with_suffix(".cdx.json").read_text() == bill(wheels_for(version))


def test_without_bytecode_every_source_is_in_it_and_all_else(version):
    bare = zip_tree(wheels_for(version), version, bytecode=False)
    assert not [name for name in bare if name.endswith(".pyc")]
    assert {"requests/__init__.py", "pydantic/__init__.py", "handler/index.py"} <= set(bare)
    inside = [name for name in names(version) if "__pycache__" not in name]
    assert sorted(bare) == sorted(name.removesuffix("c") if name.endswith(".pyc") else name for name in inside)


def test_the_bill_names_each_wheel_by_its_hash(version):
    bill = json.loads(built_zip(version).with_suffix(".cdx.json").read_text())
    hashes = {component["hashes"][0]["content"] for component in bill["components"]}
    assert hashes == {hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels_for(version)}
    assert all(component["licenses"] and component["purl"].startswith("pkg:pypi/") for component in bill["components"])
    assert "not stated" not in json.dumps(bill)


@cache
def bills_judged():
    """What is wrong with each bill, asked at once: the validator takes seconds to import."""
    paths = {each: built_zip(each) for each in PYTHONS if find_python(each)}
    bills = {each: json.loads(path.with_suffix(".cdx.json").read_text()) for each, path in paths.items()}
    return invalid("cyclonedx", bills)


def test_the_bill_is_valid_cyclonedx(version):
    needed_python(version)
    assert bills_judged()[version] is None
