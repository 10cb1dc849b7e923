"""What is routed to a sink: findings, categories, targets. The one place, also where the routing was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.sinks.sink import Match

if TYPE_CHECKING:
    from handler.models import Finding, Target
    from handler.sinks.sink import Sink

_NOTHING: Final = Match(categories=("",))  # no finding is in it


def wants(sink: Sink, finding: Finding) -> bool:
    """Whether the finding is routed to the sink."""
    match = sink.match
    return (
        finding.severity >= sink.min_severity
        and (not match.categories or finding.category in match.categories)
        and (not match.tags or not set(match.tags).isdisjoint(finding.tags))
    )


def hears_of(sink: Sink, category: str) -> bool:
    """Whether the sink is told that the category could not be seen; of the run as a whole (empty) everybody is."""
    return not category or not sink.match.categories or category in sink.match.categories


def has_target(sink: Sink, target: Target) -> bool:
    """Whether anything of the target is routed to the sink."""
    return not sink.match.targets or target.name in sink.match.targets


def at_target(sink: Sink, target: Target) -> Sink:
    """The sink as it stands to a target: of one that is not its own it wants nothing."""
    return sink if has_target(sink, target) else sink._replace(match=_NOTHING)
