"""The same pages by bare requests and json.loads, without any check; or `urls` of the job; or only imports (`what`)."""

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
if "token" in job:
    import requests

    session = requests.Session()
    session.headers["X-Auth-Token"] = job["token"]
    for url in job.get("urls", ()):
        page = json.loads(session.get(url, timeout=30).content)
        rows += len(page.get("data_list", ()))
    while "url" in job:
        answer = session.get(f"{job['url']}&limit=200&offset={rows}", timeout=30)
        page = json.loads(answer.content)
        rows += len(page["data_list"])
        if not page["data_list"] or rows >= page["total_num"]:
            break
tell(importable=importable, done=now(), import_cpu=import_cpu, work_cpu=time.process_time() - loaded_cpu, rows=rows)
