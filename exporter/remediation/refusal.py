"""Why nothing is done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is done: ``reason`` is a value of ``resync_refusals_total{reason}``."""

    reason: str
    detail: str
