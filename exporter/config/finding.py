"""What is wrong in a configuration's data, wherever that was read from."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.config.yaml_document import DocumentPath


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem before its file and line are known."""

    path: DocumentPath
    value: str
    expected: str
