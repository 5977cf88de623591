"""The API calls of the integration, and of every other app, counted from Salesforce's own log of API calls.

Exports, for one integration::

    hubspot_salesforce_integration_api_calls_used{integration="acme"} 41200
    hubspot_salesforce_org_api_calls_by_app{integration="acme",app="HubSpot"} 41200
    hubspot_salesforce_org_api_calls_by_app{integration="acme",app="unnamed"} 812

the first one unless a bridge states the same fact. ``LogFile`` is CSV and needs *View Event Log Files*. Hourly files
come three to six hours late, daily ones a day, so this is what was used, not what is being used.

Never a wrong number:

- Whose a call is: ``usage_log/identity.py``. As long as no call was ever the integration's, its use is not 0 but
  unknown. Calls without a name that may be the integration's are ``uncertain``: they are not in the count, and the
  remediation reckons with them.
- Of which hours the count is: ``usage_log/coverage.py``. A sum that lacks more than little is not exported. What is
  lacking is estimated from the sizes of the files, and the remediation reckons with it as well.
- Which rows count: ``usage_log/call_log.py``.

Every download is an API call, and it is large (hundreds of MB a day in a busy org). So a file is downloaded once, read
in a thread as it arrives, and forgotten but for its counts. Salesforce's REST guide
knows of no ranges: what breaks off begins anew, so a poll ends early, keeps what it has read, and the next one goes on
soon. A file that cannot be read is named and left alone until it has changed or half a day has passed; others count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from exporter.clients.connection import Connection
from exporter.config.defaults import INTERVALS
from exporter.config.settings import Integration
from exporter.errors import Again, InvalidAnswer
from exporter.model import UsageLog
from exporter.schemas.json_schema import checked
from exporter.sources.source import Fetched, Source, always, configured
from exporter.sources.usage_log.app_calls import MINE
from exporter.sources.usage_log.coverage import Coverage, counted_window, known_files
from exporter.sources.usage_log.downloads import Downloads
from exporter.sources.usage_log.identity import largest
from exporter.sources.usage_log.listing import SWITCH_OFF, listed_files
from exporter.sources.usage_log.log_file import DAY
from exporter.sources.usage_log.payload import SCHEMA, Memory, memory_of, remembered_memory
from exporter.sources.usage_log.progress import failing_since, is_down

DEADLINE = 3600.0
"""Seconds after which even a download that gets on is given up: at that pace the day's log would never be read."""

ASK_AGAIN_AFTER = 7 * DAY
"""Seconds until a column is asked for again that was not there: hourly files may have been licensed."""

MOST_APPS = 10


async def fetch(connection: Connection, previous: Any) -> Any:
    """Calls per app, hour and file; files that ``previous`` holds are not downloaded again.

    Of the parts ``hourly`` and ``daily`` one is missing when a file of its kind could not be read. The source as a
    whole has failed when nothing could be read, or nothing new for long (``usage_log/progress.py``).
    """
    salesforce = configured(connection.salesforce, "Salesforce org")
    settings = configured(connection.settings.salesforce, "Salesforce org")
    apps = configured(connection.settings.hubspot, "HubSpot account").connected_apps
    began = connection.clock.time()
    old = remembered_memory(previous, settings.url, settings.integration_user, apps)
    again = began >= old.asked_at + ASK_AGAIN_AFTER
    listed, without = await listed_files(salesforce, began, () if again else old.without)
    downloads = Downloads(salesforce, connection.clock, old, known_files(old.files, listed))
    await downloads.read()
    memory = replace(
        old,
        files=tuple(downloads.files),
        without=without,
        asked_at=began if again else old.asked_at,
        failing_since=failing_since(old, downloads.files, began),
    )
    interval = connection.settings.intervals.get(SCHEMA, INTERVALS[SCHEMA])
    failure = downloads.newest_error() if is_down(memory, interval, began) else None
    return Fetched(_learned(memory).as_json(), downloads.parts(), downloads.more_in(), failure)


def _learned(memory: Memory) -> Memory:
    """With what the files tell of ids, and the apps that are shown because of them."""
    found = [app for file in memory.files for app in file.calls or ()]
    identity = memory.identity.learned(found)
    memory = replace(memory, identity=identity, matched=memory.matched or identity.owns_any(found))
    window = counted_window(memory.files) if memory.files else None
    if window is None or not window.is_count:
        return memory
    return replace(memory, shown=tuple(name for name, _ in _by_app(memory, window.coverage)[:-2]))


def parse(payload: Any, read_at: float) -> UsageLog:
    """Sums the newest 24 hours of which enough was read. No file at all is not a count of 0."""
    memory = memory_of(checked(payload, SCHEMA, "usage log"))
    if not memory.files:
        raise InvalidAnswer(f"Salesforce lists no event log file of API calls: {SWITCH_OFF}", again=Again.LATER)
    found = [app for file in memory.files for app in file.calls or ()]
    memory = replace(memory, identity=memory.identity.learned(found))
    window = counted_window(memory.files)
    calls, uncertain = _calls(memory, window.coverage)
    return UsageLog(
        calls=calls if memory.matched else None,
        as_of=min(float(window.as_of), read_at),
        complete=window.is_count,
        uncertain=uncertain,
        by_app=_by_app(memory, window.coverage) if window.is_count else (),
        unread=window.unread or 0,
        misnamed=0 if memory.matched else _of_its_user(memory, window.coverage),
    )


def _calls(memory: Memory, window: Coverage) -> tuple[int, int]:
    """Of the integration, and of those that may be its own."""
    calls = uncertain = 0
    for app, count in window.counted(memory.files):
        owner = memory.identity.owner(app)
        calls += count if owner.integration else 0
        uncertain += count if owner.doubtful else 0
    return calls, uncertain


def _of_its_user(memory: Memory, window: Coverage) -> int:
    """Of apps that have other names than the configured ones: if none is ever told of, one of these may be it."""
    return sum(count for app, count in window.counted(memory.files) if app.user == MINE)


def _by_app(memory: Memory, window: Coverage) -> tuple[tuple[str, int], ...]:
    totals: Counter[str] = Counter()
    for app, count in window.counted(memory.files):
        totals[memory.identity.owner(app).app] += count
    return largest(totals, MOST_APPS, memory.shown)


def applies(integration: Integration) -> bool:
    """Without a ``hubspot`` section nobody has said that the log of this org is of interest."""
    return integration.salesforce is not None and integration.hubspot is not None


SOURCE = Source(
    "salesforce_usage_log",
    applies,
    fetch,
    parse,
    asks_salesforce=True,
    budget_share=0.8,
    deadline=DEADLINE,
    slow=always,
)
