"""The list that was asked for last: its pages are cut from it as long as nothing in it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.simulator import answers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.simulator.fleet import Fleet, Line
    from handler.simulator.options import Options

_OF_A_PAGE = frozenset(["offset", "limit"])  # all else in a query says what is listed


class KeptList:
    """Keeps one list, by the fleet, the options and the query that it answers."""

    def __init__(self) -> None:
        self._asked: tuple[Fleet, Options, str, dict[str, str]] | None = None
        self._rows: Sequence[Line | answers.Open] = ()

    def matching(self, call: answers.Call, fleet: Fleet, options: Options, nth: int) -> answers.AnswerPage:
        """The rows that a query matches, and where its page begins. Raises BadParameterError."""
        if not self._holds(call, fleet, options):
            self._rows = answers.rows_of(call, fleet, options, nth)
            self._asked = (fleet, options, call.api, _what(call))
        return answers.page_of(call, self._rows, options)

    def _holds(self, call: answers.Call, fleet: Fleet, options: Options) -> bool:
        if self._asked is None or answers.left_to_chance(options):
            return False
        same = self._asked[0] is fleet and self._asked[1] is options
        return same and self._asked[2:] == (call.api, _what(call))


def _what(call: answers.Call) -> dict[str, str]:
    return {name: value for name, value in call.query.items() if name not in _OF_A_PAGE}
