"""A directory in which somebody drops what the Sync Health page shows, for teams without a bridge."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from exporter.clients.http.answer import parse_json
from exporter.clients.http.upstream import MAX_ANSWER_BYTES
from exporter.errors import AuthError, ConnectError, InvalidAnswer

FILE_NAME = "sync-health.json"


class SyncHealthDirectory:
    """Reads ``sync-health.json``; the format is that of the bridge's ``GET /sync-health``."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / FILE_NAME

    async def sync_health(self) -> Any:
        """The file as JSON, unchecked. Raises ``ConnectError`` if it is missing, ``AuthError`` if it is forbidden."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Any:
        try:
            if self._file.stat().st_size > MAX_ANSWER_BYTES:
                raise InvalidAnswer(f"{FILE_NAME}: more than {MAX_ANSWER_BYTES} bytes")
            # Windows programs put a byte order mark in front, or write UTF-16: of bytes json finds out which.
            return parse_json(self._file.read_bytes())
        except PermissionError as error:
            raise AuthError(f"{FILE_NAME}: {error.strerror}") from error
        except OSError as error:
            raise ConnectError(f"{FILE_NAME}: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise InvalidAnswer(f"{FILE_NAME}: not JSON") from error
