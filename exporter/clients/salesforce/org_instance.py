"""On which Salesforce instance an org lives: a question that costs an API call and is hardly ever answered anew."""

from __future__ import annotations

from exporter.clients.salesforce.client import SalesforceClient
from exporter.clock import Clock
from exporter.schemas.json_schema import checked

QUERY = "SELECT InstanceName FROM Organization"
GOOD_FOR = 86_400.0
"""Seconds for which an answer stands. Orgs move to another instance once in years, announced months ahead."""


class OrgInstance:
    """Asks the org at most once in ``GOOD_FOR``, however often the status page cannot be read meanwhile.

    ``org`` is the URL of the org that answers.
    """

    def __init__(self, org: str, salesforce: SalesforceClient, clock: Clock) -> None:
        self.org = org
        self._salesforce = salesforce
        self._clock = clock
        self._name: str | None = None
        self._asked_at = 0.0

    async def name(self) -> str:
        """Such as ``NA1``; raises ``UpstreamError``."""
        now = self._clock.time()
        if self._name is None or not self._asked_at <= now < self._asked_at + GOOD_FOR:
            records = await self._salesforce.query(QUERY)
            rows = checked(list(records.rows), "salesforce_instance", "query of Organization")
            self._name, self._asked_at = str(rows[0]["InstanceName"]), now
        return self._name
