"""Reads the section ``hook`` of an integration's remediation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exporter.config import defaults
from exporter.config.durations import parse_duration
from exporter.config.secret import Secret
from exporter.config.settings import Hook


def hook_of(entry: Mapping[str, Any], folder: Path) -> Hook:
    """The URL stays as it is written: a slash at its end may matter to who is there."""
    timeout = entry.get("timeout")
    return Hook(
        url=entry["url"],
        secrets=_secrets(entry, folder),
        timeout=defaults.HOOK_TIMEOUT if timeout is None else parse_duration(timeout),
    )


def _secrets(entry: Mapping[str, Any], folder: Path) -> tuple[Secret, ...]:
    if "secret_file" in entry:
        return tuple(Secret(file=folder / name) for name in _one_or_two(entry["secret_file"]))
    return tuple(Secret(env=name) for name in _one_or_two(entry["secret_env"]))


def _one_or_two(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
