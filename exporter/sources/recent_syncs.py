"""When the records of a HubSpot object were synced lately: the newest, and some of the hours before. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.sources.waiting_changes import MOMENT

NEWEST_SYNCS = 10
"""Records that a search finds and that are kept in any case."""

MOMENTS = 20
"""So many more are kept an object, the first of each ``MOMENT``: they tell of the last hour and a half also where
hundreds sync in a minute."""


def recent_syncs(found: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """By record its newest sync, the newest first. A record that syncs again and again is one record."""
    ordered = sorted({**before, **found}.items(), key=lambda entry: entry[1], reverse=True)
    # The moments are those of the clock: counted from the newest sync, none would ever be old enough to stay.
    firsts = {int(at // MOMENT): record for record, at in ordered}
    kept = {record for record, _at in ordered[:NEWEST_SYNCS]} | set(list(firsts.values())[:MOMENTS])
    return {record: at for record, at in ordered if record in kept}
