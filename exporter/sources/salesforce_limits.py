"""Salesforce ``/limits``: API calls and storage of the whole org.

Exports, for one org::

    hubspot_salesforce_org_api_calls_used{integration="acme"} 74
    hubspot_salesforce_org_api_calls_limit{integration="acme"} 25000
    hubspot_salesforce_storage_used_bytes{integration="acme",kind="data"} 2.097152e+06

Source of the facts: Salesforce REST API Developer Guide, *Limits*. The numbers are accurate within five minutes; the
request itself costs one API call. ``Remaining`` may be below 0 on orgs with paid overage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exporter.clients.connection import Connection
from exporter.config.settings import Integration
from exporter.errors import Again, InvalidAnswer
from exporter.model import OrgLimits, OrgUsage, Storage
from exporter.schemas.json_schema import checked, first_problem
from exporter.sources.source import Source, configured, fetched

_MEBIBYTE = 1024 * 1024
_SCHEMA = "salesforce_limits"
_NO_CALLS = {"DailyApiRequests": {"Max": 0, "Remaining": 0}}
_STORAGE = (("data", "DataStorageMB"), ("file", "FileStorageMB"))


async def fetch(connection: Connection, _previous: Any) -> Any:
    """The whole ``/limits`` answer, one API call. A storage that cannot be read costs itself and not the calls."""
    told = await configured(connection.salesforce, "Salesforce org").get_json("limits/")
    spoiled = dict(_spoiled(told))
    if not spoiled:
        return told
    parts = {f"{kind}_storage": spoiled.get(name) for kind, name in _STORAGE if name in told}
    return fetched({name: limit for name, limit in told.items() if name not in spoiled}, {"api_calls": None, **parts})


def _spoiled(told: Any) -> Iterator[tuple[str, InvalidAnswer]]:
    """Each storage that does not fit, and why."""
    for _kind, name in _STORAGE:
        if isinstance(told, dict) and name in told:
            problem = first_problem({**_NO_CALLS, name: told[name]}, _SCHEMA)
            if problem is not None:
                yield name, InvalidAnswer(f"/limits: {problem}", again=Again.LATER)


def parse(payload: Any, read_at: float) -> OrgLimits:
    """Only the limits themselves: the objects nested in them are quotas of single apps, not usage."""
    limits = checked(payload, _SCHEMA, "/limits")
    daily = limits["DailyApiRequests"]
    return OrgLimits(
        usage=OrgUsage(int(daily["Max"] - daily["Remaining"]), int(daily["Max"]), read_at),
        storage=tuple(_storage(kind, limits[name]) for kind, name in _STORAGE if name in limits),
    )


def _storage(kind: str, limit: dict[str, Any]) -> Storage:
    return Storage(
        kind=kind,
        used_bytes=int(limit["Max"] - limit["Remaining"]) * _MEBIBYTE,
        limit_bytes=int(limit["Max"]) * _MEBIBYTE,
    )


def applies(integration: Integration) -> bool:
    return integration.salesforce is not None


SOURCE = Source("salesforce_limits", applies, fetch, parse, asks_salesforce=True, one_call=True, builds_on_before=False)
