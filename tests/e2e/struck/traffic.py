"""What the simulator's log of requests says, and who of the replicas sent each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SOURCES = {
    "/bridge/sync-health": "sync_health",
    "/search": "hubspot_heartbeat",
    "/limits": "salesforce_limits",
    "/limits/": "salesforce_limits",
    "/oauth2/token": "salesforce_limits",
}
"""Ends of paths. Only the limits are asked of Salesforce here, so only they log in."""


@dataclass(frozen=True, slots=True)
class Request:
    """``source`` is "" for what belongs to a resync; ``error_ids`` are those to be resynced."""

    began: float
    ended: float
    who: str
    integration: str
    path: str
    source: str
    status: int | None
    error_ids: tuple[str, ...]


def read_requests(log: Path, replicas: Mapping[str, str]) -> Sequence[Request]:
    """In the order in which they came; ``replicas`` are the names by the host that each calls the simulator by."""
    found = [_request(json.loads(line), replicas) for line in log.read_text().splitlines()]
    return sorted(found, key=lambda request: request.began)


def _request(line: Mapping[str, object], replicas: Mapping[str, str]) -> Request:
    path, error_ids, status = str(line["path"]), line.get("error_ids"), line["status"]
    return Request(
        began=float(str(line["began"])),
        ended=float(str(line["ended"])),
        who=replicas[str(line["host"])],
        integration=path.split("/")[1],
        path=path,
        source=next((source for end, source in _SOURCES.items() if path.endswith(end)), ""),
        status=status if isinstance(status, int) else None,
        error_ids=tuple(error_ids) if isinstance(error_ids, list) else (),
    )
