"""The canary of an integration: its settings, and what its rounds cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.config.durations import parse_duration
from exporter.config.settings import Canary, CanaryBack

_DAY = 86400.0
_CHECK = 1
"""Queries a day that find whether the record is still the configured one."""


def canary_of(entry: Mapping[str, Any]) -> Canary:
    """As it stands in the file."""
    given: dict[str, Any] = dict(entry)
    given |= {key: parse_duration(entry[key]) for key in ("interval", "deadline") if key in entry}
    given |= {"back": CanaryBack(**entry["back"])} if "back" in entry else {}
    return Canary(**given)


def calls_a_day(entry: Mapping[str, Any] | None) -> float:
    """Salesforce calls while the sync works: a query a round, and a write where it goes back."""
    if entry is None:
        return 0.0
    return _DAY / canary_of(entry).interval * (2 if "back" in entry else 1) + _CHECK
