"""What the function weighs: the zip, its unpacked folder, what a run imports, what it depends on."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bench.fresh import Place


def weight(places: list[Place], zips: dict[str, Path]) -> dict[str, object]:
    weighed: dict[str, object] = {}
    for place in places:
        path = zips[place.version]
        weighed[place.version] = {
            "zip bytes": path.stat().st_size,
            "unpacked bytes": sum(one.stat().st_size for one in place.code.rglob("*") if one.is_file()),
            "files": sum(1 for one in place.code.rglob("*") if one.is_file()),
            "modules after import index": _modules(place, "import index"),
            "modules of a bare interpreter": _modules(place, "pass"),
            "modules of the four packages": _modules(place, "import requests, pydantic, jsonschema, yaml"),
            "dependencies in the zip": len(list(place.code.glob("*.dist-info"))),
        }
    return weighed


def _modules(place: Place, what: str) -> int:
    code = f"import sys, json; sys.path.insert(0, {str(place.code)!r}); {what}; print(json.dumps(len(sys.modules)))"
    done = subprocess.run([place.python, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    return int(json.loads(done.stdout))
