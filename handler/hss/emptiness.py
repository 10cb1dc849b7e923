"""Whether an empty list of ports is believed: what the asset counters of the same category say beside it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.models import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

SEES_NO_PORT = "HSS sees no port here: agent, edition, enterprise project?"
_HINT = "Only servers with the HSS agent and an edition with asset fingerprints are seen."


def doubt_of_empty_list(statistics: Mapping[str, int] | None) -> Problem | None:
    """Why a list without any row does not show that no port is open; None where the counters confirm it.

    `statistics` are the counters of the category, None where there are none. Only `port_num` above 0 contradicts an
    empty list, and without it nothing confirms one; nothing else is compared, because what `port_num` counts is not
    documented. Even a confirmed empty list is worth the warning `SEES_NO_PORT`.
    """
    port_num = (statistics or {}).get("port_num")
    if port_num is None:
        return Problem("the list is empty, and asset statistics have no port_num to confirm it", "$.port_num", _HINT)
    if port_num > 0:
        return Problem(f"asset statistics count {port_num} ports, but the list of ports is empty", "$.total_num", _HINT)
    return None
