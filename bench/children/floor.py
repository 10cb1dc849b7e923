"""The same pages by bare requests and json.loads, without any check; or only imports (`what` of the job)."""

import json
import sys
import time

from tail import now, tell

job = json.loads(sys.argv[1])
sys.path.insert(0, job["code"])
started_cpu = time.process_time()
exec(job.get("what", "import requests"))
importable, import_cpu = now(), time.process_time() - started_cpu
rows = 0
loaded_cpu = time.process_time()
if "url" in job:
    import requests

    session = requests.Session()
    session.headers["X-Auth-Token"] = job["token"]
    while True:
        answer = session.get(f"{job['url']}&limit=200&offset={rows}", timeout=30)
        page = json.loads(answer.content)
        rows += len(page["data_list"])
        if not page["data_list"] or rows >= page["total_num"]:
            break
tell(importable=importable, done=now(), import_cpu=import_cpu, work_cpu=time.process_time() - loaded_cpu, rows=rows)
