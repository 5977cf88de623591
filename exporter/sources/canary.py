"""A blackbox probe: a time is written to one HubSpot record and awaited on the Salesforce record it syncs with.

Exports, for one direction::

    hubspot_salesforce_canary_success{integration="acme",direction="to_salesforce"} 1
    hubspot_salesforce_canary_rounds_total{integration="acme",direction="to_salesforce",outcome="synced"} 48
    hubspot_salesforce_canary_latency_seconds_count{integration="acme",direction="to_salesforce"} 48

Then, where that is configured, the other way round. It writes because it is configured, to no other record than the one
that is configured, and to a property made for this; before every write the record is checked to be that one. What
happens when is decided in ``probe/course.py``; this polls as often as that wants.

What a round costs: one HubSpot write, a read of the record a minute while it is under way, and as a rule one Salesforce
query, since HubSpot's ``salesforcelastsynctime`` says when asking is worth it and ``LastModifiedDate`` when the time
arrived; four at most, and one Salesforce write where it goes back.
"""

from __future__ import annotations

from itertools import accumulate
from math import inf
from typing import Any

from exporter.clients.connection import Connection
from exporter.config.settings import Integration
from exporter.errors import UpstreamError
from exporter.model import CanaryDirection, CanaryRounds
from exporter.schemas.json_schema import checked
from exporter.sources.probe.payload import course_of, payload_of
from exporter.sources.probe.run import Run
from exporter.sources.probe.tally import OUTCOMES
from exporter.sources.source import Fetched, Source, always, configured, remembered

NAME = "canary"


async def fetch(connection: Connection, previous: Any) -> Any:
    """The state of the rounds, one step on. What a failed step has changed is kept too."""
    canary = configured(connection.settings.canary, "canary")
    hubspot = configured(connection.hubspot, "HubSpot token")
    salesforce = configured(connection.salesforce, "Salesforce org")
    course = course_of(remembered(previous, NAME), canary, connection.clock.time())
    run = Run(connection, hubspot, salesforce, canary, course)
    try:
        await run.step()
    except UpstreamError as error:
        return Fetched(payload_of(run.course, canary), {}, failure=error)
    return Fetched(payload_of(run.course, canary), {}, more_in=run.more_in)


def parse(payload: Any, _read_at: float) -> CanaryRounds:
    told = checked(payload, NAME, "canary")
    leg = told.get("leg")
    return CanaryRounds(
        tuple(_direction(name, one) for name, one in told["directions"].items()),
        told["objective"],
        told["deadline"],
        told.get("began_at") if leg else None,
        told.get("answered_at"),
    )


def _direction(name: str, one: dict[str, Any]) -> CanaryDirection:
    return CanaryDirection(
        name,
        one["success"],
        one["ended_at"],
        tuple((outcome, one["rounds"].get(outcome, 0)) for outcome in OUTCOMES),
        tuple(zip((*one["bounds"], inf), accumulate(one["counts"]), strict=False)),
        one["total"],
    )


def applies(integration: Integration) -> bool:
    return integration.canary is not None


SOURCE = Source(NAME, applies, fetch, parse, asks_salesforce=True, budget_share=0.9, writes=True, slow=always)
