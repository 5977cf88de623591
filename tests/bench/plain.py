"""What the exporter is held against when it is scraped: ``python -m tests.bench.plain KIND PORT INTEGRATIONS POLLED
FOLDER``.

``collector``: the same samples by a plain collector of prometheus_client, served by its own application. ``zlib`` and
``isal``: the bytes that the exporter served, as they are or packed by that library, whole, once a request. Both under
the same server as the exporter, and without a line of it.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

import prometheus_client
import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.bench.watch import Watch

_GZIP = 16 + zlib.MAX_WBITS
_INTEGRATION = re.compile(r'integration="[^"]*"')


class Plain(Collector):
    """What an exporter does that is written as prometheus_client's documentation says: every sample made anew at every
    scrape, from values at hand."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        for family in self._families:
            fresh = Metric(family.name, family.documentation, family.type)
            for sample in family.samples:
                fresh.add_sample(sample.name, dict(sample.labels), sample.value)
            yield fresh


def families_of(page: str, integrations: int, polled: int) -> list[Metric]:
    """Those of a page whose integrations after the first ``polled`` say the same, read off the last of them: reading
    the whole page of a large fleet takes minutes."""
    copied = [f"org-{number:04d}" for number in range(polled + 1, integrations)]
    left_out = {f'integration="{name}"' for name in copied}
    families = list(text_string_to_metric_families("".join(_without(page, left_out))))
    last = f"org-{integrations:04d}"
    for family in families:
        own = [sample for sample in family.samples if sample.labels.get("integration") == last]
        family.samples += [
            sample._replace(labels={**sample.labels, "integration": name}) for name in copied for sample in own
        ]
    return families


def _without(page: str, left_out: Container[str]) -> Iterator[str]:
    for line in page.splitlines(keepends=True):
        found = _INTEGRATION.search(line)
        if found is None or found[0] not in left_out:
            yield line


def collector(folder: Path, integrations: int, polled: int) -> ASGIApp:
    """``page.txt`` is what the exporter served."""
    registry = CollectorRegistry()
    registry.register(Plain(families_of((folder / "page.txt").read_text(), integrations, polled)))
    app: ASGIApp = prometheus_client.make_asgi_app(registry)
    return app


def memory(folder: Path, library: str) -> ASGIApp:
    """``page.txt`` is what the exporter served, ``page.openmetrics`` the same for who wants that."""
    pages = {file.suffix: file.read_bytes() for file in folder.glob("page.*")}

    async def metrics(request: Request) -> Response:
        body = pages[".openmetrics" if "openmetrics" in request.headers.get("accept", "") else ".txt"]
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(PACKING[library](body), headers={"Content-Encoding": "gzip"})
        return Response(body)

    return Starlette(routes=[Route("/metrics", metrics)])


def _by_zlib(body: bytes) -> bytes:
    packer = zlib.compressobj(5, wbits=_GZIP)
    return packer.compress(body) + packer.flush()


def _by_isal(body: bytes) -> bytes:
    packed: bytes = import_module("isal.igzip").compress(body, 1)
    return packed


PACKING: dict[str, Callable[[bytes], bytes]] = {"zlib": _by_zlib, "isal": _by_isal}


def _with_metrics(metrics: ASGIApp) -> ASGIApp:
    watch = Starlette(routes=Watch().routes())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (metrics if scope["path"] == "/metrics" else watch)(scope, receive, send)

    return app


def main(arguments: Sequence[str]) -> None:
    kind, port, integrations, polled, folder = arguments
    app = collector(Path(folder), int(integrations), int(polled)) if kind == "collector" else memory(Path(folder), kind)
    uvicorn.run(
        _with_metrics(app),
        host="127.0.0.1", port=int(port), log_config=None, access_log=False, server_header=False, lifespan="off",
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
