"""The calls of HubSpot's connected app, counted from Salesforce's own log of API calls.

Exports, for one integration, unless a bridge states the same fact::

    hubspot_salesforce_integration_api_calls_used{integration="acme"} 41200

Facts: Salesforce Object Reference, *EventLogFile* and *API Total Usage Event Type*. A row is a call; ``LogFile`` is CSV
and needs *View Event Log Files*. Hourly files come three to six hours late, so this is what was used, not what is being
used. One query lists the files, and each file is downloaded once: every download is an API call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from exporter.clients.connection import Connection
from exporter.clients.http.csv_rows import csv_rows
from exporter.clients.salesforce.client import SalesforceClient
from exporter.clients.salesforce.soql import soql_text, soql_time
from exporter.config.settings import Integration
from exporter.errors import AuthError, InvalidAnswer
from exporter.model import UsageLog
from exporter.schemas.json_schema import checked
from exporter.sources.usage_log.log_file import DAY, Coverage, LogFile, log_file, needed_files
from exporter.sources.source import Source, configured, remembered

LISTED = 3 * DAY
"""Seconds of LogDate asked for: the 24 hours counted, the day a daily file covers, and how late it may come."""

MAX_LISTED = 500
MAX_DOWNLOADS = 30
"""Files read in one poll, newest first: 24 hours and some late arrivals. More would be a run on the org's API calls
after every gap; the rest is read by the next poll, and until then the count is not known."""

READING_SECONDS = 15.0
"""No download is begun later than this in a poll, so that what was read is kept before the poll's deadline."""

APP, COUNTS, TIME = "CONNECTED_APP_NAME", "COUNTS_AGAINST_API_LIMIT", "TIMESTAMP_DERIVED"
_TRUE = frozenset({"1", "true"})
_QUERY = (
    "SELECT Id, Interval, LogDate, CreatedDate, Sequence, LogFileLength FROM EventLogFile"
    " WHERE EventType = {event_type} AND LogDate >= {since} ORDER BY LogDate DESC LIMIT {limit}"
)


async def fetch(connection: Connection, previous: Any) -> Any:
    """Calls per hour and file; files that ``previous`` holds are not downloaded again.

    What ``previous`` counted in another org or of another app is forgotten.
    """
    salesforce = configured(connection.salesforce, "Salesforce org")
    org = configured(connection.settings.salesforce, "Salesforce org").url
    app = configured(connection.settings.hubspot, "HubSpot account").connected_app
    began = connection.clock.time()
    kept = _kept(previous, org, app)
    read = []
    downloads = 0
    needed = needed_files(kept, await _listed(salesforce, began))
    for file in needed:
        if file.hours is not None:
            read.append(file)
        elif downloads < MAX_DOWNLOADS and connection.clock.time() < began + READING_SECONDS:
            read.append(replace(file, hours=await _download(salesforce, file, app)))
            downloads += 1
    return {"org": org, "app": app, "files": [_as_json(file) for file in read], "unread": len(needed) - len(read)}


async def _listed(salesforce: SalesforceClient, now: float) -> list[LogFile]:
    since = soql_time(now - LISTED)
    query = _QUERY.format(event_type=soql_text("ApiTotalUsage"), since=since, limit=MAX_LISTED)
    try:
        records = await salesforce.query(query)
    except InvalidAnswer as error:
        if error.code == "INVALID_TYPE":
            # This is how Salesforce says it: to who may not see an object there is no such object.
            raise AuthError("EventLogFile needs the permission View Event Log Files", code=error.code) from error
        raise
    rows = checked(list(records.rows), "salesforce_event_log_files", "query of EventLogFile")
    return [file for row in rows if (file := log_file(row)) is not None]


async def _download(salesforce: SalesforceClient, file: LogFile, app: str) -> dict[int, int]:
    where = f"log file {file.id}"
    async with (
        salesforce.stream_lines(f"sobjects/EventLogFile/{file.id}/LogFile") as lines,
        aclosing(csv_rows(lines, where)) as rows,
    ):
        return await count_calls(rows, file, app, where)


async def count_calls(rows: AsyncIterator[list[str]], file: LogFile, app: str, where: str) -> dict[int, int]:
    """Calls of ``app`` that count against the org's limit, by the start of their hour."""
    columns = _Columns.of(await anext(rows, []), where)
    counts: Counter[int] = Counter()
    async for row in rows:
        if len(row) < columns.width:
            if row:
                raise InvalidAnswer(f"{where}: a row with fewer fields than the header")
        elif row[columns.app] == app and row[columns.counts].lower() in _TRUE:
            counts[file.hour_of(row[columns.time])] += 1
    return dict(counts)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where in a row the fields stand; their order differs between API versions."""

    app: int
    counts: int
    time: int
    width: int

    @classmethod
    def of(cls, header: list[str], where: str) -> _Columns:
        missing = [name for name in (APP, COUNTS, TIME) if name not in header]
        if missing:
            raise InvalidAnswer(f"{where}: no column {missing[0]}")
        return cls(header.index(APP), header.index(COUNTS), header.index(TIME), len(header))


def _as_json(file: LogFile) -> dict[str, Any]:
    return {
        "id": file.id,
        "interval": file.interval,
        "start": file.start,
        "sequence": file.sequence,
        "created": file.created,
        "length": file.length,
        "hours": {str(hour): calls for hour, calls in (file.hours or {}).items()},
    }


def _kept(previous: Any, org: str, app: str) -> list[LogFile]:
    told = remembered(previous, "salesforce_usage_log")
    return list(_files(told)) if told and (told["org"], told["app"]) == (org, app) else []


def _files(payload: Mapping[str, Any]) -> Iterator[LogFile]:
    for entry in payload["files"]:
        hours = {int(hour): int(calls) for hour, calls in entry["hours"].items()}
        known = {name: entry[name] for name in ("id", "interval", "created", "length")}
        yield LogFile(**known, start=int(entry["start"]), sequence=int(entry["sequence"]), hours=hours)


def parse(payload: Any, read_at: float) -> UsageLog:
    """Sums the 24 hours that end where the newest file ends. No file at all is not a count of 0."""
    told = checked(payload, "salesforce_usage_log", "usage log")
    files = list(_files(told))
    if not files:
        raise InvalidAnswer("Salesforce lists no event log file of API calls")
    coverage = Coverage.of(files)
    as_of = min(float(coverage.end), read_at)
    return UsageLog(calls=_sum(files, coverage), as_of=as_of, complete=not told.get("unread"))


def _sum(files: Collection[LogFile], coverage: Coverage) -> int:
    return sum((file.hours or {}).get(hour, 0) for file in files for hour in coverage.hours(file))


def applies(integration: Integration) -> bool:
    """Without a ``hubspot`` section nobody has said that the log of this org is of interest."""
    return integration.salesforce is not None and integration.hubspot is not None


SOURCE = Source("salesforce_usage_log", applies, fetch, parse, asks_salesforce=True, budget_share=0.8)
