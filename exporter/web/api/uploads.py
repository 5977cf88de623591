"""``PUT /api/v1/sync-errors/{integration}/{category}``: exported errors, for teams that share no directory."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from exporter.catalog.catalog import CATALOG
from exporter.clients.connection import Connection
from exporter.clients.exports import ExportedErrors
from exporter.clock import format_timestamp
from exporter.errors import BadExport, StoreError, UpstreamError
from exporter.exports.loading import Loaded
from exporter.exports.reader import MAX_BYTES
from exporter.web.bearer import Tokens, why_denied
from exporter.web.body import refuse_packed
from exporter.web.problem import denied, problem

MEDIA_TYPES = frozenset(
    {
        *("text/csv", "text/tab-separated-values", "text/plain", "application/csv", "application/vnd.ms-excel"),
        *("application/zip", "application/x-zip-compressed", "application/octet-stream"),
    }
)
"""What programs call a CSV file or a zip with one in it. What it is shows its beginning."""

AT_ONCE = 2
"""Uploads that are taken at a time; who comes meanwhile is asked to come again."""
RETRY_AFTER = 10
SOURCE = "sync_health"

log = structlog.get_logger(__name__)


def uploads_endpoint(
    connections: Mapping[str, Connection],
    tokens: Tokens,
    hasten: Callable[[str, str], None],
    most_bytes: int = MAX_BYTES,
    room: Path | None = None,
) -> Callable[[Request], Awaitable[Response]]:
    """200 once the export holds; 400 with line and column, 401, 404, 409 where it would not hold, 413, 415, 503.

    The body goes to a file in ``room``, if not where temporary files go, which nobody sees and which is gone
    afterwards. ``hasten`` has the errors shown soon.
    """
    free = asyncio.Semaphore(AT_ONCE)

    async def upload(request: Request) -> Response:
        denial = why_denied(request, tokens())
        if denial is not None:
            log.warning("upload rejected", status=denial.status, cause=denial.cause)
            return denied(denial.status)
        exported, category = _target(request, connections)
        if free.locked():
            return problem(503, "other exports are being read; send it again soon", {"Retry-After": str(RETRY_AFTER)})
        try:
            async with free, AsyncExitStack() as stack:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="upload-", dir=room))
                file = Path(folder) / "body"
                stamp = await _received(request, file, most_bytes)
                loaded = await exported.put(category, lambda: file.open("rb"), stamp)
        except BadExport as error:
            return problem(400, str(error) if error.line else f"the file {error}")
        except (StoreError, UpstreamError, OSError) as error:
            why = f"{room or tempfile.gettempdir()}: {error.strerror}" if isinstance(error, OSError) else str(error)
            log.error("upload not stored", integration=exported.integration, error=why)
            return problem(503, f"the export could not be stored, send it again: {why}")
        if loaded.outdated:
            return problem(409, f"newer errors of {category} hold than those of {format_timestamp(loaded.as_of)}")
        log.info("errors uploaded", integration=exported.integration, category=category, rows=loaded.rows)
        hasten(exported.integration, SOURCE)
        return JSONResponse(_summary(exported.integration, category, loaded))

    return upload


def _target(request: Request, connections: Mapping[str, Connection]) -> tuple[ExportedErrors, str]:
    """Whose errors, and of which category; raises the answer if there is no such thing."""
    name, category = request.path_params["integration"], request.path_params["category"]
    if name not in connections:
        raise HTTPException(404, f"integration: got {name!r}; no integration has this name")
    if category not in CATALOG.category_names:
        raise HTTPException(404, f"category: got {category!r}; expected one of {', '.join(CATALOG.category_names)}")
    exported = connections[name].exported
    if exported is None:
        raise HTTPException(
            409, f"{name} takes no exported errors: its sync_health needs uploads or directory, and no bridge"
        )
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type and media_type not in MEDIA_TYPES:
        raise HTTPException(415, f"Content-Type: got {media_type!r}; expected text/csv or application/zip")
    refuse_packed(request, "a zip may hold the file")
    return exported, category


async def _received(request: Request, file: Path, most: int) -> str:
    """Writes the body to the file; its digest. Raises the answer if it is too long, or does not arrive whole."""
    digest, size = hashlib.sha256(), 0
    with file.open("wb") as taken:
        try:
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {most} bytes")
                digest.update(chunk)
                await asyncio.to_thread(taken.write, chunk)
        except ClientDisconnect as error:
            raise HTTPException(400, "the body did not arrive whole") from error
    return digest.hexdigest()


def _summary(integration: str, category: str, loaded: Loaded) -> dict[str, object]:
    return {
        "integration": integration,
        "category": category,
        "as_of": format_timestamp(loaded.as_of),
        "rows": loaded.rows,
        "errors": {name: count.errors for export in loaded.exports for name, count in export.counts.items()},
        "duplicates": loaded.duplicates,
        "odd": loaded.odd,
        "odd_rows": list(loaded.told),
        "unknown_titles": list(loaded.unknown),
        "advice": "name the titles that are not known in sync_health.titles_file" if loaded.unknown else None,
        "ignored_columns": list(loaded.ignored),
        "encoding": loaded.encoding,
        "delimiter": loaded.delimiter,
    }
