"""Under which key a finding's incident is opened and ended where what is told holds incidents."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handler.models import Finding


def incident_key(group: str, finding: Finding, place: str) -> str:
    """The key of a finding's incident; of a finding alone its fingerprint."""
    if group == "finding":
        return finding.fingerprint
    parts = [place] if group == "target" else [place, finding.rule_id, finding.category]
    return f"{group}-{hashlib.sha256(chr(10).join(parts).encode(errors='replace')).hexdigest()}"
