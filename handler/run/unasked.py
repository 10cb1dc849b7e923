"""Places that a state remembers and nobody asks any more: told once as no longer checked, and then forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.decide.schedule import long_unasked
from handler.errors import StoreError
from handler.logs import LOGGER
from handler.models import Problem, Target
from handler.run.asked import Asked
from handler.run.fault import internal_error
from handler.run.unchecked import ended, groups, is_settled, is_told_whole, once
from handler.state.memory import place_of, place_parts
from handler.state.one_place import OnePlace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.clock import Deadline
    from handler.run.targets import PreparedRun
    from handler.run.wiring import Wiring
    from handler.state.interface import Store

AT_LEAST = 1.0  # seconds that one more place needs
ADVICE = "Check it again, or close what was open there by other means: nobody looks any more."


def tell_unasked(stores: Sequence[Store], run: PreparedRun, wiring: Wiring, whole: Deadline) -> None:
    """Tell of each place in these states that was not asked for long, within the time, and forget those all know of.

    Raises nothing: a fault of our own is logged, and what is not settled is tried again by the next run.
    """
    try:
        with wiring.redactor.errors():
            asked = Asked(run, wiring)
            for store in stores:
                _tell_of(store, asked, run, wiring, whole)
    except Exception as error:  # noqa: BLE001 - the targets that were asked have their reports, whatever it is
        internal_error(error)


def _tell_of(store: Store, asked: Asked, run: PreparedRun, wiring: Wiring, whole: Deadline) -> None:
    """Tell of each such place of one state; where that cannot be read or written, the next run does."""
    try:
        _tell_those_of(store, asked, run, wiring, whole)
    except StoreError as error:
        why = wiring.redactor.text(error.message)
        LOGGER.warning("places that nobody asks any more are told by the next run: %s", why)


def _tell_those_of(store: Store, asked: Asked, run: PreparedRun, wiring: Wiring, whole: Deadline) -> None:
    """Tell of each such place of one state. Raises StoreError."""
    last_run, _ = store.load()
    due = () if last_run is None else long_unasked(last_run.others, run.started_at, wiring.settings.run_interval)
    for place in [place for place in due if not asked.holds(place)]:
        if whole.left() <= AT_LEAST:
            return
        _tell_and_forget(OnePlace(store, place), place, run, wiring, whole)


def _tell_and_forget(view: OnePlace, place: str, run: PreparedRun, wiring: Wiring, whole: Deadline) -> None:
    """Tell each sink that has not taken it yet; once all have, drop the place. Raises StoreError."""
    url, all_know = run.request.state_url or wiring.settings.state_url, True
    last_run, version = view.load()
    for verdict, sinks in groups(once(run.sinks)):
        if last_run is None:
            return
        target = _target(place, last_run.target)
        report, compared = ended(target, last_run, run, verdict, _why(target, last_run.run_at))
        compared = compared._replace(last_run=compared.last_run._replace(run_at=last_run.run_at))  # it was not asked
        notifier = wiring.notifier(sinks, whole.share(2), dry_run=False, state_url=url)
        told = notifier(report, compared, view, version)
        all_know = is_settled(told.deliveries) and is_told_whole(sinks, told, report, run) and all_know
        last_run, version = view.load()
    if all_know and last_run is not None:
        view.forget(last_run.run_at)


def _why(target: Target, run_at: str) -> Problem:
    """The place in words, and since when nobody asked it."""
    project = f"project {target.project_id} at {target.host}" if target.project_id else target.host
    one = target.enterprise_project_id
    part = f", enterprise project {one}," if one not in ("", Target().enterprise_project_id) else ""
    text = f"{project}{part} was last asked at {run_at} and is no longer checked; what was open may still be"
    return Problem(text, hint=ADVICE)


def _target(place: str, remembered: tuple[str, ...]) -> Target:
    """Who it was, as it was called last; where that is not remembered, by its project."""
    if remembered and place_of(Target(*remembered)) == place:
        return Target(*remembered)
    host, project_id, enterprise_project_id = place_parts(place)
    return Target(project_id[:8] or host, "", "", host, project_id, enterprise_project_id)
