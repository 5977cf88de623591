"""Event log files of `ApiTotalUsage`: the calls of the rolling window again, a line a call, by app.

A file holds an hour or a day (a setting) and appears when its period is over for as long as the lag says; with a
lag of 0 the current period is there already. An hour may come in several files, and calls may name no app. Periods
and the window's buckets may overlap at the edges: calls are told by the beginning of their bucket.
"""

import csv
import io
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from exporter.demo.simulator.clock import iso, salesforce_time
from exporter.demo.simulator.org import Org

_LEAVES_SOON = 0.1  # of the window
_PERIODS = {"Hourly": 3_600, "Daily": 86_400}
_COLUMNS = (
    "EVENT_TYPE",
    "TIMESTAMP",
    "TIMESTAMP_DERIVED",
    "USER_NAME",
    "CONNECTED_APP_ID",
    "CONNECTED_APP_NAME",
    "API_FAMILY",
    "HTTP_METHOD",
    "STATUS_CODE",
    "COUNTS_AGAINST_API_LIMIT",
)


def log_file_rows(org: Org) -> list[dict[str, Any]]:
    """Rows of the object `EventLogFile`, oldest first."""
    interval = _interval(org)
    period = _PERIODS[interval]
    newest = org.clock() - org.settings.event_log_lag
    lag_counts = org.settings.event_log_lag > 0
    lengths = _lengths(org, period)
    return [
        {
            "Id": _file_id(start, number),
            "EventType": "ApiTotalUsage",
            "LogDate": salesforce_time(start),
            "CreatedDate": salesforce_time(start + period + org.settings.event_log_lag),
            "Interval": interval,
            "Sequence": number if interval == "Hourly" else 0,
            "LogFileLength": lengths[start, number],
            "LogFile": f"/services/data/v62.0/sobjects/EventLogFile/{_file_id(start, number)}/LogFile",
        }
        for start, number in sorted(lengths)
        if not lag_counts or start + period <= newest
    ]


def log_file_csv(org: Org, file_id: str) -> str | None:
    """The lines of one file, None when there is no such file."""
    if file_id not in {row["Id"] for row in log_file_rows(org)}:
        return None
    period = _PERIODS[_interval(org)]
    text = io.StringIO()
    lines = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    lines.writerow(_COLUMNS)
    nameless: Counter[str] = Counter()
    for when, number, app, calls in _history(org):
        if _file_id(int(when // period) * period, number) == file_id:
            for _call in range(calls):
                nameless[app] += 1
                lines.writerow(_line(org, when, app, named=_is_named(org, nameless[app])))
    return text.getvalue()


def _lengths(org: Org, period: int) -> Counter[tuple[int, int]]:
    """Bytes of every file, told without writing it; without the lines that will have left the window soon.

    A log of Salesforce's never shrinks. Here the oldest does, perhaps between the list and the download.
    """
    lasting = org.clock() - org.calls.seconds * (1 - _LEAVES_SOON)
    lengths: Counter[tuple[int, int]] = Counter()
    before: Counter[tuple[int, int, str]] = Counter()
    for when, number, app, calls in _history(org):
        start = int(when // period) * period
        lengths[start, number] = lengths[start, number] or _length(_COLUMNS)
        first = before[start, number, app]
        before[start, number, app] += calls
        if when < lasting:
            continue
        named = calls - _nameless(org, first + calls) + _nameless(org, first)
        lengths[start, number] += named * _length(_line(org, when, app, named=True))
        lengths[start, number] += (calls - named) * _length(_line(org, when, app, named=False))
    return lengths


def _length(fields: tuple[str, ...]) -> int:
    return sum(len(field.encode().replace(b'"', b'""')) + len('"",') for field in fields)


def is_newest(org: Org, file_id: str) -> bool:
    """Is it the newest of the org's log files?"""
    rows = log_file_rows(org)
    return bool(rows) and rows[-1]["Id"] == file_id


def _interval(org: Org) -> str:
    return "Daily" if "Interval" in org.settings.event_log_without else org.settings.event_log_interval


def _history(org: Org) -> list[tuple[float, int, str, int]]:
    """Time, sequence, app and calls: an hour's calls are dealt out to its files."""
    files = org.settings.event_log_sequences if _interval(org) == "Hourly" else 1
    dealt: list[tuple[float, int, str, int]] = []
    for when, app, calls in org.calls.history():
        for number in range(1, files + 1):
            share = calls // files + (number <= calls % files)
            if share:
                dealt.append((when, number, app, share))
    return dealt


def _is_named(org: Org, call: int) -> bool:
    """Of so many calls in a row the share without a name is as it is set."""
    return _nameless(org, call) == _nameless(org, call - 1)


def _nameless(org: Org, calls: int) -> int:
    return int(calls * org.settings.event_log_nameless)


def _line(org: Org, when: float, app: str, named: bool) -> tuple[str, ...]:
    stamp = datetime.fromtimestamp(when, UTC).strftime("%Y%m%d%H%M%S.000")
    user = org.integration_user if app == org.settings.connected_app else org.monitoring_user
    app_id, name = (f"0H4{sum(app.encode()):012d}SIM", app) if named else ("", "")
    return ("ApiTotalUsage", stamp, iso(when), user, app_id, name, "REST", "GET", "200", "1")


def _file_id(start: int, number: int) -> str:
    return f"0AT{start:012d}{'SIM' if number == 1 else f'S{number:02d}'}"
