"""A request that fails for a passing reason is made again, with growing pauses."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from socle.backups.exceptions import StoreUnavailable

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
LONGEST_ANSWER_SECONDS = 60.0

Answer = TypeVar("Answer")


class Patience:
    """
    seconds: how long one request is repeated before its failure is final. A pause that
    would end later is not begun.
    """

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ):
        self.seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._chance = chance

    @property
    def answer_seconds(self) -> float:
        """How long one try may stay without a byte of an answer."""
        return max(5.0, min(LONGEST_ANSWER_SECONDS, self.seconds))

    def persist(self, ask: Callable[[int], Answer]) -> Answer:
        """
        What `ask` returns. It is given the number of its earlier tries, because one of
        them may have been carried out although its answer was lost.

        Raises the last StoreUnavailable, and whatever else `ask` raises at once.
        """
        ends, attempt = self._clock() + self.seconds, 0
        while True:
            try:
                return ask(attempt)
            except StoreUnavailable as error:
                pause = self._pause(attempt)
                if self._clock() + pause > ends:
                    raise
                logger.warning("Trying again in %.1f s: %s", pause, error)
            self._sleep(pause)
            attempt += 1

    def _pause(self, attempt: int) -> float:
        """Half of it by chance: threads that failed together do not return together."""
        longest = min(FIRST_PAUSE_SECONDS * 2.0**attempt, LONGEST_PAUSE_SECONDS)
        return longest * (0.5 + self._chance() / 2)
