"""How long something that Salesforce refused is left alone: a minute, then longer with each refusal in a row, and no
shorter than Salesforce asks for. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from exporter.clients.http.retry import LONGEST_RETRY_AFTER
from exporter.errors import AuthError

FIRST_PAUSE = 60.0
LONGEST_PAUSE = 900.0
"""Seconds: the first, doubled with each refusal up to the longest."""


@dataclass(frozen=True, slots=True)
class Pause:
    """What was refused last with which secret, why, how often in a row, and when; ``asked`` is the pause in seconds
    that Salesforce asked for."""

    secret: str = field(repr=False)
    reason: str
    code: str | None
    count: int
    at: float
    asked: float = 0.0

    @property
    def seconds(self) -> float:
        # Bounded before it is doubled: a credential may be wrong for months.
        ours = min(FIRST_PAUSE * 2 ** min(self.count - 1, 10), LONGEST_PAUSE)
        return float(max(ours, min(self.asked, LONGEST_RETRY_AFTER)))

    def seconds_left(self, secret: str, now: float) -> float:
        """0 for another secret, and when the clock was set back: nothing is known of that time."""
        waited = now - self.at
        return self.seconds - waited if secret == self.secret and 0 <= waited < self.seconds else 0.0

    def respect(self, secret: str, now: float, what: str) -> None:
        """Raises ``AuthError`` while the pause lasts: what it was refused for, and when it is tried again."""
        left = self.seconds_left(secret, now)
        if left:
            raise AuthError(
                f"{self.reason} {what} ({self.code or 'no code'}, {self.count} times in a row): "
                f"not tried again for {left:.0f} s unless the secret changes",
                code=self.code,
                retry_after=left if self.asked else None,
            )


def next_pause(before: Pause | None, secret: str, error: AuthError, now: float) -> Pause:
    """The pause after one more refusal. Another secret begins anew."""
    count = before.count if before is not None and before.secret == secret else 0
    return Pause(secret, str(error), error.code, count + 1, now, error.retry_after or 0.0)
