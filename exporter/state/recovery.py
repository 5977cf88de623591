"""The end of a suspension by evidence: records sync again since it was told of. Pure.

HubSpot writes an e-mail when it suspends an integration; that it goes on again many an owner learns by looking. While
an integration is suspended nothing syncs, so what syncs ends what an e-mail or a report said. What HubSpot's page says
ends by its next page alone.

What one must not fall for, and the measures against it:

- Late writes and what was under way. HubSpot works in rounds of 15 minutes, of which one may end after the e-mail was
  sent, and notes the time of a sync 2 to 13 seconds later; servers' clocks differ by minutes. So nothing counts that
  synced within ``AFTER`` of the statement.
- The single odd write. ``RECORDS`` must have synced, which are different ones, and over ``MOMENT``: a call that is
  logged touches a contact, its company and its deal, all at one moment.
- The other direction. HubSpot's sync time does not tell it. Where the writes of the integration user are read from
  Salesforce, one of them must be later too; alone they prove nothing, for in many an org that user is a person.
- What the exporter does itself. A touch moves no sync time, only the sync that follows it does, and the record of the
  canary is left out of the syncs that are read (``exporter.sources.hubspot_heartbeat``).
"""

from __future__ import annotations

from exporter.clock import format_timestamp
from exporter.model import Heartbeat, LastWrites, Recovery
from exporter.sources.waiting_changes import MOMENT
from exporter.state.snapshot import Snapshot
from exporter.state.statement import EVIDENCE, MAILBOX, REPORT, Statement, sources_of

AFTER = 900.0
"""Seconds: one of HubSpot's rounds."""

RECORDS = 3

ENDS_BY_EVIDENCE = frozenset({MAILBOX, REPORT})
"""Who speaks once, and may never say that it is over."""


def recovery_of(snapshot: Snapshot, statement: Statement, now: float) -> Recovery | None:
    """What has ended a suspension that was stated; ``None`` as long as nothing has."""
    if not statement.value.suspended or statement.source not in ENDS_BY_EVIDENCE:
        return None
    return kept_of(snapshot, statement) or _seen(snapshot, _bound(statement), now)


def kept_of(snapshot: Snapshot, statement: Statement) -> Recovery | None:
    """The same, by what was seen once."""
    kept = kept_recovery(snapshot)
    ends = statement.source in ENDS_BY_EVIDENCE and kept is not None and kept.first > _bound(statement)
    return kept if ends else None


def kept_recovery(snapshot: Snapshot) -> Recovery | None:
    """What has once ended a suspension: what is seen no more has happened all the same."""
    reading = snapshot.reading(EVIDENCE)
    return reading.part if reading is not None and isinstance(reading.part, Recovery) else None


def _bound(statement: Statement) -> float:
    """What synced until then may have been under way when it was stated."""
    return (statement.at or 0.0) + AFTER


def _seen(snapshot: Snapshot, bound: float, now: float) -> Recovery | None:
    heartbeats = (part for part, _source in sources_of(snapshot, now, Heartbeat))
    objects = [one for heartbeat in heartbeats for one in heartbeat.objects]
    syncs = sorted(at for one in objects for at in one.syncs if bound < at <= now)
    if len(syncs) < RECORDS or syncs[-1] - syncs[0] < MOMENT:
        return None
    direction = _direction(snapshot, bound, now)
    if direction is None:
        return None
    names = ", ".join(one.object for one in objects if any(bound < at <= now for at in one.syncs))
    first, last = format_timestamp(syncs[0]), format_timestamp(syncs[-1])
    return Recovery(syncs[0], syncs[-1], f"records sync again ({names}), seen from {first} until {last}{direction}")


def _direction(snapshot: Snapshot, bound: float, now: float) -> str | None:
    """What tells of the direction, empty where nobody reads that; ``None`` where nothing went to Salesforce."""
    if not any(isinstance(reading.part, LastWrites) for reading in snapshot.readings):
        return ""
    writes = [write for part, _source in sources_of(snapshot, now, LastWrites) for write in part.objects]
    newest = max((write for write in writes if write.at is not None), key=lambda write: write.at or 0.0, default=None)
    if newest is None or newest.at is None or newest.at <= bound:
        return None
    return f"; the integration user wrote to {newest.object} in Salesforce at {format_timestamp(newest.at)}"
