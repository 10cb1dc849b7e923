"""`schema derive` and `schema check` as they are used on a terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from handler.cli import main
from handler.models import CategorySnapshot, Snapshot, Target
from handler.report.snapshot_file import snapshot_text

OWN = Path(__file__).parents[1] / "documents"
TARGET = Target("default", "huaweicloud", "eu-de", "hss.example.org", "p", "all_granted_eps")
ROWS = ({"port": 1, "type": "TCP6", "num": 20000, "foo": 1}, {"port": 2, "type": "TCP", "num": 1, "foo": 2})


@pytest.fixture
def snapshot(tmp_path):
    host = CategorySnapshot("host", total_num=2, raw_rows=ROWS, raw_statistics={"port_num": 2}, complete=True)
    path = tmp_path / "snapshot.json"
    path.write_text(snapshot_text(Snapshot(TARGET, "2026-11-22T06:00:00Z", (host,))), encoding="utf-8")
    return str(path)


def test_derive_prints_exactly_one_json_document(capsys):
    assert main(["schema", "derive", str(OWN / "lamps.otc.rst")]) == 0
    out, err = capsys.readouterr()
    assert (json.loads(out)["type"], err) == ("object", "")


def test_derive_names_what_it_could_not_read_on_stderr_and_ends_with_3(capsys):
    path = OWN / "damaged.huawei.md"
    assert main(["schema", "derive", str(path)]) == 3
    out, err = capsys.readouterr()
    assert json.loads(out)["properties"]["good"] == {"type": "integer", "minimum": 1}
    assert f"{path}:14: a row of 2 cells" in err


def test_derive_prints_one_table_or_the_query(capsys):
    main(["schema", "derive", str(OWN / "lamps.otc.rst"), "--table", "7"])
    assert set(json.loads(capsys.readouterr().out)["properties"]) == {"grade"}
    main(["schema", "derive", str(OWN / "lamps.otc.rst"), "--query"])
    query = json.loads(capsys.readouterr().out)
    assert (query["required"], set(query["$defs"])) == (["lit"], {"path", "header"})


@pytest.mark.parametrize(("content", "code"), [(b"", 3), (b"\xff\xfe", 3), (b"Only words.", 3), (None, 2)])
def test_a_file_that_is_no_page_is_an_error_and_no_traceback(tmp_path, capsys, content, code):
    path = tmp_path / "page.txt"
    if content is not None:
        path.write_bytes(content)
    assert main(["schema", "derive", str(path)]) == code
    out, err = capsys.readouterr()
    assert (out, err.startswith("error: ")) == ("", True)


def test_without_docutils_the_extra_is_named():
    code = "import sys; sys.modules['docutils'] = None; from handler.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "schema", "derive", str(OWN / "lamps.otc.rst")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=OWN.parents[1])
    assert (done.returncode, done.stdout) == (2, "")
    assert "schema derive needs the extra 'derive'" in done.stderr
    assert "pip install '.[derive]'" in done.stderr


def test_a_table_that_is_not_there_is_named_with_those_that_are(capsys):
    assert main(["schema", "derive", str(OWN / "lamps.otc.rst"), "--table", "99"]) == 3
    assert "no parameter table 99; tables: 1, 2" in capsys.readouterr().err


def test_check_shows_the_difference_to_each_schema_bare_and_with_the_overlay(snapshot, capsys):
    assert main(["schema", "check", snapshot]) == 0
    out = capsys.readouterr().out
    assert "$.data_list[].foo: a key that the document does not name (x 2)" in out
    assert "otc-port-statistics-undated-answer.schema.json + overlay (used by otc):" in out
    assert out.count("$.data_list[].num: outside of the documented range (x 1)") == 2
    assert "no difference" in out


def test_check_in_json_counts_by_kind(snapshot, capsys):
    assert main(["schema", "check", snapshot, "--format", "json"]) == 0
    first = json.loads(capsys.readouterr().out)[0]
    assert first["category"] == "host"
    assert first["counts"] == {"unknown_key": 2, "range": 1}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"categories": 1}', "[" * 100000])
def test_check_refuses_what_is_no_snapshot(tmp_path, capsys, content):
    path = tmp_path / "snapshot.json"
    path.write_text(content)
    assert main(["schema", "check", str(path)]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_check_refuses_a_snapshot_that_was_edited(snapshot, capsys):
    path = Path(snapshot)
    path.write_text(path.read_text(encoding="utf-8").replace("20000", "2"), encoding="utf-8")
    assert main(["schema", "check", snapshot]) == 2
    assert "its digest does not match" in capsys.readouterr().err
