"""Bearer tokens of the write endpoints."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from exporter.config.secret import UNREADABLE, Secret, why_unreadable, why_unsendable

Tokens = Callable[[], Sequence[Secret]]
"""Those that let in, as they are configured now."""


@dataclass(frozen=True, slots=True)
class Denial:
    """Why somebody is not let in. The ``cause`` is for our own log: who is not let in does not hear it. Nothing of what
    was sent is in it.

    ``status`` is 503 where it is our own token that is no good: then nobody knows whether the one that was sent is, and
    what Alertmanager sends must not be lost for it.
    """

    status: int
    cause: str


def why_denied(request: Request, tokens: Sequence[Secret]) -> Denial | None:
    """``None`` for who brings one of the ``tokens``."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if not tokens:
        return Denial(401, "no token is configured, so nobody is let in")
    if scheme.lower() != "bearer":
        return Denial(401, _SCHEMES.get(scheme.lower(), "something else than a Bearer token was sent"))
    denials = [_why_not(given.strip(), token) for token in dict.fromkeys(tokens)]
    if None in denials:
        return None
    return next((one for one in denials if one is not None and one.status != _UNKNOWN.status), _UNKNOWN)


def _why_not(given: str, token: Secret) -> Denial | None:
    try:
        expected = token.read()
    except UNREADABLE as error:
        return Denial(503, f"the configured token cannot be read ({why_unreadable(error)})")
    unsendable = why_unsendable(expected)
    if unsendable is not None:
        return Denial(503, f"the configured token {unsendable}")
    return None if hmac.compare_digest(given.encode(), expected.encode()) else _UNKNOWN


_UNKNOWN = Denial(401, "another token was sent than the configured one")
_SCHEMES = {"": "no Authorization header was sent", "basic": "Basic authentication was sent instead of a Bearer token"}
