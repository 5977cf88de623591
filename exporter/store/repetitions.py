"""Which alerts have had their job, and which are to have another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from exporter.store.job import ENDED, Cue, Occurrence
from exporter.store.tables import jobs


def repetitions(connection: Connection, cues: Collection[Cue], now: float) -> dict[Cue, int | None]:
    """The number of the job that each of them makes; ``None`` if it is a duplicate of the last that made one."""
    made: dict[tuple[Occurrence, str], list[Any]] = {}
    names = sorted({(cue.occurrence.integration, cue.occurrence.fingerprint) for cue in cues})
    for first in range(0, len(names), _AT_ONCE):
        integrations, fingerprints = map(set, zip(*names[first : first + _AT_ONCE], strict=True))
        for row in connection.execute(
            _MADE, {"integrations": sorted(integrations), "fingerprints": sorted(fingerprints)}
        ):
            occurrence = Occurrence(row.integration, row.fingerprint, row.starts_at, row.status)
            made.setdefault((occurrence, row.action), []).append(row)
    return {cue: _number(made.get((cue.occurrence, cue.action), []), cue.repeat_after, now) for cue in cues}


_AT_ONCE = 500
"""Alerts that are looked for by one statement."""

_MADE = (
    sa.select(
        *(jobs.c[name] for name in ("integration", "fingerprint", "starts_at", "status", "action")),
        *(jobs.c.repetition, jobs.c.state, jobs.c.created_at),
    )
    .where(jobs.c.integration.in_(sa.bindparam("integrations", expanding=True)))
    .where(jobs.c.fingerprint.in_(sa.bindparam("fingerprints", expanding=True)))
    .order_by(jobs.c.repetition.desc())
)
"""Jobs of these alerts, the last of each first; some of others, where integrations share a fingerprint."""


def _number(made: Sequence[Any], repeat_after: float | None, now: float) -> int | None:
    """The number of the next job, where these were made of the same occurrence, the last first."""
    if not made:
        return 0
    # Any of them: the oldest may wait still where a version before took one alert for several.
    going_on = any(job.state not in ENDED for job in made)
    if repeat_after is None or going_on or now - made[0].created_at < repeat_after:
        return None
    return int(made[0].repetition) + 1
