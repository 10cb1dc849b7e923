"""A finding's identity, stable over runs: never made of counts or names (design section 7)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handler.models import Target


class Fingerprinter:
    """Gives the fingerprints of one target's findings: 32 hex digits."""

    def __init__(self, target: Target) -> None:
        place = json.dumps([target.host, target.project_id, target.enterprise_project_id])
        self._place = hashlib.sha256(place.encode())

    def __call__(self, rule_id: str, category: str, port: int | None, protocol: str | None) -> str:
        """The fingerprint of a rule's finding on that row; `port` and `protocol` are None for a counter."""
        whole = self._place.copy()
        whole.update(f"|{rule_id}|{category}|{port}|{protocol}".encode())
        return whole.hexdigest()[:32]
