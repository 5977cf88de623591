"""Durations as Prometheus writes them: ``30s``, ``5m``, ``1h30m``."""

from __future__ import annotations

import re
from functools import lru_cache

_SECONDS = {"y": 365 * 86400.0, "w": 7 * 86400.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PATTERN = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,9}}){unit})?" for unit in _SECONDS))


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> float:
    """Seconds of a Prometheus duration; raises ``ValueError`` for anything else, the empty string included."""
    # Thousands of integrations have the same few.
    match = _PATTERN.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is not a duration such as 30s, 5m or 1h30m")
    return sum(int(count) * _SECONDS[unit] for unit, count in match.groupdict().items() if count)


def duration_in(value: object) -> float | None:
    """Seconds of what stands in a configuration; ``None`` for what is no duration, as the schema has said by itself."""
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None
