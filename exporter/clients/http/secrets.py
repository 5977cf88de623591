"""Secrets on their way to an outside API: read when needed, and never part of an error."""

from __future__ import annotations

from exporter.config.secret import UNREADABLE, Secret, why_unreadable, why_unsendable
from exporter.errors import AuthError


def secret_text(secret: Secret, what: str) -> str:
    """The secret as it is now; raises ``AuthError``: its file or variable may be gone or empty since the start."""
    try:
        text = secret.read()
    except UNREADABLE as error:
        raise AuthError(f"cannot read the {what} in {secret}: {why_unreadable(error)}") from None
    if not text:
        raise AuthError(f"the {what} in {secret} is empty")
    return text


def sendable_token(secret: Secret, whose: str) -> str:
    """A token that fits into an ``Authorization`` header; raises ``AuthError``, whose reason leaves the token out."""
    token = secret_text(secret, f"{whose} token")
    reason = why_unsendable(token)
    if reason is not None:
        raise AuthError(f"the {whose} token in {secret} {reason}: no header can carry it")
    return token
