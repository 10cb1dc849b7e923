"""A straightforward script on the vendor's SDK: list all ports, compare with the disallowed ones."""

import json
import sys
import time

from tail import now, tell

job = json.loads(sys.argv[1])
started_cpu = time.process_time()
from huaweicloudsdkcore.auth.credentials import BasicCredentials  # noqa: E402
from huaweicloudsdkhss.v5 import HssClient, ListPortStatisticsRequest  # noqa: E402

importable, import_cpu = now(), time.process_time() - started_cpu
loaded_cpu = time.process_time()
credentials = BasicCredentials(job["access_key"], job["secret_key"], job["project_id"])
client = HssClient.new_builder().with_credentials(credentials).with_endpoints([job["endpoint"]]).build()
found, rows = [], 0
while True:
    page = {"limit": job["limit"]} if job["limit"] else {}
    answer = client.list_port_statistics(ListPortStatisticsRequest(category="host", offset=rows, **page))
    rows += len(answer.data_list)
    found += [row for row in answer.data_list if row.port in job["disallowed"]]
    if not answer.data_list or rows >= answer.total_num:
        break
tell(
    importable=importable,
    done=now(),
    import_cpu=import_cpu,
    work_cpu=time.process_time() - loaded_cpu,
    rows=rows,
    findings=len(found),
)
