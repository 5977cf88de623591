"""What is to be done about an alert."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: resync every error of these (category, error type) pairs."""

    errors: frozenset[tuple[str, str]]
    cooldown: float
    max_attempts: int
