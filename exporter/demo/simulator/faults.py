"""Faults on demand: what an API does instead of answering, for so many requests or until told to stop."""

from dataclasses import asdict, dataclass, replace
from typing import Any

APIS = ("salesforce", "token", "hubspot", "bridge", "status")
NAMES = (
    "unauthorized",
    "quota",
    "rate_limited",
    "server_error",
    "unavailable_html",
    "hang",
    "cut_json",
    "wrong_types",
    "api_disabled",
    "org_locked",
    "unable_to_lock_row",
    "storage_exceeded",
    "missing_scopes",
    "session_refused",
    "concurrent_limit",
    "org_transaction_limit",
    "old_api_version",
    "query_timeout",
    "daily_limit",
    "ten_secondly_limit",
    "locked",
    "migrating",
    "maintenance_page",
    "maintenance_redirect",
    "moved_domain",
    "edge_without_routing",
    "edge_html",
    "web_page",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the next requests of one API. `count` None: to all, until cleared."""

    api: str
    fault: str
    count: int | None = None
    retry_after: int | None = None


class FaultBook:
    """The fault each API has at present, if any; a new one takes the place of the old."""

    def __init__(self) -> None:
        self._by_api: dict[str, Fault] = {}

    def put(self, fault: Fault) -> None:
        """From the next request on. A fault for 0 requests is none."""
        if fault.count == 0:
            self._by_api.pop(fault.api, None)
        else:
            self._by_api[fault.api] = fault

    def take(self, api: str) -> Fault | None:
        """The fault that hits this request; one request of its count is used up."""
        fault = self._by_api.get(api)
        if fault is not None and fault.count is not None:
            self.put(replace(fault, count=fault.count - 1))
        return fault

    def standing(self, api: str) -> str | None:
        """The name of a fault without end: HubSpot, who calls often, meets it as well."""
        fault = self._by_api.get(api)
        return fault.fault if fault is not None and fault.count is None else None

    def clear(self) -> None:
        """All APIs work again."""
        self._by_api.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """One object a fault, as it was put, with what is left of its count."""
        return [asdict(fault) for fault in self._by_api.values()]
