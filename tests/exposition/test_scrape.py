"""A real Prometheus scrapes the page, over HTTP, with everything it can negotiate."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml

from exporter.demo.processes import PROMETHEUS, Program, find_binary, free_port, running
from exporter.demo.simulator.org import Org
from exporter.server import listen_on
from exporter.service import Service
from tests.pages import OPENMETRICS_ACCEPT, Series, openmetrics_page

DEADLINE = 60.0
PROTOBUF = "application/vnd.google.protobuf"
OF_PROMETHEUS = {"job", "instance", "exported_job", "exported_instance"}


@contextlib.asynccontextmanager
async def served(service: Service, listen: socket.socket) -> AsyncIterator[list[str]]:
    """The service behind a real HTTP server; what was asked for with ``Accept``, in order."""
    accepted: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        accepted.append(dict(scope["headers"]).get(b"accept", b"").decode())
        await service.app(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listen]))
    try:
        yield accepted
    finally:
        server.should_exit = True
        await serving


@contextlib.asynccontextmanager
async def scraping(target: str, folder: Path) -> AsyncIterator[str]:
    """A Prometheus that scrapes ``target`` and offers protobuf before all text; its URL."""
    job = {"job_name": "hubspot-salesforce", "scrape_interval": "1s", "static_configs": [{"targets": [target]}]}
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump({"scrape_configs": [job]}), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    command = (
        *(find_binary(PROMETHEUS), f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}"),
        # With this feature it asks for the one format that carries native histograms; others ask so by default.
        *(f"--web.listen-address={address}", "--enable-feature=native-histograms"),
    )
    async with running(Program("prometheus", command, f"http://{address}/-/ready"), folder / "prometheus.log"):
        yield f"http://{address}"


async def held_of(url: str, integration: str) -> Mapping[Series, float]:
    """What Prometheus has taken in of an integration; waits until there is something."""
    asked = {"query": f'{{integration="{integration}"}}'}
    found: list[Any] = []
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(DEADLINE):
        while not found:
            await asyncio.sleep(0.1)
            found = (await http.get(f"{url}/api/v1/query", params=asked)).json()["data"]["result"]
    return dict(_as_on_the_page(series) for series in found)


def _as_on_the_page(series: Mapping[str, Any]) -> tuple[Series, float]:
    labels = {name: value for name, value in series["metric"].items() if name not in OF_PROMETHEUS}
    name = labels.pop("__name__")
    return (name, frozenset(labels.items())), float(series["value"][1])


@pytest.mark.binaries
async def test_prometheus_takes_in_the_whole_page_though_it_would_rather_have_protobuf(
    service: Service, http: httpx.AsyncClient, acme: Org, tmp_path: Path
) -> None:
    """It offers protobuf first and, since version 3, names with any letters; it gets OpenMetrics, and every sample."""
    acme.suspend("unknown_error", cause_holds=True)
    for target in service.poller.targets:
        await service.poller.poll(target)
    page = openmetrics_page((await http.get("/metrics", headers={"Accept": OPENMETRICS_ACCEPT})).text)
    listen = listen_on("127.0.0.1:0")
    host, port = listen.getsockname()
    async with served(service, listen) as accepted, scraping(f"{host}:{port}", tmp_path) as url:
        held = await held_of(url, "acme")
    assert held == page.series(integration="acme")
    assert {header.partition(";")[0] for header in accepted} == {PROTOBUF}
