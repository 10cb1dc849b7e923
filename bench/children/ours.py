# ruff: noqa: N802, N815  # the platform's names
"""The function from its unpacked zip, as the platform runs it: import, initializer, one event."""

import sys

from tail import now, tell

job = __import__("json").loads(sys.argv[1])
sys.path.insert(0, job["code"])
started_cpu = __import__("time").process_time()
import index  # noqa: E402

importable, import_cpu = now(), __import__("time").process_time() - started_cpu


class Context:
    getUserData = staticmethod(job["user_data"].get)

    def getProjectID(self):
        return ""

    getRequestID = getSecurityAccessKey = getSecuritySecretKey = getSecurityToken = getProjectID

    def getRemainingTimeInMilliSeconds(self):
        return 600_000


index.initializer(Context())
if job.get("imports_ahead"):
    sys.modules["handler.run.lazy"].load_what_follows()
loaded_cpu = __import__("time").process_time()
report = index.handler({}, Context())
done = now()
rows = sum(category["rows"] for category in report["coverage"])
tell(
    importable=importable,
    done=done,
    import_cpu=import_cpu,
    work_cpu=__import__("time").process_time() - loaded_cpu,
    verdict=report["verdict"],
    findings=sum(report["counts"].values()),
    rows=rows,
)
