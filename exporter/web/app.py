"""The ASGI application, assembled in one place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.clients.connection import Connection
from exporter.clock import Clock
from exporter.config.settings import Remediation
from exporter.exposition.page import Exposition
from exporter.polling.poller import Poller
from exporter.remediation.orders import Orders
from exporter.remediation.receiver import Receiver
from exporter.self_metrics import SelfMetrics
from exporter.state.snapshots import Snapshots
from exporter.state.upkeep import Upkeep
from exporter.store.history import ResyncHistory
from exporter.store.reports import ReportStore
from exporter.web.absolute_targets import AbsoluteTargets
from exporter.web.api.integrations import integrations_endpoint
from exporter.web.api.openapi import openapi_endpoint
from exporter.web.api.resync_orders import approve_endpoint, cancel_endpoint, order_endpoint
from exporter.web.api.resyncs import notifications_endpoint, refusals_endpoint, resync_endpoint, resyncs_endpoint
from exporter.web.api.suspensions import suspensions_endpoint
from exporter.web.api.sync_errors import sync_errors_endpoint
from exporter.web.api.uploads import uploads_endpoint
from exporter.web.cut_off import CutOff
from exporter.web.metrics import Scraping
from exporter.web.not_sniffed import NotSniffed
from exporter.web.pages.integration_page import integration_endpoint
from exporter.web.pages.status_page import status_endpoint
from exporter.web.problem import as_problem
from exporter.web.reload import reload_endpoint
from exporter.web.request_ids import RequestIds
from exporter.web.rooms import Rooms
from exporter.web.webhook import webhook_endpoint

_METRICS = "/metrics"

Endpoint = Callable[[Request], Awaitable[Response]]


def build_app(
    *,
    exposition: Exposition,
    snapshots: Snapshots,
    poller: Poller,
    receiver: Receiver,
    orders: Orders,
    history: ResyncHistory,
    reports: ReportStore,
    connections: Mapping[str, Connection],
    metrics: SelfMetrics,
    upkeep: Upkeep,
    settings: Callable[[], Remediation],
    store_problem: Callable[[], Awaitable[str | None]],
    leaving: Callable[[], bool],
    reload: Callable[[], Awaitable[None]] | None,
    clock: Clock,
) -> Starlette:
    """Every route of the exporter. Reading needs no token, as for any Prometheus component; writing does.

    ``settings`` are looked at anew every time. ``openapi.yaml`` describes each route.
    """
    webhook = webhook_endpoint(receiver, lambda: settings().webhook_tokens, metrics)
    resyncs = resyncs_endpoint(history, snapshots)
    order = order_endpoint(orders, history, snapshots, lambda: settings().order_tokens)
    suspensions = suspensions_endpoint(snapshots, reports, lambda: settings().report_tokens, clock)
    uploads = uploads_endpoint(connections, lambda: settings().order_tokens, poller.hasten)
    app = Starlette(
        routes=[
            Route("/", status_endpoint(snapshots, poller, upkeep, clock)),
            # A name may hold a slash.
            Route("/integrations/{name:any}", integration_endpoint(snapshots, poller, connections, history, clock)),
            Route(_METRICS, Scraping(exposition), methods=["GET"]),
            Route("/-/healthy", _healthy),
            Route("/-/ready", _ready_endpoint(poller, store_problem, leaving)),
            Route("/-/reload", reload_endpoint(reload), methods=["POST", "PUT"]),
            Route("/alertmanager/webhook", webhook, methods=["POST"]),
            # Alertmanager's most likely misprint; what else ends with a slash is nowhere.
            Route("/alertmanager/webhook/", webhook, methods=["POST"]),
            Route("/api/v1/integrations", integrations_endpoint(snapshots, clock)),
            Route("/api/v1/sync-errors", sync_errors_endpoint(connections, snapshots, clock)),
            Route("/api/v1/sync-errors/{integration:any}/{category}", uploads, methods=["PUT"]),
            Route("/api/v1/resyncs", _by_method({"GET": resyncs, "POST": order}), methods=["GET", "POST"]),
            Route("/api/v1/resyncs/{id}", resync_endpoint(history)),
            Route(
                "/api/v1/resyncs/{id}/approve",
                approve_endpoint(orders, history, lambda: settings().order_tokens),
                methods=["POST"],
            ),
            Route(
                "/api/v1/resyncs/{id}/cancel",
                cancel_endpoint(orders, history, lambda: settings().order_tokens),
                methods=["POST"],
            ),
            Route("/api/v1/refusals", refusals_endpoint(history, snapshots)),
            Route("/api/v1/notifications", notifications_endpoint(history)),
            Route("/api/v1/suspensions", suspensions, methods=["POST"]),
            Route("/api/v1/openapi.json", openapi_endpoint()),
        ],
        exception_handlers={HTTPException: as_problem},
        middleware=[
            Middleware(Rooms, metrics=metrics),
            Middleware(_Packing, minimum_size=1024, compresslevel=5),
        ],
    )
    # Behind a proxy that ends TLS a redirect would lead from https to http, the token with it.
    app.router.redirect_slashes = False
    return app


def in_front_of(app: ASGIApp) -> ASGIApp:
    """What every request is read by, and what every answer has, whoever gives it: the application, or its guard."""
    return AbsoluteTargets(NotSniffed(RequestIds(CutOff(app))))


class _Any(Convertor[str]):
    """A name as it is: it may hold a slash, and who asks for one with a line break is answered by its endpoint too."""

    regex = r"(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("any", _Any())


class _Packing(GZipMiddleware):
    """Packs all answers but scrapes, which pack themselves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == _METRICS:
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _by_method(endpoints: Mapping[str, Endpoint]) -> Endpoint:
    """One route for them all: of several the router names the methods of the first only, where it refuses another."""

    async def endpoint(request: Request) -> Response:
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    return endpoint


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("hubspot-salesforce-exporter is healthy.\n")


def _ready_endpoint(
    poller: Poller, store_problem: Callable[[], Awaitable[str | None]], leaving: Callable[[], bool]
) -> Callable[[Request], Awaitable[Response]]:
    """503 until every integration has been tried, while the store cannot be used, as then no webhook is taken, and from
    when the process is told to end."""

    async def ready(_request: Request) -> Response:
        if leaving():
            return PlainTextResponse("hubspot-salesforce-exporter is about to end.\n", 503)
        if not poller.ready():
            return PlainTextResponse("Not every integration has been tried yet.\n", 503)
        problem = await store_problem()
        if problem is not None:
            return PlainTextResponse(f"The store cannot be used: {problem.removeprefix('store: ')}.\n", 503)
        return PlainTextResponse("hubspot-salesforce-exporter is ready.\n")

    return ready
