"""Time, as the simulator tells it: epoch seconds from an injected clock, written as ISO 8601 in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]


def iso(when: float) -> str:
    """`2026-11-21T10:00:00.000Z`, the way HubSpot and the bridge write a time."""
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(when: float | None) -> str | None:
    """`iso`, with unknown staying unknown."""
    return None if when is None else iso(when)


def salesforce_time(when: float) -> str:
    """`2026-11-21T10:00:00.000+0000`, the way Salesforce writes a time."""
    return iso(when).replace("Z", "+0000")


def parse_iso(text: str) -> float:
    """Epoch seconds of an ISO 8601 text; a text without zone is UTC. ValueError for anything else."""
    when = datetime.fromisoformat(text)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def seconds_of(text: str) -> float:
    """Epoch seconds of epoch milliseconds or an ISO 8601 text. ValueError for anything else."""
    return int(text) / 1000 if text.isdecimal() else parse_iso(text)
