"""A real Prometheus over a folder of blocks: fills it, starts it, asks it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from exporter.demo.processes import PROMETHEUS, find_binary, free_port
from tests.ready import await_ready

DEADLINE = 30.0

Matrix = list[dict[str, Any]]
"""Series as Prometheus answers a range query: ``metric`` and ``values``."""


class Client:
    """Prometheus' HTTP API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=DEADLINE)

    def close(self) -> None:
        self._http.close()

    def range(self, expr: str, start: float, end: float, step: float) -> Matrix:
        return self._data("query_range", query=expr, start=start, end=end, step=step)

    def instant(self, expr: str, at: float) -> list[dict[str, Any]]:
        return self._data("query", query=expr, time=at)

    def label_values(self, label: str, selector: str, start: float, end: float) -> list[str]:
        answer = self._http.get(
            f"/api/v1/label/{label}/values", params={"match[]": selector, "start": start, "end": end}
        )
        return list(_checked(answer)["data"])

    def firing(self) -> set[str]:
        """The alerts that fire now, by this Prometheus' own rules."""
        alerts = _checked(self._http.get("/api/v1/alerts"))["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def ready(self) -> bool:
        try:
            return self._http.get("/-/ready").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _data(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = _checked(self._http.post(f"/api/v1/{path}", data=parameters))
        assert not answer.get("warnings"), (parameters, answer["warnings"])
        return list(answer["data"]["result"])


def _checked(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == httpx.codes.OK, f"{answer.request.url}: {answer.text}"
    body: dict[str, Any] = answer.json()
    return body


def backfill(openmetrics: Path, blocks: Path) -> None:
    """Writes an OpenMetrics file into blocks beside those that are there."""
    command = ("promtool", "tsdb", "create-blocks-from", "--max-block-duration=54h", "openmetrics")
    done = subprocess.run([*command, "--quiet", openmetrics, blocks], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextlib.contextmanager
def prometheus(blocks: Path, *options: str, config: str = "") -> Iterator[Client]:
    """Runs Prometheus over the blocks until the end; ``config`` is its configuration, by default nothing to do."""
    file = blocks / "prometheus.yml"
    file.write_text(config)
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        *(find_binary(PROMETHEUS), f"--config.file={file.name}", "--storage.tsdb.path=."),
        *(f"--web.listen-address={url.removeprefix('http://')}", "--storage.tsdb.retention.time=100y", *options),
    ]
    with (
        (blocks / "prometheus.log").open("ab") as log,
        subprocess.Popen(command, cwd=blocks, stdout=log, stderr=log) as process,
    ):
        client = Client(url)
        try:
            await_ready(client.ready, process, blocks / "prometheus.log", DEADLINE)
            yield client
        finally:
            client.close()
            process.terminate()
            process.wait(DEADLINE)
