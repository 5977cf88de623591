"""The session of an org: logged in when first needed, renewed once it has expired, left alone when it never was good.

Facts: a session ends two hours after its last use or as the org has set it, 15 minutes at the least; then every call is
401 ``INVALID_SESSION_ID``. The same answer is given from the first call on to a session that may not use the API, and
there logging in again does not help: every login is one more in the org's login history, and each call may count.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from exporter.clients.salesforce.login import Login, Session
from exporter.clients.salesforce.pause import Pause, next_pause
from exporter.clock import Clock
from exporter.errors import AuthError, SessionExpired

SHORTEST_SESSION = 900.0
"""Seconds. A session that is refused sooner and has never worked did not expire."""

REFUSED_AT_ONCE = (
    "Salesforce took the login but refuses the new session. Check in Setup that the app has the scope "
    "\"Manage user data via APIs (api)\", that no IP restriction keeps the exporter's address out (the app's IP "
    "relaxation, the login IP ranges of the user's profile), that API Access Control lets the app and its user in, and "
    "that the user has API Enabled."
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Refused:
    session: Session
    pause: Pause


class Sessions:
    """One org's session, shared by all who ask. ``resource`` is what is asked for, such as ``limits``.

    A session that is good for one resource and not for another goes on being used for the one; only the other pauses.
    """

    def __init__(self, login: Login, clock: Clock) -> None:
        self._login = login
        self._clock = clock
        self._logging_in = asyncio.Lock()
        self._session: Session | None = None
        self._worked: Session | None = None
        self._refused: dict[str, _Refused] = {}

    async def begin(self) -> None:
        """Logs in, if nobody has; raises ``UpstreamError``."""
        await self._other_than(None)

    async def use(self, resource: str, ask: Callable[[Session], Awaitable[T]]) -> T:
        """What ``ask`` makes of a session; asked again, once, if that turns out to have expired.

        Raises ``AuthError`` for a session that is refused right after the login, and without asking while it pauses.
        """
        refused = self._refused.get(resource)
        if refused is not None:
            refused.pause.respect(self._login.secret(), self._clock.time(), "Salesforce refused new sessions")
        session = await self._other_than(refused.session if refused else None)
        try:
            answer = await ask(session)
        except SessionExpired as error:
            if self._never_was_good(session):
                raise self._refused_at_once(resource, session, error) from error
            session = await self._other_than(session)
            try:
                answer = await ask(session)
            except SessionExpired as again:
                raise self._refused_at_once(resource, session, again) from again
        self._worked = session
        self._refused.pop(resource, None)
        return answer

    async def _other_than(self, refused: Session | None) -> Session:
        """A session other than ``refused``: many callers whose session expired log in once."""
        async with self._logging_in:
            if self._session is None or self._session is refused:
                self._session = None
                self._session = await self._login.session()
            return self._session

    def _never_was_good(self, session: Session) -> bool:
        age = self._clock.time() - session.began
        # One that others have renewed meanwhile was theirs to judge.
        return session is self._session and session is not self._worked and 0 <= age < SHORTEST_SESSION

    def _refused_at_once(self, resource: str, session: Session, error: SessionExpired) -> AuthError:
        before = self._refused.get(resource)
        refusal = AuthError(f"{REFUSED_AT_ONCE} ({error})", code=error.code, retry_after=error.retry_after)
        # Questions that were on their way together are refused together: that is once.
        if before is None or before.session is not session:
            pause = next_pause(before.pause if before else None, session.secret, refusal, self._clock.time())
            self._refused[resource] = _Refused(session, pause)
        return refusal
