"""The ASGI application, assembled in one place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.clients.connection import Connection
from exporter.clock import Clock
from exporter.config.secret import Secret
from exporter.exposition.page import Exposition
from exporter.polling.poller import Poller
from exporter.remediation.receiver import Receiver
from exporter.self_metrics import SelfMetrics
from exporter.state.snapshots import Snapshots
from exporter.store.history import ResyncHistory
from exporter.store.reports import ReportStore
from exporter.web.api import integrations_endpoint, resyncs_endpoint
from exporter.web.reload import reload_endpoint
from exporter.web.status_page import status_endpoint
from exporter.web.suspensions import suspensions_endpoint
from exporter.web.sync_errors import sync_errors_endpoint
from exporter.web.webhook import webhook_endpoint


def build_app(
    *,
    exposition: Exposition,
    snapshots: Snapshots,
    poller: Poller,
    receiver: Receiver,
    history: ResyncHistory,
    reports: ReportStore,
    connections: Mapping[str, Connection],
    metrics: SelfMetrics,
    webhook_token: Callable[[], Secret | None],
    store_problem: Callable[[], Awaitable[str | None]],
    reload: Callable[[], Awaitable[None]] | None,
    clock: Clock,
) -> Starlette:
    """Every route of the exporter. Reading needs no token, as for any Prometheus component; writing does."""
    webhook = webhook_endpoint(receiver, webhook_token, metrics)
    return Starlette(
        routes=[
            Route("/", status_endpoint(snapshots, poller, clock)),
            Route("/metrics", _metrics_endpoint(exposition)),
            Route("/-/healthy", _healthy),
            Route("/-/ready", _ready_endpoint(poller, store_problem)),
            Route("/-/reload", reload_endpoint(reload), methods=["POST", "PUT"]),
            Route("/alertmanager/webhook", webhook, methods=["POST"]),
            # Not redirected to the other: behind a proxy that would lead from https to http, the token with it.
            Route("/alertmanager/webhook/", webhook, methods=["POST"]),
            Route("/api/v1/integrations", integrations_endpoint(snapshots, clock)),
            Route("/api/v1/sync-errors", sync_errors_endpoint(connections, snapshots, clock)),
            Route("/api/v1/resyncs", resyncs_endpoint(history)),
            Route(
                "/api/v1/suspensions", suspensions_endpoint(snapshots, reports, webhook_token, clock), methods=["POST"]
            ),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)],
    )


def _metrics_endpoint(exposition: Exposition) -> Callable[[Request], Awaitable[Response]]:
    async def metrics(request: Request) -> Response:
        body, content_type = exposition.page(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type})

    return metrics


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("hubspot-salesforce-exporter is healthy.\n")


def _ready_endpoint(
    poller: Poller, store_problem: Callable[[], Awaitable[str | None]]
) -> Callable[[Request], Awaitable[Response]]:
    """503 until every integration has been tried, and while the store cannot be used: then no webhook is taken."""

    async def ready(_request: Request) -> Response:
        if not poller.tried():
            return PlainTextResponse("Not every integration has been tried yet.\n", 503)
        problem = await store_problem()
        if problem is not None:
            return PlainTextResponse(f"The store cannot be used: {problem.removeprefix('store: ')}.\n", 503)
        return PlainTextResponse("hubspot-salesforce-exporter is ready.\n")

    return ready
