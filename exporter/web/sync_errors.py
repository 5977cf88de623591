"""``GET /api/v1/sync-errors``: the single errors of an integration, asked of its bridge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.catalog.catalog import CATALOG
from exporter.clients.connection import Connection
from exporter.clock import Clock
from exporter.errors import UpstreamError
from exporter.exposition.error_list import as_csv, as_rows
from exporter.remediation.listing import listed
from exporter.state.links import account_of, links_of
from exporter.state.snapshots import Snapshots


def sync_errors_endpoint(
    connections: Mapping[str, Connection], snapshots: Snapshots, clock: Clock
) -> Callable[[Request], Awaitable[Response]]:
    """``?integration=&category=&format=json|csv``; 400 for a bad parameter, 404 without a bridge, 502 if it fails."""

    async def sync_errors(request: Request) -> Response:
        name, category = request.query_params.get("integration", ""), request.query_params.get("category")
        wanted = request.query_params.get("format", "json")
        problem = _bad_parameter(name, category, wanted)
        if problem is not None:
            return _error(400, problem)
        connection = connections.get(name)
        if connection is None or connection.lister is None:
            return _error(404, f"integration: got {name!r}; no integration with a bridge has this name")
        try:
            errors = await listed(connection.lister, CATALOG.select([category] if category else [], []))
        except UpstreamError as error:
            return _error(502, str(error))
        account = account_of(snapshots[name], clock.time()) if name in snapshots else None
        links = links_of(connection.settings, account)
        if wanted == "csv":
            return Response(as_csv(errors, links), media_type="text/csv")
        return JSONResponse({"errors": as_rows(errors, links)})

    return sync_errors


def _bad_parameter(name: str, category: str | None, wanted: str) -> str | None:
    if not name:
        return "integration: missing; expected the name of an integration"
    if wanted not in ("json", "csv"):
        return f"format: got {wanted!r}; expected json or csv"
    if category is not None and category not in CATALOG.category_names:
        return f"category: got {category!r}; expected one of {', '.join(CATALOG.category_names)}"
    return None


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)
