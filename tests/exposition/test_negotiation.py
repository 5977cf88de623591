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
        ("", False),
        ("br", False),
        ("gzipped", False),
        (";;;,,,q=", False),
    ],
)
def test_who_gets_gzip(accept_encoding: str, taken: bool) -> None:
    """Who names it, or takes anything, and does not forbid it."""
    assert takes_gzip(accept_encoding) is taken
