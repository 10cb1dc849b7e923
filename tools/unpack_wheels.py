"""Unpacks wheels into the environment of the Python that runs it: `python tools/unpack_wheels.py FOLDER PATTERNS`.

Without what the file PATTERNS names, one pattern a line (`*` is any text): for environments of which the tests need a
small part. pip has checked the wheels against their hashes; what it would make beside (programs, bytecode) is not made.
"""

from __future__ import annotations

import sys
import sysconfig
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path


def unpack(wheel: Path, site_packages: str, patterns: list[str]) -> None:
    """Unpack one wheel. Raises ValueError for one that has files for other places."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        if any(name.split("/")[0].endswith(".data") and name.split("/")[1] != "scripts" for name in names):
            raise ValueError(f"{wheel.name} has files for other places than site-packages")
        wanted = [name for name in names if not any(fnmatchcase(name, pattern) for pattern in patterns)]
        archive.extractall(site_packages, wanted)


def main(folder: str, patterns: str) -> None:
    """Unpack all wheels of the folder."""
    lines = [line.partition("#")[0].strip() for line in Path(patterns).read_text(encoding="utf-8").splitlines()]
    for wheel in sorted(Path(folder).glob("*.whl")):
        unpack(wheel, sysconfig.get_path("purelib"), [line for line in lines if line])


if __name__ == "__main__":
    main(*sys.argv[1:])
