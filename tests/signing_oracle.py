"""Runs in an environment that has huaweicloudsdkcore: signs requests with the vendor's own code.

Reads one JSON object per line, `{method, host, path, query: [[key, value]], headers, body, access_key, secret_key}`;
answers each with a line, the Authorization header. No test itself; hss/test_signing_oracle.py starts it.
"""

import json
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer


def sign(case):
    request = SdkRequest(
        method=case["method"],
        schema="https",
        host=case["host"],
        resource_path=case["path"],
        query_params=[tuple(pair) for pair in case["query"]],
        header_params=dict(case["headers"]),
        body=case["body"],
    )
    return Signer(BasicCredentials(case["access_key"], case["secret_key"])).sign(request).header_params["Authorization"]


for line in sys.stdin:
    sys.stdout.write(json.dumps(sign(json.loads(line))) + "\n")
    sys.stdout.flush()
