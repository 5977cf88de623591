"""Reads the section ``hook`` of an integration's remediation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exporter.config import defaults
from exporter.config.durations import parse_duration
from exporter.config.secret import secrets_of
from exporter.config.settings import Hook


def hook_of(entry: Mapping[str, Any], folder: Path) -> Hook:
    """The URL stays as it is written: a slash at its end may matter to who is there."""
    timeout = entry.get("timeout")
    return Hook(
        url=entry["url"],
        secrets=secrets_of(entry, "secret", folder),
        timeout=defaults.HOOK_TIMEOUT if timeout is None else parse_duration(timeout),
    )
