"""Values inside SOQL. Facts: Salesforce SOQL and SOSL Reference, *Quoted String Escape Sequences*, *Date Formats*."""

from __future__ import annotations

from datetime import UTC, datetime


def soql_text(value: str) -> str:
    r"""A quoted SOQL string that means exactly ``value``: ``O'Neil`` becomes ``'O\'Neil'``."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def soql_time(seconds: float) -> str:
    """A SOQL dateTime literal, which stands without quotes: ``2026-11-21T10:00:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
