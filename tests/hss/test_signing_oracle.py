"""The vendor's signer and ours agree on any request. Opt-in: ORACLE_PYTHON names a Python with huaweicloudsdkcore."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.hss.signing import sign
from handler.transport.request import Request

ORACLE = os.environ.get("ORACLE_PYTHON", "")
EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "300"))
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
DATE = {"X-Sdk-Date": "20260102T030405Z"}

text = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.text(" ~+/%&=;*()\"'äü€😀", max_size=8)
name = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,10}", fullmatch=True).filter(
    lambda each: each.lower() not in ("content-type", "host", "x-sdk-date", "x-sdk-content-sha256", "authorization")
)
pairs = st.lists(st.tuples(text, text), max_size=4)
repeated = pairs.flatmap(lambda some: st.permutations(some + some[:2]))
cases = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "put", "DELETE"]),
        "host": st.sampled_from(["hss.eu-de.otc.t-systems.com", "127.0.0.1:8080"]),
        "path": st.lists(text.filter(lambda each: not set(each) & set("?#/")), max_size=4).map(lambda s: "/" + "/".join(s)),
        "query": repeated,
        "headers": st.dictionaries(name, st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=9), max_size=3),
        "body": st.none() | st.sampled_from(["", "{}", '{"ä": 1}']),
        "type": st.sampled_from(["", "application/json", "application/json;charset=UTF-8", "text/plain"]),
        "access_key": st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True),
        "secret_key": text.filter(bool),
    }
)  # fmt: skip


def prepared(case: dict) -> dict:
    """Header names once whatever their case, and the path as it stands in a URL."""
    headers = {each.lower(): value for each, value in case["headers"].items()}
    if case["type"]:
        headers["Content-Type"] = case["type"]
    return {**case, "headers": headers, "path": quote(case["path"])}


def ours(case: dict) -> str:
    url = f"https://{case['host']}{case['path']}" + (f"?{urlencode(case['query'])}" if case["query"] else "")
    body = None if case["body"] is None else case["body"].encode()
    request = Request(case["method"], url, case["headers"], body)
    return sign(request, case["access_key"], case["secret_key"], MOMENT)["Authorization"]


@pytest.fixture(scope="module")
def theirs():
    script = Path(__file__).parents[1] / "signing_oracle.py"
    with subprocess.Popen([ORACLE, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as oracle:

        def signed(case: dict) -> str:
            oracle.stdin.write(json.dumps({**case, "headers": {**case["headers"], **DATE}}) + "\n")
            oracle.stdin.flush()
            return json.loads(oracle.stdout.readline())

        yield signed
        oracle.stdin.close()


@pytest.mark.skipif(not ORACLE, reason="ORACLE_PYTHON does not name a Python with huaweicloudsdkcore")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(case=cases.map(prepared))
def test_any_request_is_signed_as_the_vendors_sdk_signs_it(theirs, case):
    assert ours(case) == theirs(case)
