"""When the integration user last wrote to Salesforce: the heartbeat of the direction HubSpot → Salesforce.

Exports, for one object::

    hubspot_salesforce_last_write_timestamp_seconds{integration="acme",object="Contact"} 1.79526234e+09

A source of parts: each object may fail without the others. One composite request of five queries, one API call; what
Salesforce's header says of the org's usage comes with it, so this source is polled when nobody else has asked the org
for an interval (``fills_in``). ``salesforcelastsynctime`` on HubSpot's side tells of syncs in either direction.

The exporter's own user sees only records that it may read: it needs *Read* and *View All* on these objects. Objects are
those of ``salesforce.objects`` but for User, to which nobody syncs; with more than five they take turns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from exporter.clients.connection import Connection
from exporter.clients.salesforce.composite import Records, Refused
from exporter.config.settings import Integration, Salesforce
from exporter.errors import UpstreamError
from exporter.model import LastWrite, LastWrites
from exporter.schemas.json_schema import checked
from exporter.sources.last_writes import (
    USER,
    Known,
    asked_next,
    entry_after,
    explained,
    nothing_known,
    query_about,
    refusal_before,
    user_id_of,
)
from exporter.sources.source import Fetched, Source, configured, fetched, remembered

_NOT_WRITTEN = frozenset({"User"})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}")
_SCHEMA = "salesforce_heartbeat"


async def fetch(connection: Connection, previous: Any) -> Fetched:
    """The newest write by object, in epoch seconds; ``previous`` holds the newest known."""
    salesforce = configured(connection.salesforce, "Salesforce org")
    settings = configured(connection.settings.salesforce, "Salesforce org")
    now = connection.clock.time()
    known = _known(previous, settings)
    asked = asked_next(known, written_objects(settings), now)
    # Names of queries are letters, digits and single _, which those of custom objects are not.
    names = {f"write_{number}" if name != USER else USER: name for number, name in enumerate(asked, start=1)}
    try:
        answers = await salesforce.composite({key: query_about(name, known, now) for key, name in names.items()})
    except UpstreamError as error:
        raise explained(error, asked[0]) from error
    return _told(known, {names[key]: answer for key, answer in answers.items()}, settings, now)


def written_objects(settings: Salesforce) -> tuple[str, ...]:
    """Those that HubSpot writes to, in the order of the configuration; what can be no object's name is left out."""
    return tuple(name for name in settings.objects if name not in _NOT_WRITTEN and _NAME.fullmatch(name))


def _known(previous: Any, settings: Salesforce) -> Known:
    about = {"org": settings.url, "integration_user": configured(settings.integration_user, "integration_user")}
    told: Known | None = remembered(previous, _SCHEMA)
    return told if told is not None and told["about"] == about else nothing_known(about)


def _told(known: Known, answers: Mapping[str, Records | Refused], settings: Salesforce, now: float) -> Fetched:
    user_id, user_read_at = known["user_id"], known["user_read_at"]
    parts: dict[str, UpstreamError | None] = {}
    entries = dict(known["objects"])
    if isinstance(user := answers.get(USER), Records):
        user_id, user_read_at = user_id_of(user, known["about"]["integration_user"]), now
    elif user is not None:
        parts[USER] = explained(user.error, USER)
    for name in written_objects(settings):
        if name in answers:
            entries[name], parts[name] = entry_after(entries.get(name, {}), answers[name], name, now)
        elif name in entries:
            parts[name] = refusal_before(entries[name])
    if known["user_id"] not in (None, user_id):
        entries = {}  # they are of somebody who only had the same name
    kept = {name: entries[name] for name in written_objects(settings) if name in entries}
    return fetched({"about": known["about"], "user_id": user_id, "user_read_at": user_read_at, "objects": kept}, parts)


def parse(payload: Any, _read_at: float) -> LastWrites:
    told = checked(payload, _SCHEMA, "heartbeat")
    return LastWrites(
        tuple(
            LastWrite(name, one["at"], one["read_at"], is_missing=one["refused"] is not None)
            for name, one in told["objects"].items()
        )
    )


def applies(integration: Integration) -> bool:
    settings = integration.salesforce
    return settings is not None and settings.integration_user is not None and bool(written_objects(settings))


SOURCE = Source("salesforce_heartbeat", applies, fetch, parse, asks_salesforce=True, fills_in=True)
