"""The Sync Health bridge: what a team would put in front of HubSpot's *Sync Health* tab."""

import hmac

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exporter.demo.simulator.clock import iso
from exporter.demo.simulator.gate import Gate, Handler, Refusal, bearer, json_refusal, read_object
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.state.sync_errors import SyncError
from exporter.demo.simulator.world import World

DEFAULT_PAGE = 100
LARGEST_PAGE = 1_000


def routes(world: World) -> list[Route]:
    """The four calls, under `/{org}/bridge`."""
    gate = Gate(world, "bridge", write_refusal)
    return [
        gate.route("/{org}/bridge/sync-health", "sync_health", _authorized(sync_health)),
        gate.route("/{org}/bridge/sync-errors", "sync_errors", _authorized(sync_errors)),
        gate.route("/{org}/bridge/resync", "resync", _authorized(resync), ("POST",)),
        gate.route("/{org}/bridge/clear-suspension", "clear_suspension", _authorized(clear_suspension), ("POST",)),
    ]


def write_refusal(refusal: Refusal) -> Response:
    """`{"error": "…", "code": "…"}`"""
    return json_refusal(refusal, {"error": refusal.message, "code": refusal.code})


def _authorized(handler: Handler) -> Handler:
    async def guarded(org: Org, request: Request) -> Response:
        if not hmac.compare_digest(bearer(request).encode(), org.settings.bridge_token.encode()):
            raise Refusal(401, "UNAUTHORIZED", "a valid bearer token is required")
        return await handler(org, request)

    return guarded


async def sync_health(org: Org, _request: Request) -> Response:
    """Calls, suspension and error counts as HubSpot shows them; omitted parts are null."""
    suspension = org.suspension
    parts = {
        "api_calls": {
            "used_24h": org.calls.used(org.settings.connected_app),
            "allocated": org.allocation,
            "limited_by_salesforce": org.daily_limit,
        },
        "suspension": {
            "suspended": suspension is not None,
            "reason": suspension and suspension.reason,
            "since": suspension and iso(suspension.since),
        },
        "errors": [
            {"category": category, "error_type": error_type, "errors": errors, "affected_records": records}
            for category, error_type, errors, records in org.errors.counts()
        ],
    }
    shown = {name: None if name in org.omitted_parts else part for name, part in parts.items()}
    return JSONResponse({"as_of": iso(org.clock()), **shown})


async def sync_errors(org: Org, request: Request) -> Response:
    """A page of the error list, oldest first."""
    wanted = request.query_params
    limit = _limit(wanted.get("limit"))
    try:
        page = org.errors.page(
            wanted.get("category") or None, wanted.get("error_type") or None, wanted.get("after") or None, limit + 1
        )
    except ValueError as error:
        raise Refusal(400, "BAD_REQUEST", str(error)) from error
    shown = page[:limit]
    more = len(page) > limit
    return JSONResponse({"results": [_as_json(error) for error in shown], "next_after": shown[-1].id if more else None})


async def resync(org: Org, request: Request) -> Response:
    """`{"error_ids": […]}` with at most 100 ids."""
    ids = (await read_object(request)).get("error_ids")
    if not isinstance(ids, list) or not all(isinstance(error_id, str) for error_id in ids):
        raise Refusal(400, "BAD_REQUEST", "error_ids must be a list of error ids")
    try:
        accepted, rejected = org.resync(ids)
    except ValueError as error:
        raise Refusal(400, "BAD_REQUEST", str(error)) from error
    return JSONResponse(
        {
            "accepted": accepted,
            "rejected": [{"id": error_id, "reason": reason} for error_id, reason in rejected],
        },
        status_code=202,
    )


async def clear_suspension(org: Org, _request: Request) -> Response:
    """202, also when there was nothing to clear; 409 with the reason while its cause holds."""
    reason = org.clear_suspension()
    if reason is not None:
        return JSONResponse({"reason": reason}, status_code=409)
    return JSONResponse({}, status_code=202)


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_PAGE
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(400, "BAD_REQUEST", f"limit: {text!r} is no number above 0")
    return min(int(text), LARGEST_PAGE)


def _as_json(error: SyncError) -> dict[str, object]:
    return {
        "id": error.id,
        "category": error.category,
        "error_type": error.error_type,
        "details": error.details,
        "object_type": error.object_type,
        "hubspot_id": error.hubspot_id,
        "salesforce_id": error.salesforce_id,
        "affected_records": error.affected_records,
        "last_seen": iso(error.last_seen),
    }
