"""A day of an integration without a bridge: a Salesforce app, a HubSpot key and a mailbox are all there is.

HubSpot suspends and writes an e-mail; what changes waits; the cause is removed and *Clear Suspension* pressed, of which
no e-mail comes; records sync again, and what HubSpot has lost is caught up on. Times are hours since midnight.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from exporter.clock import format_timestamp
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.dovecot import Dovecot, running_dovecot
from exporter.demo.simulator.org import Org
from tests.clocks import ManualClock
from tests.polling.habits import HEALTHY, Habit
from tests.polling.week import HOUR, MONDAY, NAME, TOKEN, Life, living, newcomers
from tests.remediation.payloads import alert, notification

ALERT = "HubSpotSalesforceObjectPermissionsMissing"
REASON = "salesforce_object_permissions_missing"
PROPERTY = "salesforce_resync_requested_at"

CANARY = "101"
"""The first of the simulated contacts."""

WITHDRAWN, MENDED, CLEARED = 9.0, 11.9, 13.05
LOST = 20
SCRAPE = 60.0

_STEP = 1 / 12
"""Hours between two looks at the outbox and the queue of jobs."""
_IDLE = 0.02
"""Seconds without anything happening after which time moves on."""
_LOST_MAIL = "active again"

T = TypeVar("T")


class DayClock(ManualClock):
    """Moves on by itself when somebody sleeps, but for while a job is worked on: that has more than one sleeper."""

    working = False

    async def sleep(self, seconds: float) -> None:
        if self.working:
            await super().sleep(seconds)
        else:
            self.advance(max(0.0, seconds))

    async def pass_when_idle(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of ``work``; time moves on whenever nothing has happened for a moment."""
        self.working = True
        try:
            task = asyncio.ensure_future(work)
            while not (await asyncio.wait({task}, timeout=_IDLE))[0]:
                self.advance_to_next()
            return task.result()
        finally:
            self.working = False


@dataclass
class Day:
    """What goes on beside the life: e-mails arrive, Alertmanager notifies, jobs are worked off."""

    life: Life
    clock: DayClock
    mailbox: Dovecot
    http: httpx.AsyncClient
    delivered: int = 0
    firing_since: str | None = None
    told: list[tuple[str, float]] = field(default_factory=list)
    """What Alertmanager has said, and at which hour."""

    async def until(self, end: float) -> None:
        while self.life.hour < end:
            await self.life.until(min(end, self.life.hour + _STEP))
            self._deliver()
            await self._notify()
            await self._work()

    async def known(self) -> dict[str, Any]:
        """The integration, as the API has it."""
        return dict((await self.http.get("/api/v1/integrations")).json()["integrations"][0])

    async def jobs(self) -> list[dict[str, Any]]:
        return list((await self.http.get("/api/v1/resyncs")).json()["jobs"])

    def _deliver(self) -> None:
        """What HubSpot has written since; one of its e-mails never comes."""
        for mail in self.life.org.outbox.after(self.delivered):
            self.delivered = mail.number
            if _LOST_MAIL not in mail.subject:
                self.mailbox.deliver(mail.raw, received_at=mail.sent_at)

    async def _notify(self) -> None:
        """As soon as the alert fires or resolves, as the series that it goes by says."""
        fires = self.value("suspension_reason", reason=REASON) == 1
        if fires == (self.firing_since is not None):
            return
        if fires:
            self.firing_since = format_timestamp(self.clock.time())
        status = "firing" if fires else "resolved"
        told = notification(alert(ALERT, status, starts_at=self.firing_since or ""))
        answer = await self.http.post("/alertmanager/webhook", json=told, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.is_success, answer.text
        self.told.append((status, self.life.hour))
        if not fires:
            self.firing_since = None

    async def _work(self) -> None:
        crew, touches = self.life.service.crew, self.life.org.touches
        while (job := await crew.worker.claim()) is not None:
            before = touches.requests
            await self.clock.pass_when_idle(crew.worker.do(job))
            if touches.requests > before:
                # A mapped property that changes is synced at once, not with the next round.
                self.life.org.tick()
        for listed in await self.jobs():
            await self.clock.pass_when_idle(crew.prover.look(listed["id"]))
        await self.life.service.recoveries.keep()

    def value(self, name: str, **labels: str) -> float | None:
        """What was scraped last."""
        return self.life.samples.newest(name, integration=NAME, **labels)


def without_bridge(folder: Path, mailbox: Dovecot) -> Config:
    """What a newcomer writes, and the mailbox, and the property to touch. What costs no Salesforce calls is read more
    seldom than by default."""
    newcomers(folder, {})
    written = json.loads((folder / "exporter.yml").read_text())
    (folder / "mailbox-password").write_text(mailbox.account.password)
    entry = written["integrations"][0]
    entry["mailbox"] = {
        "host": "127.0.0.1",
        "port": mailbox.port,
        "tls": "off",
        "username": mailbox.account.username,
        "password_file": "mailbox-password",
    }
    entry["remediation"] = {"touch": {"property": PROPERTY}}
    entry["hubspot"]["unsynced"] = {"window": "6h"}
    entry["canary"] = {
        "object": "contacts",
        "hubspot_id": CANARY,
        "property": "salesforce_canary",
        "salesforce_object": "Contact",
        "salesforce_id": f"003{int(CANARY):012d}SIM",
        "field": "HubSpot_Canary__c",
    }
    entry["intervals"] = {
        "mailbox": "10m",
        "hubspot_heartbeat": "6m",
        "hubspot_unsynced": "15m",
        "salesforce_status": "25m",
        "hubspot_account": "25m",
    }
    file = folder / "exporter.yml"
    file.write_text(json.dumps(written))
    return load_config(file)


def _withdrawn(org: Org) -> None:
    org.set_object_permission("Contact", granted=False, access="edit")


def _mended(org: Org) -> None:
    org.set_object_permission("Contact", granted=True, access="edit")


def _cleared(org: Org) -> None:
    org.lose_changes(LOST)
    assert org.clear_suspension() is None


HAPPENS = Habit(
    "an administrator withdraws a permission for three hours",
    {"suspend_after": 25, "records": 1_500},
    acts={WITHDRAWN: _withdrawn, MENDED: _mended, CLEARED: _cleared},
)


@asynccontextmanager
async def a_day(folder: Path, begin: float = 0) -> AsyncIterator[Day]:
    """From midnight on, or a later hour."""
    clock = DayClock(MONDAY + begin * HOUR - HOUR)
    async with running_dovecot(folder) as mailbox:
        config = without_bridge(folder, mailbox)
        async with living(config, (*HEALTHY, HAPPENS), begin, SCRAPE, clock) as life:
            transport = httpx.ASGITransport(life.service.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as http:
                yield Day(life, clock, mailbox, http)
