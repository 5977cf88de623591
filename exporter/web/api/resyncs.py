"""What the remediation did, and why: ``GET /api/v1/resyncs`` and ``/{id}``, ``/refusals``, ``/notifications``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.catalog.catalog import CATALOG
from exporter.errors import StoreError
from exporter.state.snapshots import Snapshots
from exporter.store.history import JobFilter, ResyncHistory
from exporter.store.job import ENDED, QUEUED, RUNNING
from exporter.store.tally import OUTCOMES, PROOFS
from exporter.web.api.ledger_json import batch_json, job_json, record_json, row_json
from exporter.web.parameters import BadParameter, before_of, choice, id_of, limit_of, text
from exporter.web.problem import problem

Endpoint = Callable[[Request], Awaitable[Response]]

STATES = (QUEUED, RUNNING, *ENDED)
LONGEST_ALERT, LONGEST_CURSOR = 200, 500


def resyncs_endpoint(history: ResyncHistory, snapshots: Snapshots) -> Endpoint:
    """``?integration=&state=&category=&alert=&limit=&before=``: jobs, the newest first, and beside the first page the
    newest refusals."""

    async def resyncs(request: Request) -> Response:
        query = request.query_params
        wanted = JobFilter(
            integration=_integration(query, snapshots),
            state=choice(query, "state", STATES),
            category=choice(query, "category", CATALOG.selectable_categories),
            alert=text(query, "alert", LONGEST_ALERT),
        )
        limit, before = limit_of(query), before_of(query)
        page = await history.jobs(wanted, limit, before)
        refused: list[dict[str, Any]] = []
        if before is None:
            refused = (await history.refusals(limit, wanted.integration, alert=wanted.alert)).rows
        return JSONResponse(
            {
                "jobs": list(map(job_json, page.rows)),
                "refusals": list(map(row_json, refused)),
                "next_before": page.next,
            }
        )

    return _reading(resyncs)


def resync_endpoint(history: ResyncHistory) -> Endpoint:
    """``/{id}?outcome=&proof=&limit=&after=``: a job, its newest requests and refusals, its records page by page."""

    async def resync(request: Request) -> Response:
        query = request.query_params
        outcome, proof = choice(query, "outcome", OUTCOMES), choice(query, "proof", PROOFS)
        limit, after = limit_of(query), text(query, "after", LONGEST_CURSOR)
        job_id = id_of(request.path_params["id"])
        job = None if job_id is None else await history.job(job_id)
        if job is None or job_id is None:
            return no_such_job(request)
        page = await history.records(job_id, limit, after, outcome, proof)
        return JSONResponse(
            {
                "job": job_json(job),
                "batches": list(map(batch_json, await history.batches(job_id, limit))),
                "records": list(map(record_json, page.rows)),
                "next_after": page.next,
                "refusals": list(map(row_json, (await history.refusals(limit, job_id=job_id)).rows)),
            }
        )

    return _reading(resync)


def refusals_endpoint(history: ResyncHistory, snapshots: Snapshots) -> Endpoint:
    """``?integration=&alert=&limit=&before=``: what was not done, and why; the newest first."""

    async def refusals(request: Request) -> Response:
        query = request.query_params
        integration, alert = _integration(query, snapshots), text(query, "alert", LONGEST_ALERT)
        page = await history.refusals(limit_of(query), integration, alert=alert, before=before_of(query))
        return JSONResponse({"refusals": list(map(row_json, page.rows)), "next_before": page.next})

    return _reading(refusals)


def notifications_endpoint(history: ResyncHistory) -> Endpoint:
    """``?limit=&before=``: the notifications that were taken, and what became of their alerts; the newest first."""

    async def notifications(request: Request) -> Response:
        query = request.query_params
        page = await history.notifications(limit_of(query), before_of(query))
        return JSONResponse({"notifications": list(map(row_json, page.rows)), "next_before": page.next})

    return _reading(notifications)


def no_such_job(request: Request) -> Response:
    return problem(404, f"id: got {request.path_params['id'][:40]!r}; no job has this id, or not any more")


class UnknownIntegration(BadParameter):
    """A name that no integration has."""

    def __init__(self, name: str) -> None:
        super().__init__("integration", name, "the name of an integration that is configured")


def _integration(query: QueryParams, snapshots: Snapshots) -> str | None:
    name = query.get("integration")
    if name is not None and name not in snapshots:
        raise UnknownIntegration(name)
    return name


def _reading(endpoint: Endpoint) -> Endpoint:
    """400 for a bad parameter, 404 for an integration that is not configured, 503 when the store cannot be read."""

    async def read(request: Request) -> Response:
        try:
            return await endpoint(request)
        except UnknownIntegration as error:
            return problem(404, str(error))
        except BadParameter as error:
            return problem(400, str(error))
        except StoreError:
            return problem(503, "the store cannot be read")

    return read
