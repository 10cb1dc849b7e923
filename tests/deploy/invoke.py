"""Run by the target's Python without any site-packages: one invocation of the unpacked zip, as the platform would.

Reads a job as JSON from standard input, and prints the result and where the libraries came from.
"""

import importlib
import json
import sys

job = json.load(sys.stdin)
sys.path[:0] = job["paths"]
namespace = {}
exec(job["context"], namespace)
context = namespace["StrictContext"](job["user_data"])
module, function = job["handler"].split(".")
index = importlib.import_module(module)
index.initializer(context)
result = getattr(index, function)(job["event"], context)
files = {name: sys.modules[name].__file__ for name in ("requests", "urllib3", "certifi", "handler.index")}
print(json.dumps({"result": result, "files": files}))
