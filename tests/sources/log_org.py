"""An org with event log files, and what a poll of it says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from exporter.clients.connection import Connection
from exporter.sources.salesforce_usage_log import fetch as fetch_in_parts
from exporter.sources.salesforce_usage_log import parse
from exporter.sources.source import Fetched
from exporter.sources.usage_log.log_file import DAY, HOUR

NOW = 1_800_000_000  # the test clock's; 2027-01-15T08:00:00Z
TODAY = NOW // DAY * DAY
HEADER = ("EVENT_TYPE", "TIMESTAMP_DERIVED", "CONNECTED_APP_NAME", "USER_AGENT", "COUNTS_AGAINST_API_LIMIT")

Row = tuple[float, str, str]
"""When, which app, whether it counts."""


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def calls(when: float, count: int = 1, app: str = "HubSpot", counts: str = "1") -> list[Row]:
    return [(when, app, counts)] * count


@dataclass
class Log:
    """A log file of the fake org."""

    interval: str
    start: int
    rows: list[Row]
    sequence: int | None = None
    created: float | None = None
    name: str | None = None
    length: int | None = None
    content: bytes | None = None

    @property
    def id(self) -> str:
        return self.name or f"0AT{self.interval[0]}{self.sequence or 0:02d}{self.start:011d}"

    @property
    def listing(self) -> dict[str, Any]:
        period = HOUR if self.interval == "Hourly" else DAY
        created = self.start + period + 3 * HOUR if self.created is None else self.created
        return {
            "attributes": {"type": "EventLogFile"},
            "Id": self.id,
            "Interval": self.interval,
            "LogDate": stamp(self.start).replace("Z", "+0000"),
            "CreatedDate": stamp(created).replace("Z", "+0000"),
            "Sequence": (1 if self.interval == "Hourly" else 0) if self.sequence is None else self.sequence,
            "LogFileLength": float(len(self.csv) if self.length is None else self.length),
        }

    @property
    def csv(self) -> bytes:
        if self.content is not None:
            return self.content
        text = io.StringIO()
        lines = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        lines.writerow(HEADER)
        lines.writerows(("ApiTotalUsage", stamp(when), app, 'a "b",\nc', counts) for when, app, counts in self.rows)
        return text.getvalue().encode()


@dataclass
class FakeOrg(httpx.AsyncBaseTransport):
    """An org with these files; notes what it was asked. The next answers may be something else."""

    files: list[Log] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    downloads: list[str] = field(default_factory=list)
    instead: list[httpx.Response] = field(default_factory=list)
    on_download: Callable[[], None] = lambda: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "instance_url": "https://acme.my.salesforce.com"})
        if self.instead:
            return self.instead.pop(0)
        if request.url.path.endswith("/query/"):
            self.queries.append(request.url.params["q"])
            rows = [log.listing for log in self.files]
            return httpx.Response(200, json={"totalSize": len(rows), "done": True, "records": rows})
        file_id = request.url.path.split("/")[-2]
        self.downloads.append(file_id)
        self.on_download()
        (log,) = (log for log in self.files if log.id == file_id)
        return httpx.Response(200, content=log.csv)


@dataclass
class SpoiledOrg(FakeOrg):
    """An org in which some files are answered with something else; the answer is made anew every time."""

    spoiled: dict[str, Callable[[], httpx.Response]] = field(default_factory=dict)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        file_id = request.url.path.split("/")[-2]
        if request.url.path.endswith("/LogFile") and file_id in self.spoiled:
            self.downloads.append(file_id)
            return self.spoiled[file_id]()
        return await super().handle_async_request(request)


def hourly(start: int, count: int, **more: Any) -> Log:
    """An hour with so many calls of HubSpot."""
    return Log("Hourly", start, calls(start + 60, count), **more)


async def fetch(connection: Connection, previous: Any) -> Any:
    """The payload of a poll, whatever parts it lacks; raises what it failed with as a whole."""
    poll = await fetched(connection, previous)
    if poll.failure is not None:
        raise poll.failure
    return poll.payload


async def fetched(connection: Connection, previous: Any = None) -> Fetched:
    """A poll; the payload goes through the store's JSON."""
    answer = await fetch_in_parts(connection, previous)
    assert isinstance(answer, Fetched)
    return replace(answer, payload=json.loads(json.dumps(answer.payload)))


def counted(payload: Any) -> int | None:
    return parse(payload, NOW).calls


def use(payload: Any, now: float = NOW) -> tuple[int | None, float]:
    """The integration's calls, and as of when."""
    usage = parse(payload, now)
    assert usage.complete
    return usage.calls, usage.as_of
