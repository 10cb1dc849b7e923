"""Runs in threads of which exactly one goes on at a time; the schedule says which, at every edge."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from threading import Lock, Thread


class Turns:
    """Jobs that take turns: `step` ends one's turn, and the seed chooses whose is next."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._turns: dict[int, Lock] = {}  # of the jobs that are not done

    def go(self, jobs: list[Callable[[], None]]) -> None:
        self._turns = {number: Lock() for number in range(len(jobs))}
        for turn in self._turns.values():
            turn.acquire()
        threads = [Thread(target=self._job, args=(number, job)) for number, job in enumerate(jobs)]
        for thread in threads:
            thread.start()
        self._turns[self._next()].release()
        for thread in threads:
            thread.join()

    def step(self, number: int) -> None:
        chosen = self._next()
        if chosen != number:
            self._turns[chosen].release()
            self._turns[number].acquire()

    def _next(self) -> int:
        return self._random.choice(sorted(self._turns))

    def _job(self, number: int, job: Callable[[], None]) -> None:
        self._turns[number].acquire()
        try:
            job()
        finally:
            del self._turns[number]
            if self._turns:
                self._turns[self._next()].release()
