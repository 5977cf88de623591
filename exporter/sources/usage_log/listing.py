"""Which log files the org offers: one query, without the columns it does not have.

Facts: ``Interval`` and ``Sequence`` are there from API version 37.0 on, and ``INVALID_FIELD`` *No such column
'Interval' on entity 'EventLogFile'* is seen where hourly files are not licensed: then there are daily ones.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from exporter.clients.salesforce.client import SalesforceClient
from exporter.clients.salesforce.soql import soql_text, soql_time
from exporter.errors import AuthError, InvalidAnswer, UnknownColumn, UpstreamError
from exporter.schemas.json_schema import checked
from exporter.sources.usage_log.log_file import DAY, LogFile, log_file

LISTED = 3 * DAY
"""Seconds of LogDate asked for: the 24 hours counted, the day a daily file covers, and how late it may come."""

MAX_LISTED = 500
COLUMNS = ("Id", "Interval", "LogDate", "CreatedDate", "Sequence", "LogFileLength")
OPTIONAL = frozenset({"Interval", "CreatedDate", "Sequence", "LogFileLength"})
"""What can be done without."""
OF_HOURLY_FILES = frozenset({"Interval", "Sequence"})
"""Of these what older versions and orgs without hourly files lack."""

SWITCH_OFF = "grant View Event Log Files, or switch the source off with intervals: {salesforce_usage_log: off}"
"""What to do where there are no event log files."""

_QUERY = (
    "SELECT {columns} FROM EventLogFile"
    " WHERE EventType = {event_type} AND LogDate >= {since} ORDER BY LogDate DESC LIMIT {limit}"
)
NO_ACCESS = ("INVALID_TYPE", "INSUFFICIENT_ACCESS", "FUNCTIONALITY_NOT_ENABLED", "FORBIDDEN", "HTTP_403")
"""How the codes begin by which Salesforce says it: to who may not see an object there is no such object."""


async def listed_files(
    salesforce: SalesforceClient, now: float, without: Collection[str]
) -> tuple[list[LogFile], frozenset[str]]:
    """The files, and the columns there are not, as ``without`` had them or found out; raises ``UpstreamError``."""
    missing = frozenset(without)
    while True:
        try:
            rows = await _rows(salesforce, now, missing)
        except InvalidAnswer as error:
            lacking = _lacking(error, OPTIONAL - missing)
            if not lacking:
                raise
            missing |= lacking
        else:
            return [file for row in rows if (file := log_file(row, missing)) is not None], missing


def _lacking(error: InvalidAnswer, asked: frozenset[str]) -> frozenset[str]:
    """What to leave out once Salesforce has refused a column: that one; where it named none, as in another language
    than English, those of hourly files, and then all that can be done without."""
    if isinstance(error, UnknownColumn):
        return frozenset(name for name in asked if name.lower() == error.column.lower())
    return (asked & OF_HOURLY_FILES or asked) if error.code == "INVALID_FIELD" else frozenset()


async def _rows(salesforce: SalesforceClient, now: float, missing: Collection[str]) -> Any:
    query = _QUERY.format(
        columns=", ".join(name for name in COLUMNS if name not in missing),
        event_type=soql_text("ApiTotalUsage"),
        since=soql_time(now - LISTED),
        limit=MAX_LISTED,
    )
    try:
        records = await salesforce.query(query)
    except UpstreamError as error:
        if (error.code or "").startswith(NO_ACCESS):
            told = f"this org shows no event log files: {SWITCH_OFF}"
            raise AuthError(told, code=error.code, retry_after=error.retry_after) from error
        raise
    return checked(list(records.rows), "salesforce_event_log_files", "query of EventLogFile")
