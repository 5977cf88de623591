"""How many searches an account may make in a second."""

from collections import deque

from exporter.demo.simulator.clock import Clock


class RateLimit:
    """So many in each rolling second; what was not admitted does not count."""

    def __init__(self, clock: Clock, per_second: int) -> None:
        self._clock = clock
        self._per_second = per_second
        self._admitted: deque[float] = deque()

    def admit(self) -> bool:
        """May this one go on?"""
        now = self._clock()
        while self._admitted and self._admitted[0] <= now - 1.0:
            self._admitted.popleft()
        if len(self._admitted) >= self._per_second:
            return False
        self._admitted.append(now)
        return True
