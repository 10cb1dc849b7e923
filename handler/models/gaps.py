"""Where HSS and the policy disagree."""

from __future__ import annotations

from handler.named_tuple import NamedTuple


class Gaps(NamedTuple):
    """Where HSS and the policy disagree: (category, port, protocol) each."""

    danger_not_in_policy: tuple[tuple[str, int, str], ...] = ()
    in_policy_not_danger: tuple[tuple[str, int, str], ...] = ()
