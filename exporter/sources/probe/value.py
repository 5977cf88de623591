"""The time that a round writes, in every form in which the other side may show it. Pure.

Facts: HubSpot takes epoch milliseconds as text for a datetime property, and gives ISO 8601 in UTC with milliseconds.
Salesforce REST API gives a Date/Time field as ``2026-11-21T10:00:00.000+0000``, and stores no fraction of a second; a
Date field as ``2026-11-21``, which tells one round of a day from no other; a Number field as a JSON number. What a
text shows depends on who wrote it. So a round's time is a whole second, and all these forms hold it exactly.
"""

from __future__ import annotations

import re
from typing import Any

from exporter.clock import is_plausible, parse_timestamp

_DIGITS = re.compile(r"[0-9]{1,15}(?:\.0+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MILLISECONDS_FROM = 100_000_000_000.0
"""A number from here on is in milliseconds: as seconds it would be of the year 5138."""

SAME = 1.0
"""Seconds by which a time may have been rounded on its way."""


def value_of(moment: float) -> int:
    """The whole second that a round at ``moment`` writes."""
    return int(moment)


def written(value: int) -> str:
    """As HubSpot takes it, whether the property is a datetime or a text."""
    return str(value * 1000)


def shown_time(shown: Any) -> float | None:
    """Epoch seconds of what a property or field holds; ``None`` for nothing, and for what is no time."""
    if isinstance(shown, bool) or shown is None:
        return None
    text = repr(shown) if isinstance(shown, int | float) else str(shown).strip()
    try:
        moment = float(text) if _DIGITS.fullmatch(text) else parse_timestamp(text)
    except (ValueError, OverflowError):
        return None
    moment = moment / 1000 if moment >= _MILLISECONDS_FROM else moment
    return moment if is_plausible(moment) else None


def shows(shown: Any, value: int) -> bool:
    """Whether this is the time of the round that wrote ``value``."""
    moment = shown_time(shown)
    return moment is not None and abs(moment - value) <= SAME


def is_day(shown: Any) -> bool:
    """Whether this is a day without a time."""
    return isinstance(shown, str) and _DAY.fullmatch(shown.strip()) is not None
