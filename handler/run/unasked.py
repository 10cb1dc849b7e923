"""Places that a state remembers and nobody asks any more: told once as no longer checked, and then forgotten."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from handler.decide.schedule import long_unasked
from handler.errors import StoreError
from handler.logs import LOGGER
from handler.models import Problem, Target
from handler.named_tuple import NamedTuple
from handler.run.asked import Asked
from handler.run.fault import internal_error
from handler.run.unchecked import ended, groups, is_settled, is_told_whole, once
from handler.state.memory import place_of, place_parts
from handler.state.one_place import OnePlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from handler.clock import Deadline
    from handler.models import Report
    from handler.notify.together import Together
    from handler.run.targets import PreparedRun
    from handler.run.wiring import Wiring
    from handler.sinks.sink import Sink
    from handler.state.interface import Store
    from handler.state.memory import LastRun

AT_LEAST = 1.0  # seconds that one more place needs
ADVICE = "Check it again, or close what was open there by other means: nobody looks any more."


class Unasked(NamedTuple):
    """One place that was told of: what its state remembers of it, and what each group of sinks was told.

    `missed`: some sink that is told in each run did not take it.
    """

    view: OnePlace
    told: tuple[tuple[tuple[Sink, ...], Report], ...] = ()
    missed: bool = False


def tell_unasked(
    stores: Sequence[Store],
    run: PreparedRun,
    wiring: Wiring,
    whole: Deadline,
    together: Callable[[], Together | None] | None = None,
) -> tuple[Unasked, ...]:
    """Tell of each place in these states that was not asked for long, within the time.

    `together()` may hold some of it until the end of the run. Raises nothing: a fault of our own is logged, and what is
    not settled is tried again by the next run.
    """
    come: list[Unasked] = []
    try:
        with wiring.redactor.errors():
            asked = Asked(run, wiring)
            for store in stores:
                with _left_to_the_next_run(wiring):
                    for place in _due(store, asked, run, wiring):
                        if whole.left() <= AT_LEAST:
                            break
                        come.append(_tell(OnePlace(store, place), place, run, wiring, whole, together))
    except Exception as error:  # noqa: BLE001 - the targets that were asked have their reports, whatever it is
        internal_error(error)
    return tuple(come)


def forget_unasked(told: Iterable[Unasked], run: PreparedRun, wiring: Wiring) -> None:
    """Forget those of which every sink knows all by now. Raises nothing, as above."""
    try:
        with wiring.redactor.errors():
            for one in told:
                with _left_to_the_next_run(wiring):
                    last_run, _ = one.view.load()
                    if last_run is not None and _all_know(one, last_run, run):
                        one.view.forget(last_run.run_at)
    except Exception as error:  # noqa: BLE001 - as above
        internal_error(error)


@contextmanager
def _left_to_the_next_run(wiring: Wiring) -> Iterator[None]:
    """Where a state cannot be read or written, the next run does what is left."""
    try:
        yield
    except StoreError as error:
        why = wiring.redactor.text(error.message)
        LOGGER.warning("places that nobody asks any more are told by the next run: %s", why)


def _due(store: Store, asked: Asked, run: PreparedRun, wiring: Wiring) -> list[str]:
    """Such places of one state, but those that somebody may ask. Raises StoreError."""
    last_run, _ = store.load()
    due = () if last_run is None else long_unasked(last_run.others, run.started_at, wiring.settings.run_interval)
    return [place for place in due if not asked.holds(place)]


def _tell(
    view: OnePlace,
    place: str,
    run: PreparedRun,
    wiring: Wiring,
    whole: Deadline,
    together: Callable[[], Together | None] | None,
) -> Unasked:
    """Tell each sink that has not taken it yet. Raises StoreError."""
    url, come = run.request.state_url or wiring.settings.state_url, Unasked(view)
    for verdict, sinks in groups(once(run.sinks)):
        last_run, version = view.load()
        if last_run is None:
            break
        target = _target(place, last_run.target)
        report, compared = ended(target, last_run, run, verdict, _why(target, last_run.run_at))
        compared = compared._replace(last_run=compared.last_run._replace(run_at=last_run.run_at))  # it was not asked
        notifier = wiring.notifier(sinks, whole.share(2), dry_run=False, state_url=url, together=together)
        told = notifier(report, compared, view, version)
        mirrors = {sink.name for sink in sinks if sink.kind.mirrors}
        missed = not is_settled(one for one in told.deliveries if one.sink in mirrors)
        come = come._replace(told=(*come.told, (sinks, report)), missed=come.missed or missed)
    return come


def _all_know(one: Unasked, last_run: LastRun, run: PreparedRun) -> bool:
    """Whether nobody is due more of it, by what is remembered now, and nobody is telling it."""
    asked = {sink.name for sinks, _ in one.told for sink in sinks}
    pending = any(memory.pending for name, memory in last_run.sinks.items() if name in asked)
    return not (one.missed or pending) and all(
        is_told_whole(sinks, last_run, report, run) for sinks, report in one.told
    )


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
