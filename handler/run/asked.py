"""Which places somebody asks: this run, the other targets of its file, the other indexes of the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.logs import LOGGER
from handler.named_tuple import NamedTuple
from handler.run.fault import internal_error
from handler.run.indexes import read_indexes
from handler.state.memory import place_of, place_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from handler.models import Target
    from handler.run.targets import PreparedRun
    from handler.run.wiring import Wiring

_NAMED = 3  # targets, and indexes, that are named where there are many


class Elsewhere(NamedTuple):
    """The places that other indexes of the fleet hold, and which of these cannot be read."""

    places: frozenset[str]
    unread: tuple[str, ...] = ()


def elsewhere(wiring: Wiring) -> Elsewhere:
    """What the other indexes of FLEET_STATE_URLS hold. Raises nothing: a fault of our own is logged."""
    settings = wiring.settings
    try:
        with wiring.redactor.errors():
            indexes, unread = read_indexes(wiring, settings.fleet_state_urls, but=settings.state_url)
    except Exception as error:  # noqa: BLE001 - the targets that were asked have their reports, whatever it is
        return Elsewhere(frozenset(), (internal_error(error).message,))
    places = (entry.place for index in indexes for entry in index.targets.values() if entry.place)
    return Elsewhere(frozenset(places), tuple(unread))


class Asked:
    """The places that somebody asks: this run, the other targets of its file, the other indexes of the fleet.

    Those indexes are read once, and only if nobody nearer asks.
    """

    def __init__(self, run: PreparedRun, wiring: Wiring) -> None:
        self._run, self._wiring = run, wiring
        self._near: dict[str, Target] | None = None
        self._fleet: Elsewhere | None = None

    def holds(self, place: str) -> bool:
        """Whether the place may be asked; where an index cannot be read, or a project is not known, it may be there."""
        return self.surely_holds(place) or self._may_be_near(place) or self._may_be_far(place)

    def surely_holds(self, place: str) -> bool:
        """Whether the place is asked."""
        return place in self._targets() or place in self._elsewhere().places

    def _may_be_near(self, place: str) -> bool:
        host, _, enterprise_project = place_parts(place)
        unknown = (one for one in self._targets().values() if not one.project_id)  # no login tells it
        return any((one.host, one.enterprise_project_id) == (host, enterprise_project) for one in unknown)

    def _may_be_far(self, place: str) -> bool:
        unread = self._wiring.redactor.text("; ".join(self._elsewhere().unread[:_NAMED]))
        if unread:
            LOGGER.warning("whether another shard checks %s is not known: %s", place, unread)
        return bool(unread)

    def _targets(self) -> dict[str, Target]:
        """The targets of the file by their places, as they were asked or, if they were not, as they are listed."""
        if self._near is None:
            names = {each.name for each in self._run.targets}
            others = (place.target for place in self._wiring.places() if place.name not in names)
            self._near = {place_of(one): one for one in (*(each.target for each in self._run.targets), *others)}
        return self._near

    def _elsewhere(self) -> Elsewhere:
        if self._fleet is None:
            self._fleet = elsewhere(self._wiring)
        return self._fleet


def not_known(names: Sequence[str], unread: Sequence[str]) -> str:
    """What is said of targets that left where it is not known whether another shard checks them."""
    named = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    why = f"not all of FLEET_STATE_URLS can be read: {'; '.join(unread[:_NAMED])}"
    return f"left TARGETS_CONFIG: {named}; whether another shard checks them now is not known, because {why}"


def foreign(known: Iterable[str], listed: Iterable[str]) -> bool:
    """Whether an index holds targets, and none of them is ours: two shards share it by accident."""
    names = set(known)
    return bool(names) and names.isdisjoint(listed)
