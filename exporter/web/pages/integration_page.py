"""``GET /integrations/{name}``: one integration as a person knows it from HubSpot's own Sync Health page, with its
resyncs. What cannot be read is said with its cause, and the rest is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from exporter.clients.connection import Connection
from exporter.clock import Clock
from exporter.errors import StoreError, UpstreamError
from exporter.model import HubSpotAccount
from exporter.polling.poller import Poller
from exporter.remediation.actions import ways_of
from exporter.remediation.look import MOST_SHOWN, look
from exporter.remediation.policy import why_not_by
from exporter.state.facts import facts_of
from exporter.state.links import account_of, links_of
from exporter.state.snapshots import Snapshots
from exporter.store.history import ResyncHistory
from exporter.web.pages.error_cards import cards
from exporter.web.pages.error_filter import ErrorFilter, error_filter
from exporter.web.pages.error_lines import ErrorLine, error_line
from exporter.web.pages.error_notices import notice_lines
from exporter.web.pages.html_page import answered, rendered
from exporter.web.pages.resync_list import UNREADABLE, resync_list, resync_records
from exporter.web.pages.status_page import status_row
from exporter.web.parameters import id_of

LONGEST_CURSOR = 500
PATIENCE = 15.0
"""Seconds that a person waits for a bridge before the rest is shown without it."""


@dataclass(frozen=True, slots=True)
class ErrorList:
    """The single errors that are looked at, or ``problem``, why there are none to see. ``unresynced`` is why none of
    them can be resynced, empty if they can."""

    lines: tuple[ErrorLine, ...] = ()
    next_after: str | None = None
    left_out: int = 0
    problem: str = ""
    unresynced: str = ""


def integration_endpoint(
    snapshots: Snapshots,
    poller: Poller,
    connections: Mapping[str, Connection],
    history: ResyncHistory,
    clock: Clock,
    patience: float = PATIENCE,
) -> Callable[[Request], Awaitable[Response]]:
    """The page as an endpoint: 404 for an integration that is not configured, 400 for a filter that is none.

    Two pages beside it ask nobody for errors: ``?only=resyncs``, with ``before=`` for older ones, and ``?job=`` with
    the records of a job: 404 if there is none, 503 if the store cannot be read. A bridge has ``patience`` seconds.
    """

    async def integration(request: Request) -> Response:
        name, now = request.path_params["name"], clock.time()
        if name not in snapshots:
            title, why = (
                f"No integration is called “{name}”",
                "It may have been renamed, or taken out of the configuration.",
            )
            return answered(rendered("nothing.html", now, title=title, why=why), 404)
        if "job" in request.query_params:
            return await _job(history, name, request.query_params, now)
        resyncs = await resync_list(history, name, id_of(request.query_params.get("before", "")), now)
        if request.query_params.get("only") == "resyncs":
            return answered(rendered("resyncs.html", now, name=name, resyncs=resyncs))
        shown = error_filter(request.query_params)
        snapshot = snapshots[name]
        errors = await _errors(connections.get(name), shown, account_of(snapshot, now), now, patience)
        page = rendered(
            "integration.html",
            now,
            row=status_row(snapshot, now, [one.source.name for one in poller.targets if one.integration == name]),
            cards=cards(facts_of(snapshot, now).errors),
            notices=notice_lines(snapshot, now),
            shown=shown,
            errors=errors,
            resyncs=resyncs,
            most=MOST_SHOWN,
        )
        return answered(page, 400 if shown.problem else 200)

    return integration


async def _job(history: ResyncHistory, name: str, query: QueryParams, now: float) -> Response:
    job_id, after = id_of(query["job"]), query.get("after", "")[:LONGEST_CURSOR].replace("\0", "") or None
    try:
        found = None if job_id is None else await resync_records(history, name, job_id, after, now)
    except StoreError:
        return answered(rendered("nothing.html", now, title="Not known", why=f"{UNREADABLE.capitalize()}."), 503)
    if found is None:
        why = "No resync of this integration has this number, or not any more."
        return answered(rendered("nothing.html", now, title="No such resync", why=why), 404)
    return answered(
        rendered(
            "job.html",
            now,
            name=name,
            job=found.job,
            refusals=found.refusals,
            records=found.records,
            next_after=found.next_after,
            after=after,
        )
    )


async def _errors(
    connection: Connection | None, shown: ErrorFilter, account: HubSpotAccount | None, now: float, patience: float
) -> ErrorList:
    if shown.problem:
        return ErrorList(problem=shown.problem)
    if connection is None or connection.lister is None:
        return ErrorList(problem="sync_health names neither a bridge nor exported errors, and nobody else lists them")
    try:
        async with asyncio.timeout(patience):
            found = await look(connection.lister, shown.wanted, shown.after)
    except UpstreamError as error:
        return ErrorList(problem=f"{_lister(connection)} cannot be read: {error}")
    except TimeoutError:
        return ErrorList(problem=f"{_lister(connection)} cannot be read: it did not answer within {patience:g} seconds")
    links = links_of(connection.settings, account)
    lines = (error_line(error, now, links.hubspot(error), links.salesforce(error)) for error in found.errors)
    return ErrorList(tuple(lines), found.next_after, found.left_out, unresynced=_unresynced(connection))


def _unresynced(connection: Connection) -> str:
    """Why an order that names no action would be refused, whatever it names."""
    ways = ways_of(connection)
    return why_not_by(ways.own or "", ways.by_name.keys()) or ""


def _lister(connection: Connection) -> str:
    return "the bridge" if connection.bridge is not None else "what was exported"
