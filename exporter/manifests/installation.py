"""What differs from one cluster to the next."""

from __future__ import annotations

from dataclasses import dataclass

SQLITE, POSTGRESQL = "sqlite", "postgresql"
STORES = (SQLITE, POSTGRESQL)


@dataclass(frozen=True, slots=True)
class Web:
    """What the web configuration says, if there is one: it is served over ``tls``, to ``users`` alone, to clients with
    ``certificates`` alone."""

    configured: bool = False
    tls: bool = False
    users: bool = False
    certificates: bool = False

    @property
    def refuses_the_kubelet(self) -> bool:
        """Which brings neither."""
        return self.users or self.certificates


@dataclass(frozen=True, slots=True)
class Installation:
    """``integrations`` decides how large it is made; ``labels`` are for every object; ``callers`` are the namespaces,
    beside its own, whose pods may reach it; ``egress_ports`` are TCP ports beside the usual ones."""

    namespace: str
    image: str
    store: str = SQLITE
    replicas: int = 1
    integrations: int = 10
    labels: tuple[tuple[str, str], ...] = ()
    callers: tuple[str, ...] = ()
    egress_ports: tuple[int, ...] = ()
    runbook_base_url: str | None = None
    dashboard_base_url: str | None = None
    web: Web = Web()
