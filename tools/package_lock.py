"""Which entries of a hashed lock file a target Python needs.

pip evaluates environment markers for the Python that runs it, not for `--python-version`; so they are decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.markers import Marker

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTINUED = "\\\n"


@dataclass(frozen=True, slots=True)
class Platform:
    """The Python and machine that the zip is for; `version` like `3.10`."""

    version: str

    @property
    def tag(self) -> str:
        """`py310`."""
        return "py" + self.version.replace(".", "")

    @property
    def markers(self) -> dict[str, str]:
        """The environment that markers are judged in."""
        return {
            "python_version": self.version,
            "python_full_version": f"{self.version}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "implementation_version": f"{self.version}.0",
            "os_name": "posix",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": "x86_64",
            "platform_release": "",
            "platform_version": "",
        }


def entries_for(lock: str, platform: Platform) -> str:
    """The lock without the entries that are not for this platform, and without the markers of the others."""
    return "\n".join(_kept(lock, platform)) + "\n"


def _kept(lock: str, platform: Platform) -> Iterator[str]:
    for line in lock.replace(CONTINUED, " ").splitlines():
        pinned, _, hashes = line.partition(" --hash=")
        name, _, marker = pinned.partition(";")
        if not name.strip() or name.startswith("#"):
            continue
        if not marker.strip() or Marker(marker.strip()).evaluate(platform.markers):
            yield f"{name.strip()} --hash={hashes.strip()}"
