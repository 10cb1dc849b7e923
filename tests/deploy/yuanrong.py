"""Run by the environment `openyuanrong`: invocations of the unpacked zip by the open engine's own executor.

Reads a job as JSON from standard input; prints what the executor gave back for the initializer and for each event, and
where the libraries came from. Nothing of the engine is changed or replaced; what the cluster would hand over is given as
the executor takes it: the function's metadata and each event as bytes, the settings in the environment.
"""

import json
import os
import sys

HANDED = sys.stdin.read()
JOB = json.loads(HANDED)
os.environ["ENV_DELEGATE_DOWNLOAD"] = JOB["code"]
os.environ["ENV_DELEGATE_DECRYPT"] = json.dumps(
    {"environment": json.dumps(JOB["environment"]), "encrypted_user_data": json.dumps(JOB["secrets"])}
)

from yr.code_manager import CodeManager  # noqa: E402 - it reads the environment when it is made
from yr.common.constants import META_PREFIX  # noqa: E402
from yr.executor.executor import Executor  # noqa: E402
from yr.libruntime_pb2 import ApiType, FunctionMeta, InvokeType  # noqa: E402

LIBRARIES = ("certifi", "handler.index", "pydantic", "requests", "urllib3", "yaml")


class Buffer:
    """Bytes as the engine's native part hands them over."""

    def __init__(self, value):
        self.value = (META_PREFIX + json.dumps(value)).encode()

    def to_pybytes(self):
        return self.value


def execute(kind, *arguments):
    """What the executor answers: [text], or the error that it names."""
    meta = FunctionMeta(apiType=ApiType.Faas)
    results, error = Executor(meta, [Buffer(each) for each in arguments], kind, 1, None, False).execute()
    return [json.loads(each.removeprefix(META_PREFIX)) for each in results], error.msg


def main():
    meta = {
        "funcMetaData": {"handler": "index.handler", "tenantId": JOB["project"], "timeout": str(JOB["timeout"])},
        "resourceMetaData": {"cpu": "300", "memory": "256"},
        "extendedMetaData": {"initializer": {"initializer_handler": "index.initializer", "initializer_timeout": "30"}},
    }
    before = sorted(name for name in LIBRARIES if name in sys.modules)
    loaded = CodeManager().load_functions(["index.initializer", "index.handler"])
    initialized = execute(InvokeType.CreateInstance, meta)
    answers = [
        execute(InvokeType.InvokeFunction, meta, {"header": JOB["header"], "body": event}) for event in JOB["events"]
    ]
    files = {name: sys.modules[name].__file__ for name in LIBRARIES if name in sys.modules}
    print(json.dumps({
        "loaded": loaded.msg, "initialized": initialized, "answers": answers, "files": files, "before": before,
    }))  # fmt: skip


main()
