"""How often each source of an integration is read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.config import defaults
from exporter.config.canary import canary_of
from exporter.config.durations import parse_duration

LIMITS, HEARTBEAT, CANARY = "salesforce_limits", "salesforce_heartbeat", "canary"


def intervals_of(entry: Mapping[str, Any]) -> Mapping[str, float]:
    """Seconds by source, without those that are switched off; ``entry`` is an integration of the file.

    The defaults of ``salesforce_limits`` and ``salesforce_heartbeat`` depend on one another: together they see to it
    that what is known of the org's usage is never older than six minutes. The canary's is that of its rounds, which
    stands in its own section.
    """
    stated = entry.get("intervals", {})
    usual = dict(defaults.INTERVALS)
    if not _heartbeat_tells_usage(entry, stated.get(HEARTBEAT)):
        usual[LIMITS] = defaults.LIMITS_ALONE
    if "canary" in entry:
        usual[CANARY] = canary_of(entry["canary"]).interval
    given = {source: parse_duration(text) for source, text in stated.items() if text != defaults.OFF}
    return {source: seconds for source, seconds in {**usual, **given}.items() if stated.get(source) != defaults.OFF}


def _heartbeat_tells_usage(entry: Mapping[str, Any], stated: str | None) -> bool:
    """Whether it is read at all, and often enough."""
    salesforce = entry.get("salesforce", {})
    written = set(salesforce.get("objects", defaults.OBJECTS)) - {"User"}
    if "integration_user" not in salesforce or not written or stated == defaults.OFF:
        return False
    return stated is None or parse_duration(stated) <= defaults.LONGEST_HEARTBEAT
