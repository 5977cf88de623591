"""A real VictoriaMetrics on a free port of loopback, and vmalert, which evaluates rules over what it holds."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import yaml

from exporter.demo.processes import free_port
from tests.e2e.remote_write import HEADERS, Series, encoded
from tests.ready import await_ready

START_SECONDS = 30.0
RUN_SECONDS = 60.0

Group = dict[str, Any]


def program(name: str) -> str:
    """The path of one of the programs of Debian's package."""
    found = shutil.which(name)
    assert found is not None, f"{name} is missing: apt-get install victoria-metrics"
    return found


def vmalert(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs vmalert to its end."""
    command = [program("vmalert"), "-loggerLevel=WARN", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)


class Server:
    """One server with its own data."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=RUN_SECONDS)

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return self._http.get("/health").is_success
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self._http.close()

    def write(self, series: Iterable[Series]) -> None:
        """Returns once queries see the samples."""
        self._http.post("/api/v1/write", content=encoded(series), headers=HEADERS).raise_for_status()
        self._flush()

    def evaluate(self, groups: Sequence[Group], start: int, end: int, interval: float) -> None:
        """Has vmalert evaluate every rule at every interval from one Unix time to another; results become series."""
        file = self._folder / "rules.yml"
        file.write_text(yaml.safe_dump({"groups": list(groups)}), encoding="utf-8")
        ended = vmalert(
            f"-rule={file}",
            f"-datasource.url={self._url}",
            f"-remoteWrite.url={self._url}",
            "-remoteWrite.flushInterval=10ms",
            f"-evaluationInterval={interval:g}s",
            "-datasource.queryStep=0s",
            "-disableAlertgroupLabel",
            f"-replay.timeFrom={_written(start)}",
            f"-replay.timeTo={_written(end)}",
            "-replay.rulesDelay=0s",
            "-replay.maxDatapointsPerQuery=1000000",
            "-replay.disableProgressBar",
        )
        assert ended.returncode == 0, ended.stderr
        self._flush()

    def firing(self, alert: str, at: int) -> list[dict[str, str]]:
        """The labels under which an alert fires at a Unix time."""
        query: dict[str, str | int] = {
            "match[]": f'ALERTS{{alertname="{alert}",alertstate="firing"}}',
            "start": at,
            "end": at,
        }
        answer = self._http.get("/api/v1/export", params=query).raise_for_status()
        found = [json.loads(line)["metric"] for line in answer.text.splitlines()]
        return [{name: labels[name] for name in labels if name not in {"__name__", "alertstate"}} for labels in found]

    def _flush(self) -> None:
        self._http.get("/internal/force_flush").raise_for_status()


def _written(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")


@contextmanager
def running_server() -> Iterator[Server]:
    """A server for the length of a block; nothing of it stays."""
    with tempfile.TemporaryDirectory(prefix="victoria-metrics-") as name:
        port, folder = free_port(), Path(name)
        command = [
            program("victoria-metrics"),
            f"-httpListenAddr=127.0.0.1:{port}",
            f"-storageDataPath={folder / 'data'}",
            # The tests' samples are years apart.
            "-retentionPeriod=100y",
            "-memory.allowedBytes=256MB",
            "-search.disableCache",
            "-search.maxPointsPerTimeseries=1000000",
        ]
        log = folder / "log"
        with log.open("wb") as output, subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) as process:
            server = Server(f"http://127.0.0.1:{port}", folder)
            try:
                await_ready(server.answers, process, log, START_SECONDS)
                yield server
            finally:
                server.close()
                # Its data go too: nothing is lost by not waiting until they are in order.
                process.kill()
