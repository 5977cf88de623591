"""What a server found out of the sender's address alone: ``Received-SPF`` (RFC 7208, section 9.1) as really written.

``fail (mx.example: domain of hubspot.com does not designate 192.0.2.1)``, ``Fail (mailfrom) identity=mailfrom;
envelope-from=x@hubspot.com; …``. The domain stands in a comment, or behind a key, or nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LONGEST = 2_048
_MOST = 50
_WORD = re.compile(r"\s*([a-z]+)", re.IGNORECASE)
_WHOSE = re.compile(r"domain of|envelope-from|mailfrom\s*=", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReceivedSpf:
    """One header. ``names`` are all the domains in it, as whoever wrote the address may have written half of the header
    with it; empty where it does not say whose address it is. ``hop`` is how many ``Received`` stand above it."""

    result: str
    hop: int
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"Received-SPF: {self.result}"


def received_spf(headers: Sequence[tuple[str, str]]) -> tuple[ReceivedSpf, ...]:
    """Those of a message, from its headers in their order; ``none`` says nothing, and is left out."""
    found: list[ReceivedSpf] = []
    hop = 0
    for name, value in headers:
        if name.lower() == "received":
            hop += 1
        elif name.lower() == "received-spf" and len(found) < _MOST:
            word = _WORD.match(value)
            if word is not None and word[1].lower() != "none":
                found.append(ReceivedSpf(word[1].lower(), hop, _names(value[:_LONGEST])))
    return tuple(found)


def _names(value: str) -> tuple[str, ...]:
    return tuple(name.lower() for name in _NAME.findall(value)) if _WHOSE.search(value) else ()
