"""Tokens that are sent as ``Authorization: Bearer …``."""

from __future__ import annotations

from exporter.config import Secret
from exporter.errors import AuthError


def sendable_token(secret: Secret, whose: str) -> str:
    """A token that fits into a header; raises ``AuthError``, whose reason leaves the token out."""
    try:
        token = secret.read()
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise AuthError(f"cannot read the {whose} token ({type(error).__name__})") from error
    if not token or not token.isascii() or not token.isprintable():
        raise AuthError(f"the {whose} token is empty or holds characters that no header may hold")
    return token
