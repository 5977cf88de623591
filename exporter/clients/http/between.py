"""Answers of what stands between the exporter and an API, in the API's place: a proxy's own, a portal's. Pure.

Where a connection is led through (CONNECT, for https://) the proxy's refusal is no answer but a failed connection: see
``connect_failure``. But a proxy that reads along, one that passes on plain HTTP, and a portal answer themselves. Taken
for the API's these would be evidence of an outage, or of a refused credential.

Facts: RFC 9110, 15.5.8: 407 and ``Proxy-Authenticate`` are for the next proxy alone; RFC 6585, 6: 511 is a network's
that wants a login, never an API's; Squid, *FAQ*: ``X-Squid-Error`` stands in the pages it writes itself. ``Via`` says
nothing: the edges of the APIs send it, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from exporter.clients.http.connect_failure import PROXY_FAILS, PROXY_REFUSES
from exporter.errors import Again, ConnectError

_OWN_HEADERS = ("proxy-authenticate", "x-squid-error")
"""Only who answers itself sends these."""


def failure_between(
    status: int, headers: Mapping[str, str], host: str, where: str, asked_pause: float | None
) -> ConnectError | None:
    """What such an answer means; ``None`` for one that may be the API's. No header is shown: it may hold anything."""
    if status == 511:  # noqa: PLR2004
        return ConnectError(
            f"{host}: a portal in between wants somebody to log in to the network ({where}: status 511)",
            retry_after=asked_pause,
            again=Again.SOON,
        )
    if status < 400 or not (status == 407 or any(name in headers for name in _OWN_HEADERS)):  # noqa: PLR2004
        return None
    says = PROXY_REFUSES.get(status, PROXY_FAILS)
    return ConnectError(
        f"{host}: the proxy in between answers itself: status {status}: {says} ({where})",
        retry_after=asked_pause,
        again=Again.HOURLY if status in PROXY_REFUSES else Again.AT_ONCE,
    )
