"""The parts of the builder that need no download: markers, which files go in, the zip's bytes, what it says when it cannot."""

import zipfile

import pytest

from tools.package import main
from tools.package_lock import Platform, entries_for
from tools.package_sbom import bill_of_materials
from tools.package_tree import TreeError, extra_tree, wheel_tree, write_zip
from tools.package_wheels import ToolError, compile_tree, download_wheels, find_python

LOCK = """\
plain==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
old==1 ; python_full_version < '3.11' \\
    --hash=sha256:cc
new==2 ; python_full_version >= '3.11' \\
    --hash=sha256:dd
other==3 ; sys_platform == 'win32' \\
    --hash=sha256:ee
"""


def wheel(folder, files, name="thing-1.0-py3-none-any.whl"):
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for inside, content in files.items():
            archive.writestr(inside, content)
    return path


@pytest.mark.parametrize(("version", "kept"), [("3.10", "old==1"), ("3.12", "new==2")])
def test_markers_are_judged_for_the_target_and_not_for_the_python_that_runs(version, kept):
    lines = entries_for(LOCK, Platform(version)).splitlines()
    assert [line.split()[0] for line in lines] == ["plain==1.0", kept]
    assert lines[0].split()[1:] == ["--hash=sha256:aa", "--hash=sha256:bb"]


def test_a_wheel_gives_its_code_its_metadata_and_its_licence(tmp_path):
    path = wheel(
        tmp_path,
        {
            "thing/__init__.py": "",
            "thing/data.json": "{}",
            "thing/hints.pyi": "",
            "thing/.hidden": "",
            "thing/code.py~": "",
            "thing/tests/test_it.py": "",
            "thing-1.0.data/scripts/thing": "",
            "thing-1.0.dist-info/METADATA": "Name: thing",
            "thing-1.0.dist-info/licenses/LICENSE": "",
            "thing-1.0.dist-info/licenses/bin/LICENSE": "",
            "thing-1.0.dist-info/RECORD": "",
        },
    )
    assert sorted(wheel_tree([path])) == [
        "thing-1.0.dist-info/METADATA",
        "thing-1.0.dist-info/licenses/LICENSE",
        "thing-1.0.dist-info/licenses/bin/LICENSE",
        "thing/__init__.py",
        "thing/data.json",
    ]


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "thing-1.0.data/purelib/x.py", "thing-1.0.data/data/x"])
def test_a_wheel_with_files_that_have_no_place_is_refused(tmp_path, name):
    with pytest.raises(TreeError, match="thing-1"):
        wheel_tree([wheel(tmp_path, {name: ""})])


def test_own_files_may_replace_policies_but_no_code(tmp_path):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "baseline.yaml").write_text("mine")
    (tmp_path / "targets.yaml").write_text("targets: []")
    taken = {"policies/baseline.yaml": b"ours", "index.py": b""}
    assert extra_tree(tmp_path, taken) == {"policies/baseline.yaml": b"mine", "targets.yaml": b"targets: []"}
    (tmp_path / "index.py").write_text("")
    with pytest.raises(TreeError, match="would replace a file"):
        extra_tree(tmp_path, taken)


def test_own_files_must_be_in_a_folder(tmp_path):
    with pytest.raises(TreeError, match="nowhere is not a folder"):
        extra_tree(tmp_path / "nowhere", {})


def test_the_bytes_of_a_zip_do_not_depend_on_the_order_of_its_files(tmp_path):
    write_zip({"b": b"2" * 1000, "a": b"1"}, tmp_path / "one.zip")
    write_zip({"a": b"1", "b": b"2" * 1000}, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize(
    ("metadata", "licences"),
    [
        ("License-Expression: MIT", [{"expression": "MIT"}]),
        ("Classifier: License :: OSI Approved :: MIT License", [{"license": {"name": "MIT License"}}]),
        ("License: BSD\n and more", [{"license": {"name": "BSD"}}]),
        ("Summary: none", [{"license": {"name": "not stated"}}]),
    ],
)
def test_the_bill_states_a_licence_as_well_as_the_package_does(tmp_path, metadata, licences):
    path = wheel(tmp_path, {"t-1.dist-info/METADATA": f"Name: Some.Thing_x\nVersion: 1.0\n{metadata}\n"})
    bill = bill_of_materials([path], name="port-compliance", version="1", licence="Apache-2.0")
    assert '"purl": "pkg:pypi/some-thing-x@1.0"' in bill
    assert all(str(value) in bill for licence in licences for value in _leaves(licence))


def _leaves(value):
    return [leaf for each in value.values() for leaf in (_leaves(each) if isinstance(each, dict) else [each])]


def test_a_python_that_is_missing_is_named_with_the_way_out(tmp_path):
    assert find_python("2.0") is None
    with pytest.raises(ToolError, match=r"Python 2\.0 .* --no-bytecode"):
        compile_tree(tmp_path, "2.0", keep_sources=True)


def test_a_source_that_the_target_cannot_compile_stops_the_build(tmp_path):
    (tmp_path / "broken.py").write_text("def :")
    version = "3.12" if find_python("3.12") else "3.10"
    if find_python(version) is None:
        pytest.skip("neither Python 3.10 nor 3.12 is installed")
    with pytest.raises(ToolError, match="could not be compiled"):
        compile_tree(tmp_path, version, keep_sources=True)


def test_a_lock_entry_with_a_wrong_hash_is_refused(tmp_path):
    lock = tmp_path / "lock"
    path = wheel(tmp_path, {"thing-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n"})
    lock.write_text(f"thing @ {path.as_uri()} \\\n    --hash=sha256:{'0' * 64}\n")
    (tmp_path / "out").mkdir()
    with pytest.raises(ToolError, match="could not download"):
        download_wheels(lock, Platform("3.10"), tmp_path / "out")


def test_the_command_says_in_one_line_what_is_wrong(tmp_path, capsys, surroundings):
    surroundings(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))
    assert main(["--python", "3.10", "--out", str(tmp_path / "out"), "--no-bytecode"]) == 1
    assert capsys.readouterr().err.startswith("error: pip could not download the wheels")
