"""API calls of the last 24 hours (or any other length), per app.

A call leaves the window when it is as old as the window is long: calls of 05:00 Wednesday are free again at
05:00 Thursday. Calls are kept in buckets, so many calls cost as little as one.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

from exporter.demo.simulator.clock import Clock

BUCKETS = 1_440  # a minute each in a window of a day


@dataclass(slots=True)
class _AppCalls:
    """The calls of one app: bucket numbers in order, the calls in each, and their sum."""

    numbers: list[int] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    total: int = 0

    def add(self, number: int, calls: int) -> None:
        at = bisect_left(self.numbers, number)
        if at < len(self.numbers) and self.numbers[at] == number:
            self.calls[at] += calls
        else:
            self.numbers.insert(at, number)
            self.calls.insert(at, calls)
        self.total += calls

    def drop_before(self, number: int) -> None:
        gone = bisect_left(self.numbers, number)
        if gone:
            self.total -= sum(self.calls[:gone])
            del self.numbers[:gone], self.calls[:gone]


class CallWindow:
    """A rolling window of calls per app. A call is dropped at most one bucket late, never early."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        if seconds <= 0:
            raise ValueError(f"window of {seconds} seconds: must be longer than 0")
        self._clock = clock
        self.seconds = seconds
        self._bucket = seconds / BUCKETS
        self._apps: dict[str, _AppCalls] = {}

    def add(self, app: str, calls: int = 1, seconds_ago: float = 0.0) -> None:
        """Count calls of an app, made now or some seconds ago."""
        number = int((self._clock() - seconds_ago) // self._bucket)
        self._apps.setdefault(app, _AppCalls()).add(number, calls)

    def used(self, app: str | None = None) -> int:
        """Calls in the window: of one app, or of all."""
        self._roll()
        if app is None:
            return sum(calls.total for calls in self._apps.values())
        return self._apps[app].total if app in self._apps else 0

    def by_app(self) -> dict[str, int]:
        """Calls in the window of every app ever seen."""
        self._roll()
        return {app: calls.total for app, calls in self._apps.items()}

    def history(self) -> list[tuple[float, str, int]]:
        """Every bucket of the window as (time, app, calls), oldest first."""
        self._roll()
        return sorted(
            (number * self._bucket, app, calls)
            for app, kept in self._apps.items()
            for number, calls in zip(kept.numbers, kept.calls, strict=True)
        )

    def _roll(self) -> None:
        # A bucket goes once its *end* is out of the window.
        oldest = int((self._clock() - self.seconds) // self._bucket)
        for calls in self._apps.values():
            calls.drop_before(oldest)
