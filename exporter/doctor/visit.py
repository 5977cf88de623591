"""A look at a configuration: first at what all integrations share, then at each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exporter.clients.http.client import ClientOpener
from exporter.clients.hubspot.account_paces import AccountPaces
from exporter.clients.imap.mailboxes import Mailboxes
from exporter.clock import Clock
from exporter.config.settings import Config, Integration
from exporter.doctor.calls import Calls
from exporter.doctor.checks import CHECKS, HOUSE_CHECKS
from exporter.doctor.examination import examine
from exporter.doctor.house import House
from exporter.doctor.patient import Patient, Shared
from exporter.doctor.sheet import Sheet
from exporter.doctor.stores import Store, opened_store

AT_ONCE = 8
"""Integrations looked at together: what a look waits for is mostly the pace of HubSpot's searches."""

Progress = Callable[[str, str], None]
"""Called with the name of the integration, empty for what all share, and of the check that is about to be made."""


@dataclass(frozen=True, slots=True)
class Visit:
    """``prove`` is the record whose touch is to be proved, of each of the integrations."""

    config: Config
    integrations: Sequence[Integration]
    open_http: ClientOpener
    clock: Clock
    prove: str | None = None

    async def sheets(self, progress: Progress) -> tuple[Sheet, ...]:
        """One for the house, one an integration. Nothing but a proof writes anywhere."""
        async with opened_store(self.config) as store:
            shared = await examine(House(self.config, store), HOUSE_CHECKS, lambda check: progress("", check))
            together = Shared(AccountPaces(self.clock), Mailboxes(self.clock), self.config.network)
            room = asyncio.Semaphore(AT_ONCE)
            try:
                sheets = await asyncio.gather(
                    *(self._sheet(entry, store, together, room, progress) for entry in self.integrations)
                )
            finally:
                together.mailboxes.close()
        return (Sheet("", shared), *sheets)

    async def _sheet(
        self, entry: Integration, store: Store, shared: Shared, room: asyncio.Semaphore, progress: Progress
    ) -> Sheet:
        cap = entry.salesforce.max_api_calls_per_day if entry.salesforce else 0
        calls = Calls(entry.name, cap, store.database, self.clock)
        async with room, self.open_http(self.config.network) as http:
            patient = Patient(entry, http, self.clock, calls, shared, self.prove, store.database)
            lines = await examine(patient, CHECKS, lambda check: progress(entry.name, check))
        return Sheet(entry.name, lines, calls.made)
