"""``GET /api/v1/sync-errors``: the single errors of an integration, asked of its bridge, or as they were exported."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from exporter.catalog.catalog import CATALOG, UNKNOWN
from exporter.clients.connection import Connection
from exporter.clock import Clock
from exporter.errors import UpstreamError
from exporter.exposition.error_list import as_csv, as_rows, in_pieces
from exporter.remediation.listing import each_listed, listed
from exporter.state.links import account_of, links_of
from exporter.state.snapshots import Snapshots

_OF_A_FILE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Records of customers: kept by no cache, and taken for nothing but CSV."""


def sync_errors_endpoint(
    connections: Mapping[str, Connection], snapshots: Snapshots, clock: Clock
) -> Callable[[Request], Awaitable[Response]]:
    """``?integration=&category=&error_type=&format=json|csv``: 400 for a bad parameter, 404 where nobody lists
    errors, 502 if that fails."""

    async def sync_errors(request: Request) -> Response:
        name, wanted = request.query_params.get("integration", ""), request.query_params.get("format", "json")
        category, error_type = request.query_params.get("category"), request.query_params.get("error_type")
        problem = _bad_parameter(name, category, error_type, wanted)
        if problem is not None:
            return _error(400, problem)
        connection = connections.get(name)
        if connection is None or connection.lister is None:
            return _error(
                404,
                f"integration: got {name!r}; no integration with a bridge or exported errors has this name",
            )
        account = account_of(snapshots[name], clock.time()) if name in snapshots else None
        links = links_of(connection.settings, account)
        pairs = _pairs(category, error_type)
        try:
            if wanted == "csv" and connection.bridge is None:
                return await _streamed(in_pieces(each_listed(connection.lister, pairs), links))
            errors = await listed(connection.lister, pairs)
            not_known = {} if connection.exported is None else {"not_known": await connection.exported.not_known()}
        except UpstreamError as error:
            return _error(502, str(error))
        if wanted == "csv":
            return Response(as_csv(errors, links), media_type="text/csv", headers=_OF_A_FILE)
        return JSONResponse({"errors": as_rows(errors, links), **not_known})

    return sync_errors


async def _streamed(pieces: AsyncIterator[str]) -> Response:
    """An export may be of a million errors. Raises what keeps the first of them from being read."""
    first = await anext(pieces)

    async def body() -> AsyncIterator[str]:
        yield first
        async for piece in pieces:
            yield piece

    return StreamingResponse(body(), media_type="text/csv", headers=_OF_A_FILE)


def _pairs(category: str | None, error_type: str | None) -> frozenset[tuple[str, str]]:
    """Those of the category, of the type, or of both."""
    return CATALOG.select([category] if category else [], []) & CATALOG.select([], [error_type] if error_type else [])


def _bad_parameter(name: str, category: str | None, error_type: str | None, wanted: str) -> str | None:
    if not name:
        return "integration: missing; expected the name of an integration"
    if wanted not in ("json", "csv"):
        return f"format: got {wanted!r}; expected json or csv"
    if category is not None and category not in CATALOG.category_names:
        return f"category: got {category!r}; expected one of {', '.join(CATALOG.category_names)}"
    if error_type is not None and error_type not in (*CATALOG.error_types, UNKNOWN):
        return f"error_type: got {error_type!r}; expected {UNKNOWN} or one of {', '.join(CATALOG.error_types)}"
    return None


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)
