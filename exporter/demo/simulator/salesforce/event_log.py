"""Event log files of `ApiTotalUsage`: the calls of the rolling window again, a line a call, by app.

A file holds an hour or a day (a setting) and appears when its period is over for as long as the lag says; with a
lag of 0 the current period is there already. Periods and the window's buckets may overlap at the edges: calls are
told by the beginning of their bucket.
"""

import csv
import io
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from exporter.demo.simulator.clock import iso, salesforce_time
from exporter.demo.simulator.org import Org

_PERIODS = {"Hourly": 3_600, "Daily": 86_400}
_LINE_LENGTH = 150  # about; what matters is that a file which grows is seen to grow
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
    interval = org.settings.event_log_interval
    period = _PERIODS[interval]
    newest = org.clock() - org.settings.event_log_lag
    lag_counts = org.settings.event_log_lag > 0
    lengths: Counter[int] = Counter()
    for when, _app, calls in org.calls.history():
        lengths[int(when // period) * period] += calls * _LINE_LENGTH
    return [
        {
            "Id": _file_id(start),
            "EventType": "ApiTotalUsage",
            "LogDate": salesforce_time(start),
            "CreatedDate": salesforce_time(start + period + org.settings.event_log_lag),
            "Interval": interval,
            "Sequence": 1 if interval == "Hourly" else 0,
            "LogFileLength": lengths[start],
            "LogFile": f"/services/data/v62.0/sobjects/EventLogFile/{_file_id(start)}/LogFile",
        }
        for start in sorted(lengths)
        if not lag_counts or start + period <= newest
    ]


def log_file_csv(org: Org, file_id: str) -> str | None:
    """The lines of one file, None when there is no such file."""
    if file_id not in {row["Id"] for row in log_file_rows(org)}:
        return None
    period = _PERIODS[org.settings.event_log_interval]
    text = io.StringIO()
    lines = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    lines.writerow(_COLUMNS)
    for when, app, calls in org.calls.history():
        if _file_id(int(when // period) * period) == file_id:
            lines.writerows([_line(org, when, app)] * calls)
    return text.getvalue()


def _line(org: Org, when: float, app: str) -> tuple[str, ...]:
    stamp = datetime.fromtimestamp(when, UTC).strftime("%Y%m%d%H%M%S.000")
    user = org.integration_user if app == org.settings.connected_app else org.monitoring_user
    app_id = f"0H4{sum(app.encode()):012d}SIM"
    return ("ApiTotalUsage", stamp, iso(when), user, app_id, app, "REST", "GET", "200", "1")


def _file_id(start: int) -> str:
    return f"0AT{start:012d}SIM"
