"""What a check is: a name, what it stands on, and a look at one part of the configuration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from exporter.doctor.finding import Finding

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Check(Generic[T]):
    """``examine`` raises ``UpstreamError`` for what an API refused: its sentence is the finding.

    ``needs`` are names of checks before it; where one of them failed it is not tried, for what it would say is no cause
    but a consequence. ``because`` is how it is named as the reason for that, as in "not tried, since …".
    """

    name: str
    section: str
    because: str
    applies: Callable[[T], bool]
    examine: Callable[[T], Awaitable[Sequence[Finding]]]
    needs: tuple[str, ...] = ()
