"""A configuration that nobody has checked yet, and what its texts mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from exporter.config.yaml_document import DocumentPath

Meaning = Literal["url", "secret file", "secret variable", "directory", "interval"]

_URL_KEYS = {"url", "audience"}
_FREE_KEYS = {"mapping", "patterns", "filters"}  # below them keys are the user's own and mean nothing to us


@dataclass(frozen=True, slots=True)
class Draft:
    """``data`` may be anything that YAML can say; relative paths in it are relative to ``folder``."""

    data: Any
    folder: Path

    def section(self, key: str) -> Any:
        """What stands under a key at the top; ``None`` without it."""
        return self.data.get(key) if isinstance(self.data, dict) else None

    def texts(self, meaning: Meaning) -> Iterator[tuple[DocumentPath, str]]:
        """Every non-empty text that means this, with its path."""
        for path, value in _leaves(self.data, ()):
            if isinstance(value, str) and value and _meaning(path) == meaning:
                yield path, value


def _leaves(value: Any, path: DocumentPath) -> Iterator[tuple[DocumentPath, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    elif path:
        yield path, value


def _meaning(path: DocumentPath) -> Meaning | None:
    """What a text at this path is for; the key says it, wherever it stands."""
    key = str(path[-1])
    if not _FREE_KEYS.isdisjoint(path):
        return None
    if key in _URL_KEYS:
        return "url"
    if key.endswith("_file"):
        return "secret file"
    if key.endswith("_env"):
        return "secret variable"
    if key == "directory":
        return "directory"
    return "interval" if "intervals" in path or key == "repeat_after" else None
