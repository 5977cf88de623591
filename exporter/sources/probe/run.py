"""One poll of the canary: it does what the course of the round asks for, and says where that stands then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from exporter.clients.connection import Connection
from exporter.clients.hubspot.client import HubSpotClient
from exporter.clients.hubspot.sync_time import SYNCED
from exporter.clients.salesforce.client import SalesforceClient
from exporter.clients.salesforce.soql import soql_time
from exporter.config.settings import Canary, CanaryBack
from exporter.errors import Again, InvalidAnswer, RateLimited, UnknownColumn, UpstreamError
from exporter.sources.probe import course as courses
from exporter.sources.probe.course import TO_SALESFORCE, Course, Leg
from exporter.sources.probe.payload import plan_of
from exporter.sources.probe.records import (
    LINKS,
    hubspot_trouble,
    key_of,
    properties_trouble,
    query_of,
    salesforce_trouble,
)
from exporter.sources.probe.value import SAME, shown_time, shows, value_of, written

CHECKED_FOR = 86_400.0
"""Seconds after which properties and field are looked at again. The record is looked at before every write."""

_PASSES = (Again.AT_ONCE, Again.SOON)
_APART = int(2 * SAME)
"""Seconds between the values of two rounds, so that they are told apart however they are rounded."""


class Run:
    """``course`` is where the rounds stand, also after a step that raised ``UpstreamError``."""

    def __init__(
        self,
        connection: Connection,
        hubspot: HubSpotClient,
        salesforce: SalesforceClient,
        canary: Canary,
        course: Course,
    ) -> None:
        self._clock = connection.clock
        self._connection = connection
        self._hubspot = hubspot
        self._salesforce = salesforce
        self._canary = canary
        self._plan = plan_of(canary, connection.settings)
        self.course = course
        self._waits = 0.0

    @property
    def more_in(self) -> float:
        """Seconds until there is something to do."""
        look = courses.next_look(self.course, self._plan, self._clock.time())
        return min(self._waits, look or self._waits) if self._waits else look

    async def step(self) -> None:
        """Begins a round, goes on with the one that is under way, or does nothing."""
        self.course = courses.checked_for_time(self.course, self._plan, self._clock.time())
        leg = self.course.leg
        if leg is None:
            if courses.is_due(self.course, self._plan, self._clock.time()):
                await self._begin()
        elif leg.direction == TO_SALESFORCE:
            await self._look_in_salesforce(leg)
        elif self._canary.back is not None and leg.written_at is None:
            if not self._waits_for_turn(self.course.tallies[TO_SALESFORCE].ended_at):
                await self._send_back(leg, self._canary.back)
        elif self._canary.back is not None:
            await self._look_in_hubspot(leg, self._canary.back)

    async def _begin(self) -> None:
        try:
            record = await self._record()
            shown, now = shown_time(record["properties"].get(self._canary.property)), self._clock.time()
            if shown is not None and courses.adopts(self.course, self._plan, shown, now):
                self.course = courses.began(self.course, round(shown), shown, None)
                return
            checked_at = self.course.checked_at
            if checked_at is None or not 0 <= now - checked_at < CHECKED_FOR:
                await self._check()
            await self._write(shown_time(record["properties"].get(SYNCED)))
        except UpstreamError as error:
            now = self._clock.time()
            self.course = courses.not_begun(self.course, self._plan, now, error.again in _PASSES)
            raise

    async def _record(self, history: tuple[str, ...] = ()) -> Any:
        """The HubSpot record, which is the configured one."""
        canary = self._canary
        wanted = [canary.property, SYNCED, LINKS[canary.salesforce_object]]
        wanted += [canary.back.property] if canary.back else []
        with _of_hubspot():
            record = await self._hubspot.record(canary.object, canary.hubspot_id, wanted, history)
        _refuse(hubspot_trouble(record, canary))
        return record

    async def _check(self) -> None:
        with _of_hubspot():
            definitions = await self._hubspot.properties(self._canary.object)
        _refuse(properties_trouble(definitions, self._canary))
        await self._row()
        self.course = replace(self.course, checked_at=self._clock.time())

    async def _row(self) -> Mapping[str, Any]:
        """The Salesforce record, for one query; raises ``InvalidAnswer`` with the remedy where it cannot be had."""
        canary = self._canary
        self.course = courses.asked(self.course)
        try:
            rows = (await self._salesforce.query(query_of(canary), retry=False)).rows
        except UnknownColumn as error:
            raise error.retold(
                f"{error}: {canary.salesforce_object} has no such field, or the user of salesforce.auth may not read "
                f"it: check {key_of(canary, error.column)}, and its field-level security",
                again=Again.LATER,
            ) from error
        self.course = replace(self.course, answered_at=self._clock.time())
        _refuse(salesforce_trouble(rows, canary))
        return rows[0]

    async def _write(self, synced_at: float | None) -> None:
        canary, now = self._canary, self._clock.time()
        before = self.course.value
        value = value_of(now) if before is None or abs(value_of(now) - before) >= _APART else before + _APART
        properties = {canary.property: written(value)}
        with _of_hubspot():
            answer = await self._hubspot.batch_update(canary.object, properties, [canary.hubspot_id])
        if canary.hubspot_id in answer.locked:
            raise RateLimited(f"HubSpot has locked the record: {answer.locked[canary.hubspot_id]}")
        if canary.hubspot_id not in answer.written:
            why = answer.refused.get(canary.hubspot_id, answer.why)
            _refuse(f"HubSpot refuses the write of canary.property {canary.property}: {why}")
        self.course = courses.began(self.course, value, now, synced_at)

    async def _look_in_salesforce(self, leg: Leg) -> None:
        """HubSpot is asked first, which costs no Salesforce call; at the deadline it has nothing to say any more."""
        hint, hints = None, True
        if not courses.is_over(leg, self._plan, self._clock.time()):
            properties = (await self._record())["properties"]
            hints, hint = SYNCED in properties, shown_time(properties.get(SYNCED))
        now = self._clock.time()
        if courses.is_over(leg, self._plan, now) and not courses.may_ask(self.course):
            self.course = courses.not_answered(self.course, self._plan, now)
        elif courses.wants_salesforce(self.course, self._plan, now, hint, hints) and not self._waits_for_turn(hint):
            self.course = courses.followed(self.course, self._plan, hint, now)
            await self._judge(leg)

    def _waits_for_turn(self, since: float | None) -> bool:
        """Whether the call that is worth it ``since`` then is made later, as the one of the org's turn."""
        usage, now = self._connection.org_usage, self._clock.time()
        if since is not None and usage is not None:
            self._waits = courses.wait_for_turn(self.course, self._plan, now, since, usage.observed_at)
        return self._waits > 0

    async def _judge(self, leg: Leg) -> None:
        """What Salesforce shows. When the record was last modified, the time had arrived; so far nobody else has."""
        try:
            row = await self._row()
        except UpstreamError as error:
            self._not_looked_at(error)
            raise
        now = self._clock.time()
        if leg.value is not None and shows(row.get(self._canary.field), leg.value):
            self.course = courses.found(self.course, self._plan, shown_time(row.get("LastModifiedDate")), now)
        else:
            self.course = courses.missing(self.course, self._plan, now)

    async def _send_back(self, leg: Leg, back: CanaryBack) -> None:
        """Writes to Salesforce; a write that was not answered may have arrived in HubSpot already."""
        try:
            if leg.value is not None and shows((await self._record())["properties"].get(back.property), leg.value):
                self.course = courses.sent_back(self.course, leg.value, float(leg.value), answered=True)
                self.course = courses.found(self.course, self._plan, None, self._clock.time())
                return
            now = self._clock.time()
            value = value_of(now) if leg.value is None else leg.value
            self.course = courses.sent_back(self.course, value, now, answered=False)
            canary = self._canary
            fields = {back.field: soql_time(value)}
            await self._salesforce.update(canary.salesforce_object, canary.salesforce_id, fields)
        except UpstreamError as error:
            self._not_looked_at(error)
            raise
        self.course = replace(courses.sent_back(self.course, value, now, answered=True), answered_at=now)

    async def _look_in_hubspot(self, leg: Leg, back: CanaryBack) -> None:
        try:
            record = await self._record((back.property,))
        except UpstreamError as error:
            self._not_looked_at(error)
            raise
        now = self._clock.time()
        if leg.value is not None and shows(record["properties"].get(back.property), leg.value):
            arrived = min(_arrivals(record, back.property, leg.value), default=None)
            self.course = courses.found(self.course, self._plan, arrived, now)
        else:
            self.course = courses.missing(self.course, self._plan, now)

    def _not_looked_at(self, error: UpstreamError) -> None:
        now = self._clock.time()
        carry_on = courses.not_answered if error.again in (*_PASSES, Again.HOURLY) else courses.given_up
        self.course = carry_on(self.course, self._plan, now)


def _arrivals(record: Mapping[str, Any], name: str, value: int) -> Iterator[float]:
    """When the property got this value, by its history."""
    for one in (record.get("propertiesWithHistory") or {}).get(name) or ():
        moment = shown_time(one.get("timestamp"))
        if moment is not None and shows(one.get("value"), value):
            yield moment


@contextmanager
def _of_hubspot() -> Iterator[None]:
    """HubSpot's failures under codes of their own: this source asks Salesforce too, and ``HTTP_503`` would be taken for
    the org's."""
    try:
        yield
    except UpstreamError as error:
        told = error.retold(str(error))
        told.code = None if error.code is None else f"HUBSPOT_{error.code}"
        raise told from error


def _refuse(trouble: str | None) -> None:
    if trouble is not None:
        raise InvalidAnswer(trouble, again=Again.LATER)
