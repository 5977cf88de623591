"""Salesforce sessions: opaque tokens that end after a while, or when an administrator ends them."""

import secrets

from exporter.demo.simulator.clock import Clock


class Sessions:
    """Tokens that were issued and are still good."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._ends: dict[str, float] = {}

    def issue(self) -> str:
        """A new token; those that have run out are forgotten."""
        now = self._clock()
        self._ends = {token: end for token, end in self._ends.items() if end > now}
        token = f"00D{secrets.token_urlsafe(24)}"
        self._ends[token] = now + self._seconds
        return token

    def knows(self, token: str) -> bool:
        """Was it issued, and is it still good?"""
        return self._ends.get(token, 0.0) > self._clock()

    def expire_all(self) -> None:
        """Every session ends now."""
        self._ends.clear()
