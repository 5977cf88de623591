"""Who brings the right password, by bcrypt, which is slow on purpose: so nobody waits for the same answer twice."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import os
from collections import OrderedDict
from collections.abc import Mapping

import bcrypt

from exporter.serving.queues import Queues

REMEMBERED = 100
"""Of the right ones and of the wrong ones; whoever guesses displaces no right one."""
_SIGNIFICANT = 72
"""Bytes of a password that bcrypt looks at; Apache's htpasswd and Go cut it there too."""


class Passwords:
    """Remembers what it has found out: digests with a key that nobody else has, never a password."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._wrong: OrderedDict[bytes, None] = OrderedDict()
        self._queues = Queues()

    async def let_in(self, users: Mapping[str, str], authorization: str, sender: str = "") -> bool:
        """Whether this ``Authorization`` is a user with the right password.

        A user that there is not takes as long as one of those there are, always the same. Raises ``CrowdedError`` where
        it is not known yet and too many are waiting; what is known waits for nobody.
        """
        credentials = _credentials(authorization)
        if credentials is None or not users:
            return False
        name, password = credentials
        hashed = users.get(name)
        measure = hashed or self._somebody(users, name)
        digest = self._digest(name, measure, password)
        if not self._known(digest):
            async with self._queues.first_of(sender):
                if not self._known(digest):
                    same = await self._compared(password, measure)
                    _remember(self._right if same and hashed is not None else self._wrong, digest)
        # Two users may have the same hash.
        return hashed is not None and digest in self._right

    async def _compared(self, password: bytes, hashed: str) -> bool:
        # One after the other: guessing takes one core at most.
        async with self._queues.turn():
            return await asyncio.to_thread(_matches, password, hashed)

    def _known(self, digest: bytes) -> bool:
        for remembered in (self._right, self._wrong):
            if digest in remembered:
                remembered.move_to_end(digest)
                return True
        return False

    def _somebody(self, users: Mapping[str, str], name: str) -> str:
        drawn = int.from_bytes(self._digest(name, "", b""), "big")
        return sorted(users.values())[drawn % len(users)]

    def _digest(self, name: str, hashed: str, password: bytes) -> bytes:
        digest = hashlib.blake2b(key=self._key, digest_size=32)
        for part in (name.encode("utf-8", "surrogateescape"), hashed.encode(), password):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.digest()


def _remember(those: OrderedDict[bytes, None], digest: bytes) -> None:
    those[digest] = None
    if len(those) > REMEMBERED:
        those.popitem(last=False)


def _matches(password: bytes, hashed: str) -> bool:
    try:
        return bcrypt.checkpw(password[:_SIGNIFICANT], hashed.encode())
    except ValueError:  # no password has such a byte
        return False


def why_refused(users: Mapping[str, str], authorization: str) -> dict[str, str]:
    """For the log. A name that nobody has is left out: people type their passwords into the wrong field."""
    credentials = _credentials(authorization)
    if credentials is None:
        return {"cause": "something else than a user name and a password was sent"}
    if credentials[0] not in users:
        return {"cause": "no such user"}
    return {"cause": "wrong password", "user": credentials[0]}


def _credentials(authorization: str) -> tuple[str, bytes] | None:
    """User name and password (RFC 7617); ``None`` without them."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (name.decode("utf-8", "surrogateescape"), password) if colon else None
