"""Run by the environment `openyuanrong`: invocations of the unpacked zip by the open engine's own executor.

Reads jobs as JSON, one a line; for each, a process of its own that has imported the engine and nothing else. Prints, a line
for each, the exit code and both outputs of that process. It prints what the executor gave back for the initializer and for
each event, and where the libraries came from. Nothing of the engine is changed or replaced; what the cluster would hand over
is given as the executor takes it: the function's metadata and each event as bytes, the settings in the environment.
"""

import json
import os
import signal
import sys
import traceback

from yr.code_manager import CodeManager
from yr.common.constants import META_PREFIX
from yr.executor.executor import Executor
from yr.libruntime_pb2 import ApiType, FunctionMeta, InvokeType

LONGEST = 300  # seconds of a job: one that hangs ends
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


def invoke(job):
    """Print what the engine answers."""
    os.environ["ENV_DELEGATE_DOWNLOAD"] = job["code"]  # it is read when the engine first loads code
    os.environ["ENV_DELEGATE_DECRYPT"] = json.dumps(
        {"environment": json.dumps(job["environment"]), "encrypted_user_data": json.dumps(job["secrets"])}
    )
    meta = {
        "funcMetaData": {"handler": "index.handler", "tenantId": job["project"], "timeout": str(job["timeout"])},
        "resourceMetaData": {"cpu": "300", "memory": "256"},
        "extendedMetaData": {"initializer": {"initializer_handler": "index.initializer", "initializer_timeout": "30"}},
    }
    before = sorted(name for name in LIBRARIES if name in sys.modules)
    loaded = CodeManager().load_functions(["index.initializer", "index.handler"])
    initialized = execute(InvokeType.CreateInstance, meta)
    answers = [
        execute(InvokeType.InvokeFunction, meta, {"header": job["header"], "body": event}) for event in job["events"]
    ]
    files = {name: sys.modules[name].__file__ for name in LIBRARIES if name in sys.modules}
    print(json.dumps({
        "loaded": loaded.msg, "initialized": initialized, "answers": answers, "files": files, "before": before,
    }))  # fmt: skip


def be_child(job, outputs):
    """Do it with these files as outputs and nothing to read; never returns."""
    code = 1
    signal.alarm(LONGEST)
    try:
        for place, output in enumerate([os.open(os.devnull, os.O_RDONLY), *outputs]):
            os.dup2(output, place)
        invoke(job)
        code = 0
    except BaseException:  # noqa: BLE001 - as where a program ends in one
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main():
    for line in sys.stdin:
        outputs = [os.memfd_create(name) for name in ("out", "err")]
        child = os.fork()
        if child == 0:
            be_child(json.loads(line), outputs)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said = []
        for output in outputs:
            os.lseek(output, 0, os.SEEK_SET)
            with os.fdopen(output, encoding="utf-8") as file:
                said.append(file.read())
        print(json.dumps([code, *said]), flush=True)


main()
