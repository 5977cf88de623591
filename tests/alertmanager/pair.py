"""A pair of real Alertmanagers, highly available as people run them: both are told of every alert by Prometheus, and by
gossip each knows what the other has notified. The second waits for the first, and does what the first has not done.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.alertmanager.cable import Cable, Plug, laid_cable
from tests.alertmanager.conftest import Running, retention, running_alertmanager

WEBHOOK = "webhook"
"""What Alertmanager calls the kind of our receiver."""


@dataclass(frozen=True)
class Sent:
    """What one Alertmanager counts of its notifications to webhooks: each is one or more ``requests``, of which some
    are ``refused``, be it that nobody listens, until one arrives or it is ``given_up``."""

    notifications: int
    given_up: int
    requests: int
    refused: int

    @property
    def arrived(self) -> int:
        return self.requests - self.refused

    @property
    def under_way(self) -> int:
        return self.notifications - self.given_up - self.arrived


@dataclass(frozen=True)
class Pair:
    """``first`` notifies at once, ``second`` when the first has had its time."""

    first: Running
    second: Running
    cable: Cable

    @property
    def both(self) -> tuple[Running, Running]:
        return self.first, self.second

    async def joined(self) -> bool:
        """Whether each knows of the other."""
        return all([await _peers(one) == len(self.both) for one in self.both])

    async def sent(self) -> tuple[Sent, Sent]:
        return await _sent(self.first), await _sent(self.second)

    async def both_refused(self) -> bool:
        """Whether each has met a receiver that is not there, or does not want it."""
        return all(sent.refused for sent in await self.sent())

    async def both_arrived(self, times: int) -> bool:
        """Whether each has reached the receiver at least so often."""
        return all(sent.arrived >= times for sent in await self.sent())

    async def at_rest(self) -> bool:
        """Whether neither tries to reach the receiver."""
        return not any(sent.under_way for sent in await self.sent())

    async def calm(self) -> bool:
        """Whether no alert fires."""
        return not any([await one.alerts() for one in self.both])


async def _peers(one: Running) -> int:
    answer = await one.http.get(f"{one.url}/api/v2/status")
    answer.raise_for_status()
    return len(answer.json()["cluster"].get("peers", []))


async def _sent(one: Running) -> Sent:
    answer = await one.http.get(f"{one.url}/metrics")
    answer.raise_for_status()
    counted: Counter[str] = Counter()
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.labels.get("integration") == WEBHOOK:
                counted[sample.name.removeprefix("alertmanager_").removesuffix("_total")] += int(sample.value)
    return Sent(
        notifications=counted["notifications"],
        given_up=counted["notifications_failed"],
        requests=counted["notification_requests"],
        refused=counted["notification_requests_failed"],
    )


@contextlib.asynccontextmanager
async def running_pair(config: Mapping[str, Any], folder: Path, peer_timeout: str) -> AsyncIterator[Pair]:
    """Both run with the same configuration until the block ends; the second waits ``peer_timeout`` for the first."""
    async with laid_cable() as cable:
        ours, theirs = cable.plugs
        for name in ("first", "second"):
            (folder / name).mkdir()
        # Who is the first of a cluster goes by the names they give themselves, and these by the time.
        async with (
            _running(config, folder / "first", ours, theirs, peer_timeout) as first,
            _running(config, folder / "second", theirs, ours, peer_timeout) as second,
        ):
            yield Pair(first, second, cable)


def _running(
    config: Mapping[str, Any], folder: Path, own: Plug, other: Plug, peer_timeout: str
) -> AbstractAsyncContextManager[Running]:
    cluster = (
        *(f"--cluster.listen-address={own.behind}", f"--cluster.advertise-address={own.address}"),
        *(f"--cluster.peer={other.address}", f"--cluster.peer-timeout={peer_timeout}"),
        # Whoever was cut off is looked for again soon, and nobody waits for more of them to come.
        *("--cluster.reconnect-interval=500ms", "--cluster.settle-timeout=1s"),
    )
    return running_alertmanager(config, folder, retention(), cluster=cluster)
