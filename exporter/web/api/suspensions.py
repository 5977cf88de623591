"""``POST /api/v1/suspensions``: a suspension or clearance, reported by hand or by a hook."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.catalog.catalog import CATALOG
from exporter.clock import Clock, is_plausible, parse_timestamp
from exporter.errors import StoreError
from exporter.model import Suspension
from exporter.schemas.json_schema import first_problem
from exporter.state.snapshots import Snapshots
from exporter.store.reports import Report, ReportStore
from exporter.web.bearer import Tokens, why_denied
from exporter.web.body import read_body
from exporter.web.problem import denied, problem

MAX_BODY_BYTES = 64 * 1024
CLOCKS_APART = 300.0
"""Seconds that the clock of who reports may be ahead of ours."""

log = structlog.get_logger(__name__)


def suspensions_endpoint(
    snapshots: Snapshots, store: ReportStore, tokens: Tokens, clock: Clock
) -> Callable[[Request], Awaitable[Response]]:
    """202 once the report is stored; 400 with the reason, 401, 404 for an unknown integration, 413, 415, 503."""

    async def report(request: Request) -> Response:
        denial = why_denied(request, tokens())
        if denial is not None:
            log.warning("suspension report rejected", status=denial.status, cause=denial.cause)
            return denied(denial.status)
        try:
            stated = _parse(await read_body(request, MAX_BODY_BYTES), clock.time())
        except ValueError as error:
            return problem(400, str(error))
        if stated.integration not in snapshots:
            return problem(404, f"integration: got {stated.integration!r}; no integration has this name")
        try:
            await store.put(stated)
        except StoreError as error:
            log.error("suspension report not stored", error=str(error))
            return problem(503, "the report could not be stored; send it again")
        log.info("suspension reported", integration=stated.integration, suspended=stated.suspension.suspended)
        snapshots.report(stated.integration, stated.suspension, stated.reported_at)
        return JSONResponse({"accepted": True}, 202)

    return report


def _parse(body: bytes, now: float) -> Report:
    """Raises ``ValueError`` with a sentence for anything that is not a report."""
    try:
        payload = json.loads(body)
    except RecursionError as error:
        raise ValueError("the body is nested too deeply") from error
    except ValueError as error:
        raise ValueError("the body is not JSON") from error
    misfit = first_problem(payload, "suspension_report")
    if misfit is not None:
        raise ValueError(misfit)
    return Report(payload["integration"], _suspension(payload, now), now)


def _suspension(payload: Mapping[str, Any], now: float) -> Suspension:
    if not payload["suspended"]:
        return Suspension(suspended=False, reason=None, since=None)
    reason, since = payload.get("reason"), payload.get("since")
    known = CATALOG.reason(reason) if reason is not None else None
    if reason is not None and known is None:
        raise ValueError(f"reason: got {reason[:80]!r}; expected one of {', '.join(CATALOG.reason_names)}")
    return Suspension(suspended=True, reason=known, since=now if since is None else _time(since, now))


def _time(since: str, now: float) -> float:
    moment = -1.0
    with contextlib.suppress(ValueError):
        moment = parse_timestamp(since)
    if not is_plausible(moment):
        raise ValueError(f"since: got {since[:40]!r}; expected an RFC 3339 time with a zone, from 1970 to 2999")
    if moment > now + CLOCKS_APART:
        raise ValueError(f"since: got {since[:40]!r}, which is yet to come; expected the time at which it began")
    return moment
