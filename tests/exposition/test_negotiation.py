"""What a client accepts."""

from __future__ import annotations

import pytest

from exporter.exposition.negotiation import takes_gzip


@pytest.mark.parametrize(
    ("accept_encoding", "taken"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("gzip, deflate, br", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, identity", False),
        ("*;q=1, gzip;q=0", False),
        ("identity, *;q=0", False),
        ("gzip;q=0.0000", False),
        ("gzip;q=0.0001", True),
        ("identity;q=1, gzip;q=0.1", False),
        ("identity, gzip", True),
        ("identity;q=0.5, *", True),
        ("", False),
        ("br", False),
        ("gzipped", False),
        (";;;,,,q=", False),
    ],
)
def test_who_gets_gzip(accept_encoding: str, taken: bool) -> None:
    """Who names it, or takes anything, and neither forbids it nor would rather have the text as it is."""
    assert takes_gzip(accept_encoding) is taken
