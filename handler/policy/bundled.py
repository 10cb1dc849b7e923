"""Where the policies that come with the package are."""

from __future__ import annotations

from pathlib import Path


def bundled_policies() -> Path:
    """The folder `policies`: inside the package (wheel) or beside it (repository, function zip)."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "policies"
    return inside if inside.is_dir() else package.parent / "policies"
