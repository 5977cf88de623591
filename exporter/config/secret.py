"""A secret is configured by where it stands, never by what it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands. It is read when needed, so a rotated file works without a restart, and never shown."""

    file: Path | None = None
    env: str | None = None

    def read(self) -> str:
        """The secret without surrounding white space; raises ``OSError`` or ``KeyError`` when it is gone."""
        if self.file is not None:
            return self.file.read_text(encoding="utf-8").strip()
        return os.environ[self.env or ""].strip()
