"""A recorded snapshot in the place of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.models import CategorySnapshot, Problem

if TYPE_CHECKING:
    from handler.models import Snapshot
    from handler.run.job import Job


def replay(recorded: Snapshot, job: Job) -> Snapshot:
    """What a recorded snapshot says of the categories that the policy speaks of; one that it lacks is not complete."""
    known = {category.category: category for category in recorded.categories}
    lacking = Problem("the snapshot has nothing of this category", hint="Record it with a policy that speaks of it.")
    categories = (known.get(name) or CategorySnapshot(name, problems=(lacking,)) for name in job.categories)
    return recorded._replace(categories=tuple(_doubted(category) for category in categories))


def _doubted(category: CategorySnapshot) -> CategorySnapshot:
    """A recorded listing that claims to be whole and empty while its counters know of ports is not believed."""
    counted = (category.statistics or {}).get("port_num", 0)
    if category.rows or not category.complete or not counted:
        return category
    problem = Problem(f"{category.category}: no row, but asset/statistics counts {counted} ports")
    return category._replace(complete=False, problems=(*category.problems, problem))
