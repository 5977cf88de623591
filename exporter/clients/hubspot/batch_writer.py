"""Writes one property of many records: what is locked is asked for again, what is refused as a whole is split.

Nothing here is written with another value the second time, so a request whose answer was lost may be sent again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from exporter.clients.http.retry import pause_before_retry
from exporter.clients.hubspot.batch_answer import BatchAnswer
from exporter.clients.hubspot.client import HubSpotClient
from exporter.clock import Clock
from exporter.errors import UpstreamError

ATTEMPTS = 5
"""So often one request is sent, if HubSpot is locked, busy or not reached; then the job waits."""

LOCK_PAUSE = 2.0
"""Seconds that HubSpot asks for after a lock, the first time; then twice as many, and so on."""

LOCK_ROUNDS = 4
"""So often a record that is locked is asked for again."""

MOST_REQUESTS = 40
"""For one batch. To find one bad record among a hundred takes 14; where many are bad the rest has to fail with them."""

Recheck = Callable[[], Awaitable[str | None]]
"""Asked when a batch is refused as a whole: why no record at all can be written, ``None`` if it is about some."""


class BatchWriter:
    """Writes to one account."""

    def __init__(self, client: HubSpotClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def write(
        self, object_type: str, properties: Mapping[str, str], ids: Sequence[str], recheck: Recheck
    ) -> Mapping[str, str | None]:
        """``None`` for each record that was written, else why it was not; raises ``UpstreamError`` if HubSpot is away,
        then records may be written or not."""
        outcomes: dict[str, str | None] = {}
        parts: list[Sequence[str]] = [ids]
        locked: dict[str, str] = {}
        asked = rounds = 0
        while parts and asked < MOST_REQUESTS:
            answer = await self._ask(object_type, properties, parts.pop())
            asked += 1
            outcomes |= {**dict.fromkeys(answer.written), **answer.refused}
            locked |= answer.locked
            if answer.open and not answer.written and not answer.refused and not answer.locked:
                trouble = await recheck()
                if trouble is not None:
                    return outcomes | {record: trouble for record in ids if record not in outcomes}
            parts += _parts_of(answer)
            outcomes |= _alone(answer)
            if not parts and locked and rounds < LOCK_ROUNDS:
                await self._clock.sleep(LOCK_PAUSE * 2**rounds)
                rounds += 1
                parts, locked = [tuple(locked)], {}
        given_up = f"not asked for again, after {asked} requests for the batch it is in"
        return outcomes | {record: given_up for part in parts for record in part} | locked

    async def _ask(self, object_type: str, properties: Mapping[str, str], ids: Sequence[str]) -> BatchAnswer:
        """One part; a failure that passes within seconds is waited for."""
        for attempt in range(1, ATTEMPTS):
            try:
                return await self._client.batch_update(object_type, properties, ids)
            except UpstreamError as error:
                pause = pause_before_retry(error)
                if pause is False:
                    raise
                await self._clock.sleep(attempt * (1.0 if pause is True else pause))
        return await self._client.batch_update(object_type, properties, ids)


def _parts_of(answer: BatchAnswer) -> list[Sequence[str]]:
    """How the records of which nothing is known yet are asked for next: all of them if others were found to be the
    cause, else in halves."""
    records, found = answer.open, bool(answer.refused)
    if len(records) <= 1 and not found:
        return []
    if found and not answer.written:
        return [records] if records else []
    middle = (len(records) + 1) // 2
    return [part for part in (records[:middle], records[middle:]) if part]


def _alone(answer: BatchAnswer) -> dict[str, str | None]:
    """A record that was refused all by itself is the bad one."""
    return dict.fromkeys(answer.open, answer.why) if not _parts_of(answer) else {}
