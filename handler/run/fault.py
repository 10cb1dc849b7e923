"""A fault of our own, as one target's problem: with its place in the code, and nothing of what it was about."""

from __future__ import annotations

from handler.errors import PortComplianceError, UnknownError, raised_at
from handler.logs import LOGGER
from handler.models import Problem

HINT = "This is a fault of port-compliance itself: please report this line. Everything else was checked and told."


class FaultError(UnknownError):
    """Something of our own broke, so that what one target has open is not known."""

    hint = HINT

    @property
    def problem(self) -> Problem:
        """The same as a line of a report."""
        return Problem(self.message, hint=self.hint)


def internal_error(error: Exception, target: str = "") -> FaultError:
    """What stopped a target, logged in one line. Of an error that is not ours only type and place are said."""
    if isinstance(error, PortComplianceError):
        fault = FaultError(error.message, hint=error.hint)
    else:
        fault = FaultError(f"internal error {type(error).__name__} at {raised_at(error.__traceback__)}")
    LOGGER.error("%s", fault.message, extra={"target": target} if target else None)
    return fault
