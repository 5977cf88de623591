"""What HubSpot's answers say of its limits on the side. Pure.

Facts: HubSpot developer documentation, *Usage guidelines*: ``X-HubSpot-RateLimit-Max``, ``-Interval-Milliseconds`` and
``-Remaining`` are of the ten seconds, ``-Daily`` and ``-Daily-Remaining`` of the day, which all private apps and
service keys of the account share. Answers to OAuth tokens lack the daily ones, searches lack all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_MOST_CALLS = 999_999_999
"""Of a day: far more than HubSpot sells."""


@dataclass(frozen=True, slots=True)
class DailyQuota:
    """API calls of the account's day: ``used``, this answer's own included, of ``limit``."""

    used: int
    limit: int


def daily_quota(headers: Mapping[str, str]) -> DailyQuota | None:
    """``None`` where an answer does not say it, or not in a way that can be meant."""
    limit = header_number(headers, "daily", 1, _MOST_CALLS)
    left = header_number(headers, "daily-remaining", 0, _MOST_CALLS)
    return None if limit is None or left is None or left > limit else DailyQuota(limit - left, limit)


def header_number(headers: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    """The number in ``X-HubSpot-RateLimit-{name}``; ``None`` for none, and for one that cannot be meant."""
    text = headers.get(f"x-hubspot-ratelimit-{name}", "").strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004
    return number if number is not None and least <= number <= most else None
