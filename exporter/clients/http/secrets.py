"""Secrets on their way to an outside API: read when needed, and never part of an error."""

from __future__ import annotations

from exporter.config.secret import Secret
from exporter.errors import AuthError


def secret_text(secret: Secret, what: str) -> str:
    """The secret as it is now; raises ``AuthError``: its file or variable may be gone since the start."""
    try:
        return secret.read()
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise AuthError(f"cannot read the {what} ({type(error).__name__})") from error


def sendable_token(secret: Secret, whose: str) -> str:
    """A token that fits into an ``Authorization`` header; raises ``AuthError``, whose reason leaves the token out."""
    token = secret_text(secret, f"{whose} token")
    if not token or not token.isascii() or not token.isprintable():
        raise AuthError(f"the {whose} token is empty or holds characters that no header may hold")
    return token
