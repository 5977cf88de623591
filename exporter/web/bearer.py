"""Bearer tokens of the write endpoints."""

from __future__ import annotations

import hmac

from starlette.requests import Request

from exporter.config.secret import Secret


def is_authorized(request: Request, token: Secret | None) -> bool:
    """Compares in constant time. Without a configured or readable token nobody is authorized."""
    return why_unauthorized(request, token) is None


def why_unauthorized(request: Request, token: Secret | None) -> str | None:
    """The cause, for our own log: who is not let in does not hear it. Nothing of what was sent is repeated."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token is None:
        return "no token is configured, so nobody is let in"
    try:
        expected = token.read()
    except (OSError, KeyError, UnicodeDecodeError) as error:
        return f"the configured token cannot be read ({type(error).__name__})"
    if not expected:
        return "the configured token is empty"
    if scheme.lower() != "bearer":
        return _SCHEMES.get(scheme.lower(), "something else than a Bearer token was sent")
    same = hmac.compare_digest(given.strip().encode(), expected.encode())
    return None if same else "another token was sent than the configured one"


_SCHEMES = {"": "no Authorization header was sent", "basic": "Basic authentication was sent instead of a Bearer token"}
