"""What some commands need besides the package itself."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from handler.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def from_extra(extra: str, library: str, what: str) -> Iterator[None]:
    """For imports that need an extra's library: raises MissingExtraError, which says that `what` needs the extra."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != library:
            raise
        raise MissingExtraError(what, extra) from None
