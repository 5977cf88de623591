"""What every request of an outside API passes before its handler: org, counting, faults; and refusals on the way out.

Each API has its own shape of error, so a `Gate` is told how to write one.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.in_between import OUTAGE_PAGE, answer_in_between
from exporter.demo.simulator.login_faults import LOGIN_FAULTS
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.spoiled import cut_in_the_middle, with_wrong_types
from exporter.demo.simulator.world import World

MIGRATION_SECONDS = 3_600
"""What HubSpot asks to wait while an account is moved, unless the fault says it: up to a day, and always something."""


class Refusal(Exception):
    """A request that is answered with an error: status, the API's code for it, a sentence."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """`Retry-After`, if there is one."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


# What a fault that is an ordinary error says: status, code, message. Salesforce's codes; other APIs know few of them.
_FAULT_ANSWERS = {
    "unauthorized": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "quota": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "rate_limited": (429, "RATE_LIMIT", "You have reached your secondly limit."),
    "server_error": (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred."),
    "api_disabled": (403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner"),
    "org_locked": (403, "ORG_LOCKED", "The organization is locked by another update."),
    "unable_to_lock_row": (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    "storage_exceeded": (403, "STORAGE_LIMIT_EXCEEDED", "storage limit exceeded"),
    "missing_scopes": (403, "MISSING_SCOPES", "This app hasn't been granted all required scopes."),
    "concurrent_limit": (
        403,
        "REQUEST_LIMIT_EXCEEDED",
        "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    ),
    "org_transaction_limit": (500, "UNKNOWN_EXCEPTION", "ConcurrentPerOrgLongTxn Limit exceeded."),
    "old_api_version": (410, "UNSUPPORTED_API_VERSION", "The requested API version is retired."),
    "query_timeout": (400, "QUERY_TIMEOUT", "Your query request was running for too long."),
    "daily_limit": (429, "DAILY", "You have reached your daily limit."),
    "ten_secondly_limit": (429, "TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit."),
    "locked": (423, "LOCKED", "The resource is locked by other writes."),
    "migrating": (477, "MIGRATION_IN_PROGRESS", "This account is being moved."),
    "session_refused": (401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
    **LOGIN_FAULTS,
}

Handler = Callable[[Org, Request], Awaitable[Response]]


def org_in_path(world: World, request: Request) -> Org | None:
    """The org named by the first part of the path."""
    return world.orgs.get(request.path_params["org"])


def _as_it_is(_org: Org, response: Response) -> Response:
    return response


@dataclass(frozen=True, slots=True)
class Gate:
    """The way in to one API. `finish` sees each answer of the API itself, errors included, and may add to it."""

    world: World
    api: str
    write_refusal: Callable[[Refusal], Response]
    finish: Callable[[Org, Response], Response] = _as_it_is
    find: Callable[[World, Request], Org | None] = org_in_path

    def route(self, path: str, group: str, handler: Handler, methods: tuple[str, ...] = ("GET",)) -> Route:
        """A route whose requests are counted as `{api}.{group}`, or just `{api}` without a group."""
        counted = f"{self.api}.{group}" if group else self.api

        async def endpoint(request: Request) -> Response:
            org = self.find(self.world, request)
            if org is None:
                return self.write_refusal(Refusal(404, "NOT_FOUND", "nothing is simulated at this address"))
            org.requests[counted] += 1
            response = await self._answer(org, request, handler)
            response.headers["Date"] = formatdate(org.clock() + org.clock_ahead, usegmt=True)
            return response

        return Route(path, endpoint, methods=list(methods))

    async def _answer(self, org: Org, request: Request, handler: Handler) -> Response:
        fault = org.faults.take(self.api)
        name = fault.fault if fault else ""
        if name == "hang":
            await _hang(request, self.world.stopping)
            return HTMLResponse(OUTAGE_PAGE, status_code=503)
        instead = answer_in_between(fault, request) if fault else None
        if instead is not None:
            return instead
        try:
            await _half_of_the_way(org)
            _raise_fault(fault)
            response = await handler(org, request)
        except Refusal as refusal:
            response = self.write_refusal(refusal)
        await _half_of_the_way(org)
        if name == "cut_json":
            response = cut_in_the_middle(response)
        elif name == "wrong_types":
            response = with_wrong_types(response)
        return self.finish(org, response)


async def _half_of_the_way(org: Org) -> None:
    """What happens half-way through an answer may be lost with it, or not have happened."""
    if org.settings.latency:
        await asyncio.sleep(org.settings.latency / 2)


def _raise_fault(fault: Fault | None) -> None:
    if fault is not None and fault.fault in _FAULT_ANSWERS:
        wait = MIGRATION_SECONDS if fault.fault == "migrating" and fault.retry_after is None else fault.retry_after
        raise fault_refusal(fault.fault, wait)


def fault_refusal(name: str, retry_after: int | None = None) -> Refusal:
    """What a fault that is an ordinary error answers."""
    return Refusal(*_FAULT_ANSWERS[name], retry_after)


async def _hang(request: Request, stopping: asyncio.Event) -> None:
    """Say nothing until the client goes away or the simulator stops."""

    async def disconnected() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    waits = [asyncio.ensure_future(disconnected()), asyncio.ensure_future(stopping.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def read_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty object. Refusal 400 otherwise."""
    body = await request.body()
    try:
        content = json.loads(body) if body else {}
    except ValueError as error:
        raise Refusal(400, "JSON_PARSER_ERROR", f"the body is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise Refusal(400, "JSON_PARSER_ERROR", "the body must be a JSON object")
    return content


def bearer(request: Request) -> str:
    """The token of the Authorization header; empty without one. `OAuth` is an old word of Salesforce for Bearer."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else ""


def json_refusal(refusal: Refusal, content: Any) -> JSONResponse:
    """A refusal with this content."""
    return JSONResponse(content, status_code=refusal.status, headers=refusal.headers)
