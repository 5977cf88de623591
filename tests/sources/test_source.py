"""A source that is made of parts."""

from __future__ import annotations

import pytest

from exporter.errors import AuthError, InvalidAnswer, UpstreamError
from exporter.sources.source import Fetched, fetched

REFUSED, ODD = AuthError("companies: no scope"), InvalidAnswer("deals: no such property")


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"contacts": None},
        {"contacts": None, "companies": None},
        {"contacts": None, "companies": REFUSED},
        {"contacts": REFUSED, "companies": ODD, "deals": None},
    ],
)
def test_what_could_be_read_is_kept(parts: dict[str, UpstreamError | None]) -> None:
    """One part that was read is enough, and without parts nothing is missing."""
    assert fetched([1], parts) == Fetched([1], parts)


def test_a_source_whose_parts_all_fail_has_failed() -> None:
    """With the error of the first."""
    with pytest.raises(AuthError, match="companies: no scope"):
        fetched({}, {"companies": REFUSED, "deals": ODD})
