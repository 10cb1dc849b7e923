"""Runs in threads of which exactly one goes on at a time; the schedule says which, at every edge."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from threading import Condition, Thread


class Turns:
    """Jobs that take turns: `step` ends one's turn, and the seed chooses whose is next."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._turn = Condition()
        self._waiting: set[int] = set()
        self._running: int | None = None

    def go(self, jobs: list[Callable[[], None]]) -> None:
        self._waiting = set(range(len(jobs)))
        threads = [Thread(target=self._job, args=(number, job)) for number, job in enumerate(jobs)]
        self._running = self._random.choice(sorted(self._waiting))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def step(self, number: int) -> None:
        with self._turn:
            self._running = self._random.choice(sorted(self._waiting))
            if self._running == number:
                return
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._running == number)

    def _job(self, number: int, job: Callable[[], None]) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._running == number)
        try:
            job()
        finally:
            with self._turn:
                self._waiting.discard(number)
                self._running = self._random.choice(sorted(self._waiting)) if self._waiting else None
                self._turn.notify_all()
