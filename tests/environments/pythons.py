"""A Python for tests that make virtual environments: installing pip anew is most of what making one costs."""

from __future__ import annotations

import atexit
import importlib.util
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

PROGRAM = """#!/bin/sh
# {python}, whose new virtual environments get a copy of a pip that is there.
[ "$1 $2 $3" = "-m venv --without-pip" ] || exec "{python}" "$@"
set -e
"{python}" -m venv --without-pip "$4"
cp -Rp {pip} "$4"/lib/python*/site-packages
printf '#!/bin/sh\\nexec "$(dirname "$0")/python" -m pip "$@"\\n' > "$4/bin/pip"
chmod 755 "$4/bin/pip"
"""


@cache
def quick_python(python: str = sys.executable) -> str:
    """A program that does what that Python does, and gives each new virtual environment a copy of the pip of this one.

    It lies in a folder with a space in its name. Where this Python has no pip, it is that Python.
    """
    found = importlib.util.find_spec("pip")
    if found is None or not found.submodule_search_locations:
        return python
    pip = Path(found.submodule_search_locations[0])
    folder = Path(tempfile.mkdtemp(prefix="with a copy of pip "))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copied = " ".join(f'"{path}"' for path in (pip, *pip.parent.glob("pip-*.dist-info")))
    program = folder / "python3"
    program.write_text(PROGRAM.format(python=python, pip=copied), encoding="utf-8")
    program.chmod(0o755)
    return str(program)
