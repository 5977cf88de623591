"""Whose API access it is that Salesforce refuses: the exporter asks as a user of its own. Pure.

``API_DISABLED_FOR_ORG`` is the answer to one user that lacks *API Enabled* and to everybody in an org without the API.
So what the exporter's own calls meet tells of HubSpot's only while nothing shows that HubSpot's user is served: the
access check, as long as what it found holds, or a record that has synced since.
"""

from __future__ import annotations

from exporter.clients.salesforce.refusals import ACCESS_DISABLED, EVIDENCE
from exporter.model import Access, Heartbeat
from exporter.state.directions import SAME_SYNC
from exporter.state.evidence import Evidence
from exporter.state.snapshot import Snapshot
from exporter.state.standstill import newest_sync_of
from exporter.state.statement import sources_of


def served(snapshot: Snapshot, now: float) -> Evidence | None:
    """What shows that HubSpot's user may use the API although the exporter's own is refused; ``None`` if nothing."""
    for part, source in sources_of(snapshot, now, Access):
        if part.user_active and part.api_enabled and not part.user_frozen:
            detail = "the integration user may use the API, though Salesforce refuses it to the exporter's own user"
            return Evidence(snapshot.read_at(source), False, source, detail)
    since = _refused_since(snapshot, now)
    for heartbeat, source in sources_of(snapshot, now, Heartbeat):
        if since is not None and newest_sync_of(heartbeat) > since + SAME_SYNC:
            detail = "records go on syncing: Salesforce refuses the API to the exporter's own user alone"
            return Evidence(snapshot.read_at(source), False, source, detail)
    return None


def _refused_since(snapshot: Snapshot, now: float) -> float | None:
    """Since when the first of the sources that are refused now has been."""
    codes = EVIDENCE[ACCESS_DISABLED]
    began = (
        reading.failing_since or reading.attempted_at
        for reading in snapshot.readings
        if reading.failure is not None and reading.failure.code in codes and now < reading.attempt_expires_at
    )
    return min(began, default=None)
