"""HubSpot API calls of an account since its midnight, which here is that of UTC, and what HubSpot says of them."""

from dataclasses import dataclass

from exporter.demo.simulator.clock import Clock
from exporter.demo.simulator.settings import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Collected:
    """What was counted at a time; `fresh`: just now, and not for an earlier question."""

    used: int
    at: float
    fresh: bool


class DailyCalls:
    """All apps of the account together. Questions within `cached` seconds get the same answer."""

    def __init__(self, clock: Clock, limit: int, cached: float) -> None:
        self.limit = limit
        self._clock = clock
        self._cached = cached
        self._day = self._today
        self._used = 0
        self._collected: Collected | None = None

    @property
    def _today(self) -> int:
        return int(self._clock() // SECONDS_PER_DAY)

    @property
    def used(self) -> int:
        """Today."""
        if self._today != self._day:
            self._day, self._used = self._today, 0
        return self._used

    @property
    def left(self) -> int:
        """How many more are admitted today."""
        return max(0, self.limit - self.used)

    @property
    def resets_at(self) -> float:
        """The next midnight."""
        return (self._today + 1) * SECONDS_PER_DAY

    def add(self, calls: int) -> None:
        """Some app of the account makes calls."""
        self._used = self.used + calls

    def admit(self) -> bool:
        """May this one go on? What was not admitted does not count."""
        if self.left <= 0:
            return False
        self.add(1)
        return True

    def collected(self) -> Collected:
        """What the account's page says; at midnight it is counted anew."""
        now, last = self._clock(), self._collected
        if last is None or now - last.at >= self._cached or int(last.at // SECONDS_PER_DAY) != self._today:
            self._collected = Collected(self.used, now, fresh=False)
            return Collected(self.used, now, fresh=True)
        return last
