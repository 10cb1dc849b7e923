"""Does the vendor's own SDK read the same rows from a running simulator? Needs a Python with huaweicloudsdkhss.

    python tools/sdk_lists_rows.py URL PROJECT_ID ACCESS_KEY SECRET_KEY EXPECTED.json

EXPECTED.json is a list of [port, type, num, status]. Prints what was read; exit code 1 where it differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkhss.v5 import HssClient, ListPortStatisticsRequest, ShowAssetStatisticRequest


def main(url: str, project_id: str, access_key: str, secret_key: str, expected: str) -> int:
    """List every row with limit 200, and compare."""
    credentials = BasicCredentials(access_key, secret_key, project_id)
    client = HssClient.new_builder().with_credentials(credentials).with_endpoints([url]).build()
    rows: list[list[object]] = []
    calls = 0
    while True:
        query = ListPortStatisticsRequest(category="host", limit=200, offset=len(rows))
        answer = client.list_port_statistics(query)
        calls += 1
        if not answer.data_list:
            break
        rows += [[row.port, row.type, row.num, row.status] for row in answer.data_list]
    counters = client.show_asset_statistic(ShowAssetStatisticRequest(category="host"))
    wanted = json.loads(Path(expected).read_text(encoding="utf-8"))
    same = rows == wanted and answer.total_num == len(wanted)
    print(
        f"SDK: {len(rows)} rows in {calls} calls, total_num {answer.total_num}, port_num {counters.port_num}; ", end=""
    )
    print("the same rows" if same else f"expected {len(wanted)} other rows")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
