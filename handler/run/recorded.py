"""A recorded snapshot in the place of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.hss.emptiness import doubt_of_empty_list
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
    """A recorded listing that claims to be whole and empty is believed only where its counters confirm it."""
    doubt = None if category.rows or not category.complete else doubt_of_empty_list(category.statistics)
    if doubt is None:
        return category
    return category._replace(complete=False, problems=(*category.problems, doubt))
