"""Whether a failed request is sent again, and the pause that an API asks for before. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from exporter.errors import Again, UpstreamError

ATTEMPTS = 3
LONGEST_PAUSE = 10.0
"""A Retry-After up to this many seconds is waited for; beyond it the poll fails and the schedule waits instead."""

LONGEST_RETRY_AFTER = 86_400.0
"""No Retry-After is kept to for longer than this many seconds: one odd header must not bury a poll or a job."""


def pause_before_retry(error: Exception) -> bool | float:
    """Whether, or after how many seconds, the same request is sent again."""
    if not isinstance(error, UpstreamError):
        return False
    if error.again in (Again.HOURLY, Again.LATER):
        return False
    if error.retry_after is not None:
        return max(error.retry_after, 0.05) if error.retry_after <= LONGEST_PAUSE else False
    return error.again is Again.AT_ONCE


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds of a ``Retry-After`` header (RFC 9110: a number or a date), ``None`` without a readable one."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        date: datetime = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(0.0, date.timestamp() - now)
