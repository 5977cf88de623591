"""A password that was refused is not tried every minute: most servers lock an account after some failures, for its
owner too. A changed one is tried at once. Kept in memory, for all who read the same account."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

from exporter.clock import Clock
from exporter.errors import AuthError

PAUSES = (300.0, 900.0, 3600.0)
"""Seconds after the first refusal, the second, and every further one."""

_TOLD = (
    "; the same is tried again after 5 minutes, 15, then every hour, so that nobody is locked out; a new one at once"
)


@dataclass(frozen=True, slots=True)
class _Refused:
    mark: bytes
    times: int
    at: float
    pause: float
    error: AuthError


class LoginPauses:
    """By account, which is any name for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._salt = os.urandom(16)
        self._refused: dict[str, _Refused] = {}

    def check(self, account: str, secret: str) -> None:
        """Raises what was raised before, where it is too early to try this secret again."""
        refused = self._refused.get(account)
        if refused is None or refused.mark != self._mark(secret):
            return
        # Nothing is known of a time that lies ahead: the clock was set back.
        if 0 <= self._clock.time() - refused.at < refused.pause:
            raise refused.error.retold(str(refused.error))

    def refused(self, account: str, secret: str, error: AuthError) -> AuthError:
        """The same error, which now says how it goes on."""
        before, mark = self._refused.get(account), self._mark(secret)
        times = before.times + 1 if before is not None and before.mark == mark else 1
        told = error.retold(f"{error}{_TOLD}")
        pause = PAUSES[min(times, len(PAUSES)) - 1]
        self._refused[account] = _Refused(mark, times, self._clock.time(), pause, told)
        return told

    def accepted(self, account: str) -> None:
        """The login worked."""
        self._refused.pop(account, None)

    def _mark(self, secret: str) -> bytes:
        return hashlib.sha256(self._salt + secret.encode("utf-8", "surrogatepass")).digest()
