"""Bearer tokens of the write endpoints."""

from __future__ import annotations

import hmac

from starlette.requests import Request

from exporter.config.secret import Secret


def is_authorized(request: Request, token: Secret | None) -> bool:
    """Compares in constant time. Without a configured or readable token nobody is authorized."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token is None or scheme.lower() != "bearer":
        return False
    try:
        expected = token.read()
    except (OSError, KeyError, UnicodeDecodeError):
        return False
    return bool(expected) and hmac.compare_digest(given.strip().encode(), expected.encode())
