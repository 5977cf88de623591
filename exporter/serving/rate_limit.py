"""How many requests are answered: a bucket that a token falls into at intervals; each request takes one out."""

from __future__ import annotations

from exporter.serving.settings import RateLimit


class Bucket:
    """Full at first. ``now`` are seconds of a clock that only goes forward."""

    def __init__(self, limit: RateLimit, now: float) -> None:
        self.limit = limit
        self._tokens = float(limit.burst)
        self._at = now

    def take(self, now: float) -> bool:
        """Whether there was one."""
        fallen = (now - self._at) / self.limit.interval
        self._tokens, self._at = min(self.limit.burst, self._tokens + fallen), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
