"""What a store's URL means: a file beside the configuration, or a PostgreSQL database."""

from __future__ import annotations

from pathlib import Path

SQLITE = "sqlite:///"
POSTGRESQL = "postgresql://"
_SHORT_POSTGRESQL = "postgres://"


def canonical(url: str) -> str:
    """``postgres://`` means ``postgresql://``: libpq takes both, and cloud providers print the short one."""
    return POSTGRESQL + url.removeprefix(_SHORT_POSTGRESQL) if url.startswith(_SHORT_POSTGRESQL) else url


def database_file(url: str, folder: Path) -> Path | None:
    """The file of an SQLite URL, relative to ``folder``; ``None`` for any other URL."""
    return folder / url.removeprefix(SQLITE) if url.startswith(SQLITE) else None
