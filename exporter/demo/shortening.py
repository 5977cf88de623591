"""The shipped rules and configurations with shorter times. Only durations change, never the logic."""

from __future__ import annotations

import re
from typing import Any

from exporter.config.durations import parse_duration

FACTOR = 60
"""An hour of production is a minute of demo."""

SHORTEST = 1.0
"""Nothing gets shorter than a second: that is the demo's scrape interval."""

_DURATION = r"(?:[0-9]+(?:ms|[smhdwy]))+"
# Strings and comments first, since they may hold what looks like a range; then ranges, subqueries and offsets.
_IN_EXPRESSION = re.compile(
    rf"""(?P<text> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*` | \#[^\n]* )
    | \[[^\]]*\] | \boffset\s+-?{_DURATION}""",
    re.VERBOSE | re.IGNORECASE,
)
_TIME_KEYS = {"for", "keep_firing_for", "interval"}


def shorter(duration: str, shortest: float = SHORTEST) -> str:
    """A Prometheus duration divided by ``FACTOR``; 0 stays 0."""
    seconds = parse_duration(duration)
    return f"{round(max(seconds / FACTOR, shortest) * 1000)}ms" if seconds else "0s"


def shorter_expression(expression: str) -> str:
    """A PromQL expression with every range, step and offset divided by ``FACTOR``.

    A range keeps at least five seconds, so that it still spans several scrapes.
    """

    def shortened(match: re.Match[str]) -> str:
        if match["text"] is not None:
            return match[0]
        return re.sub(_DURATION, lambda duration: shorter(duration[0], 5 * SHORTEST), match[0])

    return _IN_EXPRESSION.sub(shortened, expression)


def shorter_rules(rules: dict[str, Any]) -> dict[str, Any]:
    """A rule file with shorter times."""
    return {"groups": [_group(group) for group in rules["groups"]]}


def _group(group: dict[str, Any]) -> dict[str, Any]:
    short = {key: shorter(value) if key in _TIME_KEYS else value for key, value in group.items()}
    return {**short, "rules": [_rule(rule) for rule in group["rules"]]}


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    short = {key: shorter(value) if key in _TIME_KEYS else value for key, value in rule.items()}
    return {**short, "expr": shorter_expression(rule["expr"])}


def shorter_routing(value: Any) -> Any:
    """An Alertmanager configuration with shorter waits and intervals."""
    if isinstance(value, dict):
        return {
            key: shorter(inner)
            if key in ("group_wait", "group_interval", "repeat_interval") and isinstance(inner, str)
            else shorter_routing(inner)
            for key, inner in value.items()
        }
    return [shorter_routing(inner) for inner in value] if isinstance(value, list) else value
