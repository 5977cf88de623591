"""A real Prometheus scrapes the page, over HTTP, with everything it can negotiate."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections import Counter
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

README = (Path(__file__).parents[2] / "exporter" / "README.md").read_text(encoding="utf-8")
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


def scrape_config(target: str) -> dict[str, Any]:
    job = {"job_name": "hubspot-salesforce", "static_configs": [{"targets": [target]}]}
    return {"scrape_configs": [job]}


def sharded(target: str) -> dict[str, Any]:
    """As the README has it."""
    example = re.search(r"### A fleet beyond one page\n.*?```yaml\n(.*?)```", README, re.DOTALL)
    assert example is not None
    config: dict[str, Any] = yaml.safe_load(example[1].replace("127.0.0.1:9951", target))
    return config


@contextlib.asynccontextmanager
async def scraping(config: dict[str, Any], folder: Path) -> AsyncIterator[str]:
    """A Prometheus that scrapes every second and offers protobuf before all text; its URL."""
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config | {"global": {"scrape_interval": "1s"}}), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    command = (
        *(find_binary(PROMETHEUS), f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}"),
        # With this feature it asks for the one format that carries native histograms; others ask so by default.
        *(f"--web.listen-address={address}", "--enable-feature=native-histograms"),
    )
    async with running(Program("prometheus", command, f"http://{address}/-/ready"), folder / "prometheus.log"):
        yield f"http://{address}"


async def held(url: str, query: str, least: int = 1) -> list[tuple[Series, float]]:
    """What Prometheus has taken in; waits until there are so many series."""
    found: list[Any] = []
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(DEADLINE):
        while len(found) < least:
            await asyncio.sleep(0.1)
            found = (await http.get(f"{url}/api/v1/query", params={"query": query})).json()["data"]["result"]
    return [_as_on_the_page(series) for series in found]


def _as_on_the_page(series: Mapping[str, Any]) -> tuple[Series, float]:
    labels = {name: value for name, value in series["metric"].items() if name not in OF_PROMETHEUS}
    name = labels.pop("__name__", "")
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
    async with served(service, listen) as accepted, scraping(scrape_config(f"{host}:{port}"), tmp_path) as url:
        taken_in = dict(await held(url, '{integration="acme"}'))
    assert taken_in == page.series(integration="acme")
    assert {header.partition(";")[0] for header in accepted} == {PROTOBUF}


@pytest.mark.binaries
async def test_prometheus_takes_in_a_fleet_in_parts(service: Service, http: httpx.AsyncClient, tmp_path: Path) -> None:
    """As the README says: every series of the page once, whichever target has it, under the job that the rules know."""
    for target in service.poller.targets:
        await service.poller.poll(target)
    page = openmetrics_page((await http.get("/metrics", headers={"Accept": OPENMETRICS_ACCEPT})).text)
    listen = listen_on("127.0.0.1:0")
    host, port = listen.getsockname()
    async with served(service, listen), scraping(sharded(f"{host}:{port}"), tmp_path) as url:
        await held(url, 'up{job="hubspot-salesforce"} == 1', least=4)
        ours = await held(url, '{job="hubspot-salesforce", __name__=~"hubspot_.+|process_.+"}')
        assert await held(url, 'absent(absent(up{job="hubspot-salesforce"} == 1))') == [(("", frozenset()), 1)]
    assert Counter(series for series, _ in ours) == Counter(page.samples.keys())
    assert {dict(labels).get("integration") for (_, labels), _ in ours} == {"acme", "beta", None}
