"""`requests` without the optional libraries that it finds: a runtime may bring some, a later release may need one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NOT_ASKED = ["chardet", "charset_normalizer", "simplejson"]
OPEN = """
import json, sys
from handler.transport.http import HttpTransport
HttpTransport().open()
loaded = sorted(name for name in sys.modules if name.partition(".")[0] in sys.argv[1:])
import chardet, charset_normalizer, simplejson, warnings
warnings.warn("of somebody else")
import requests
print(json.dumps({"loaded": loaded, "later": [chardet.name, simplejson.name], "real": hasattr(requests, "Session")}))
"""
ASK = """
import json, sys
from handler.transport.lean_requests import import_requests
import_requests()
import requests
print(json.dumps({"needs": requests.needs, "left": [name for name in sys.argv[1:] if sys.modules.get(name, 0) is None]}))
"""
TWICE = """
import json, sys
import requests
from handler.transport.lean_requests import import_requests
import_requests()
print(json.dumps({"loaded": "chardet" in sys.modules}))
"""


@pytest.fixture
def run(tmp_path):
    """Run a program where these modules are found first; give what it printed as JSON, and what it warned of."""

    def started(program, **modules):
        for name, source in modules.items():
            (tmp_path / f"{name}.py").write_text(source)
        path = os.pathsep.join([str(tmp_path), str(ROOT)])
        done = subprocess.run(
            [sys.executable, "-W", "always", "-c", program, *NOT_ASKED],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout), done.stderr

    return started


def runtime(**versions):
    """Libraries as a runtime brings them, that do nothing but be imported."""
    return {name: f"name, __version__ = {name!r}, {version!r}\n" for name, version in versions.items()}


def test_what_a_runtime_brings_is_not_imported_and_can_be_imported_later(run):
    told, warned = run(OPEN, **runtime(chardet="3.0.4", simplejson="3.20.1"))
    assert told == {"loaded": [], "later": ["chardet", "simplejson"], "real": True}
    assert "character detection" not in warned
    assert "of somebody else" in warned


def test_a_release_that_needs_one_of_them_gets_it(run):
    needs = "import charset_normalizer\nneeds = charset_normalizer.name\n"
    told, _ = run(ASK, requests=needs, **runtime(charset_normalizer="4.0.0"))
    assert told == {"needs": "charset_normalizer", "left": []}


def test_one_that_somebody_has_imported_stays_as_it_is(run):
    told, _ = run(TWICE, **runtime(chardet="3.0.4"))
    assert told == {"loaded": True}
