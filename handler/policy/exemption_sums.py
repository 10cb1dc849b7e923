"""How many exemptions end when, and who owns them: what a yearly look at a policy begins with."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from handler.policy.rules import Exemption


def exemption_sums(exemptions: Sequence[Exemption], today: date) -> Iterator[str]:
    """Two sentences: `exemptions end: 1 over, 2 in 2026-12`, `exemptions are owned by: ...`, most first; none: none."""
    if not exemptions:
        return
    over = sum(one.expired(today) for one in exemptions)
    months = Counter(one.expires.strftime("%Y-%m") for one in exemptions if not one.expired(today))
    ends = [f"{over} over"] if over else []
    ends += [f"{number} in {month}" for month, number in sorted(months.items())]
    owners = Counter(one.owner for one in exemptions)
    by_owner = sorted(owners.items(), key=lambda owned: (-owned[1], owned[0]))
    yield f"exemptions end: {', '.join(ends)}"
    yield f"exemptions are owned by: {', '.join(f'{owner} ({number})' for owner, number in by_owner)}"
