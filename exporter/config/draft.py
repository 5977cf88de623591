"""A configuration that nobody has checked yet, and what its texts mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from exporter.config.yaml_document import DocumentPath, named_by

Meaning = Literal["url", "secret file", "secret variable", "directory", "interval"]

EXTENSION = "x-"
"""Keys at the top that begin so are the user's own, for YAML's anchors: nothing below them means anything to us."""


_URL_KEYS = {"url", "audience"}
_FREE_KEYS = {"mapping", "filters"}  # below them keys are the user's own and mean nothing to us
_NO_SECRETS = {"ca_file", "patterns_file", "titles_file"}


@dataclass(frozen=True)
class Draft:
    """``data`` may be anything that YAML can say; relative paths in it are relative to ``folder``."""

    data: Any
    folder: Path

    def section(self, key: str) -> Any:
        """What stands under a key at the top; ``None`` without it."""
        return self.data.get(key) if isinstance(self.data, dict) else None

    def sections(self, key: str) -> Iterator[tuple[DocumentPath, Mapping[str, Any]]]:
        """What stands under this key of every integration, if it is a mapping, with its path."""
        integrations = self.section("integrations")
        for index, entry in enumerate(integrations if isinstance(integrations, list) else ()):
            inner = entry.get(key) if isinstance(entry, dict) else None
            if isinstance(inner, dict):
                yield ("integrations", index, key), inner

    def policies(self) -> Iterator[tuple[DocumentPath, Mapping[str, Any]]]:
        """Every policy that is a mapping, with its path."""
        policies = value_at(self.section("remediation"), ("policies",))
        for index, policy in enumerate(policies if isinstance(policies, list) else ()):
            if isinstance(policy, dict):
                yield ("remediation", "policies", index), policy

    def texts(self, meaning: Meaning) -> Iterator[tuple[DocumentPath, str]]:
        """Every non-empty text that means this, with its path."""
        return iter(self._by_meaning.get(meaning, ()))

    @cached_property
    def _by_meaning(self) -> Mapping[Meaning | None, Sequence[tuple[DocumentPath, str]]]:
        found: defaultdict[Meaning | None, list[tuple[DocumentPath, str]]] = defaultdict(list)
        for path, value in _leaves(self.data, ()):
            if isinstance(value, str) and value:
                found[_meaning(path)].append((path, value))
        return found


def is_extension(key: object) -> bool:
    """Whether a key at the top is the user's own."""
    return isinstance(key, str) and key.startswith(EXTENSION)


def without_extensions(data: Any) -> Any:
    """The data without the user's own keys at the top."""
    return {key: value for key, value in data.items() if not is_extension(key)} if isinstance(data, dict) else data


def value_at(entry: Any, path: tuple[str, ...]) -> Any:
    """What stands under keys within keys; ``None`` where one of them is not there."""
    value = entry
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


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
    key = named_by(path)
    if not _FREE_KEYS.isdisjoint(path):
        return None
    if key in _URL_KEYS:
        return "url"
    if key.endswith("_file") and key not in _NO_SECRETS:
        return "secret file"
    if key.endswith("_env"):
        return "secret variable"
    if key == "directory":
        return "directory"
    return "interval" if "intervals" in path or key == "repeat_after" else None
