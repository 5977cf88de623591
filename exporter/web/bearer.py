"""Bearer tokens of the write endpoints."""

from __future__ import annotations

import hmac

from starlette.requests import Request

from exporter.config.secret import UNREADABLE, Secret, why_unreadable, why_unsendable


def why_unauthorized(request: Request, *tokens: Secret | None) -> str | None:
    """The cause, for our own log: who is not let in does not hear it. Nothing of what was sent is repeated.

    Any of the ``tokens`` lets in; of several that do not, the first that is configured has the word.
    """
    causes = [_why_not(request, token) for token in dict.fromkeys(tokens) if token is not None]
    if None in causes:
        return None
    return causes[0] if causes else "no token is configured, so nobody is let in"


def _why_not(request: Request, token: Secret) -> str | None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        expected = token.read()
    except UNREADABLE as error:
        return f"the configured token cannot be read ({why_unreadable(error)})"
    unsendable = why_unsendable(expected)
    if unsendable is not None:
        return f"the configured token {unsendable}"
    if scheme.lower() != "bearer":
        return _SCHEMES.get(scheme.lower(), "something else than a Bearer token was sent")
    same = hmac.compare_digest(given.strip().encode(), expected.encode())
    return None if same else "another token was sent than the configured one"


_SCHEMES = {"": "no Authorization header was sent", "basic": "Basic authentication was sent instead of a Bearer token"}
