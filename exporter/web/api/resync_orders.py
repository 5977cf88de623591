"""``POST /api/v1/resyncs``, ``/{id}/approve`` and ``/{id}/cancel``: resyncs that people and programs ask for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.errors import ExporterError, KeyUsed, OrderRefused, StoreError, UpstreamError
from exporter.remediation.orders import Orders, Preview
from exporter.state.snapshots import Snapshots
from exporter.store.history import ResyncHistory
from exporter.store.job import ENDED
from exporter.web.api.ledger_json import Json, job_json
from exporter.web.api.resync_request import Asked, parse_key, parse_request
from exporter.web.api.resyncs import no_such_job
from exporter.web.bearer import Tokens, why_denied
from exporter.web.body import read_body
from exporter.web.parameters import id_of
from exporter.web.problem import denied, problem

MAX_BODY_BYTES = 1024 * 1024

Endpoint = Callable[[Request], Awaitable[Response]]

_REFUSED: dict[type[ExporterError], tuple[int, str]] = {
    OrderRefused: (409, ""),
    KeyUsed: (422, "Idempotency-Key: "),
    UpstreamError: (502, "which errors there are is not known: "),
}
"""What an order that is not taken is answered."""

log = structlog.get_logger(__name__)


def order_endpoint(orders: Orders, history: ResyncHistory, snapshots: Snapshots, tokens: Tokens) -> Endpoint:
    """202 once the job is stored, 200 for a dry run and for the same order again; 400 with the reason, 404 for an
    unknown integration, 409 where nothing can be resynced, 413, 415, 422 for the key of another order, 502 if the
    errors of a dry run cannot be listed."""

    async def order(request: Request) -> Response:
        asked, key = await _asked(request)
        name = asked.request.integration
        if name not in snapshots:
            raise HTTPException(404, f"integration: got {name!r}; no integration has this name")
        try:
            return await (preview(asked) if asked.dry_run else place(request, asked, key))
        except tuple(_REFUSED) as error:
            status, words = next(told for kind, told in _REFUSED.items() if isinstance(error, kind))
            raise HTTPException(status, f"{words}{error}") from error

    async def preview(asked: Asked) -> Response:
        return JSONResponse({"plan": _plan(await orders.preview(asked.request))})

    async def place(request: Request, asked: Asked, key: str | None) -> Response:
        placed = await orders.place(asked.request, key)
        if placed.made:
            _told("resync", request, placed.job, integration=asked.request.integration)
        headers = {"Location": f"/api/v1/resyncs/{placed.job}"}
        return await _job(history, request, placed.job, 202 if placed.made else 200, headers)

    return _authorized(order, tokens, "resync")


async def _asked(request: Request) -> tuple[Asked, str | None]:
    """What is ordered, and under which key."""
    body = await read_body(request, MAX_BODY_BYTES)
    try:
        return parse_request(body), parse_key(request.headers.get("idempotency-key"))
    except ValueError as error:
        raise HTTPException(400, str(error)) from error


def approve_endpoint(orders: Orders, history: ResyncHistory, tokens: Tokens) -> Endpoint:
    """202 once the job may go on; 404, 409 if it does not wait for approval."""

    async def approve(request: Request) -> Response:
        return await _change(request, history, orders.approve, "approve", "it does not wait for approval")

    return _authorized(approve, tokens, "approve")


def cancel_endpoint(orders: Orders, history: ResyncHistory, tokens: Tokens) -> Endpoint:
    """202 once the job has ended, or will before its next batch; 404, 409 if it has ended by itself."""

    async def cancel(request: Request) -> Response:
        return await _change(request, history, orders.cancel, "cancel", "it cannot be cancelled")

    return _authorized(cancel, tokens, "cancel")


async def _change(
    request: Request,
    history: ResyncHistory,
    change: Callable[[int], Awaitable[bool]],
    order: str,
    not_possible: str,
) -> Response:
    job_id = id_of(request.path_params["id"])
    if job_id is None:
        return no_such_job(request)
    if await change(job_id):
        _told(order, request, job_id)
        return await _job(history, request, job_id, 202)
    job = await history.job(job_id)
    if job is None:
        return no_such_job(request)
    ended = "has ended" if job["state"] in ENDED else "has not ended"
    return problem(409, f"job {job_id} is {job['state']} and {ended}: {not_possible}")


async def _job(
    history: ResyncHistory, request: Request, job_id: int, status: int, headers: dict[str, str] | None = None
) -> Response:
    job = await history.job(job_id)
    return no_such_job(request) if job is None else JSONResponse({"job": job_json(job)}, status, headers)


def _authorized(endpoint: Endpoint, tokens: Tokens, order: str) -> Endpoint:
    """401 before anything is read, or 503 for a token of our own that cannot be; 503 when the store fails."""

    async def guarded(request: Request) -> Response:
        denial = why_denied(request, tokens())
        if denial is not None:
            log.warning(
                "order rejected", order=order, status=denial.status, cause=denial.cause, sender=_sender(request)
            )
            return denied(denial.status)
        try:
            return await endpoint(request)
        except StoreError as error:
            log.error("order rejected", order=order, status=503, cause=str(error), sender=_sender(request))
            return problem(503, "the store failed; send it again, with the same Idempotency-Key if it is an order")

    return guarded


def _told(order: str, request: Request, job_id: int, **more: str) -> None:
    log.info("order taken", order=order, job=job_id, sender=_sender(request), **more)


def _sender(request: Request) -> str:
    return request.client.host if request.client else ""


def _plan(preview: Preview) -> Json:
    waits = preview.waits_for
    return {
        "action": preview.action,
        "records": len(preview.plan.errors),
        "batches": preview.batches,
        "expected_api_calls": preview.plan.calls,
        "seconds": preview.seconds,
        "refused": dict(preview.plan.refused),
        "waits_for": None if waits is None else {"reason": waits.reason, "detail": waits.detail},
        "needs_approval": preview.needs_approval,
    }
