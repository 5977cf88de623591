"""What a client accepts, by the headers it sends (RFC 9110). Pure."""

from __future__ import annotations

import re

OPENMETRICS, PLAIN = "application/openmetrics-text", "text/plain"
_WEIGHT = re.compile(r";\s*q=([01](?:\.[0-9]*)?)\s*(?:;|$)", re.IGNORECASE)


def wants_openmetrics(accept: str) -> bool:
    """Whether an ``Accept`` header asks for OpenMetrics at least as much as for text."""
    return 0 < _weight(accept, OPENMETRICS) >= _weight(accept, PLAIN)


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an ``Accept-Encoding`` header asks for gzip, by its name, else by ``*``, at least as much as for the text
    as it is (``identity``); ``q=0`` forbids it."""
    named = "gzip" if _mentions(accept_encoding, "gzip") else "*"
    return 0 < _weight(accept_encoding, named) >= _weight(accept_encoding, "identity")


def _weight(header: str, name: str) -> float:
    """How much something is wanted, from 0 to 1: the best of its mentions."""
    return max(_mentions(header, name), default=0.0)


def _mentions(header: str, name: str) -> list[float]:
    choices = [choice for choice in header.lower().split(",") if choice.split(";")[0].strip() == name]
    stated = [_WEIGHT.search(choice) for choice in choices]
    return [float(found[1]) if found else 1.0 for found in stated]
