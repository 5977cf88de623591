"""What HubSpot's answers say of its limits on the side."""

from __future__ import annotations

import pytest

from exporter.clients.hubspot.limit_headers import DailyQuota, daily_quota


def told(limit: str | None, left: str | None) -> DailyQuota | None:
    headers = {"x-hubspot-ratelimit-daily": limit, "x-hubspot-ratelimit-daily-remaining": left}
    return daily_quota({name: text for name, text in headers.items() if text is not None})


@pytest.mark.parametrize(
    ("limit", "left", "used"), [("650000", "649986", 14), ("650000", "0", 650_000), (" 250000 ", "250000", 0)]
)
def test_the_day(limit: str, left: str, used: int) -> None:
    """What is not left is used."""
    assert told(limit, left) == DailyQuota(used, int(limit))


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        *((None, None), ("650000", None), (None, "5"), ("", ""), ("0", "0"), ("-1", "-2"), ("5", "6")),
        *(("1e6", "5"), ("650000", "none"), ("٣", "2"), ("9" * 20, "1"), ("650,000", "1")),
    ],
)
def test_what_cannot_be_meant_is_not_told(limit: str | None, left: str | None) -> None:
    """Answers to OAuth tokens and searches have no such headers at all."""
    assert told(limit, left) is None
