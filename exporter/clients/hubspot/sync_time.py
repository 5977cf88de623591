"""When HubSpot synced a record with Salesforce last, as it stands on the record. Pure.

Facts: HubSpot knowledge base, *HubSpot's default properties*: ``salesforcelastsynctime`` ("Last Salesforce Sync Time")
stands on contacts, companies and deals. *Batch read* of the CRM: 200, or 207 with ``errors`` for ids that are archived,
deleted or unknown; the id of a result is another than that of the input where records were merged; a property that the
account does not have is left out of ``properties``, one without a value is null.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from exporter.clock import is_plausible, parse_timestamp
from exporter.errors import InvalidAnswer

SYNCED = "salesforcelastsynctime"

_MILLISECONDS = re.compile(r"[0-9]{1,15}")


def last_syncs_in(body: Mapping[str, Any], object_type: str, asked: Collection[str]) -> dict[str, float | None]:
    """Epoch seconds by record of a batch read, ``None`` for one that has none; raises ``InvalidAnswer``."""
    return {
        record["id"]: time_of(text, f"{object_type}: {SYNCED}") if (text := record["properties"][SYNCED]) else None
        for record in body.get("results") or ()
        if record["id"] in asked and SYNCED in record["properties"]
    }


def time_of(text: str, where: str) -> float:
    """Epoch seconds of a HubSpot datetime: epoch milliseconds, or ISO 8601 with its zone."""
    try:
        moment = int(text) / 1000 if _MILLISECONDS.fullmatch(text) else parse_timestamp(text)
    except ValueError as error:
        raise InvalidAnswer(f"{where} is neither epoch milliseconds nor an ISO 8601 time with a zone") from error
    if not is_plausible(moment):
        raise InvalidAnswer(f"{where} is before 1970 or after 2999")
    return moment
