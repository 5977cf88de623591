"""How many searches or other calls an account may make in some seconds."""

from collections import deque

from exporter.demo.simulator.clock import Clock


class RateLimit:
    """So many in any so many seconds; what was not admitted does not count."""

    def __init__(self, clock: Clock, most: int, seconds: float = 1.0) -> None:
        self.most = most
        self.seconds = seconds
        self._clock = clock
        self._admitted: deque[float] = deque()

    @property
    def left(self) -> int:
        """How many are still admitted at this moment."""
        now = self._clock()
        while self._admitted and self._admitted[0] <= now - self.seconds:
            self._admitted.popleft()
        return self.most - len(self._admitted)

    def admit(self) -> bool:
        """May this one go on?"""
        if self.left <= 0:
            return False
        self._admitted.append(self._clock())
        return True
