"""All simulated orgs together, and the ticker that moves them."""

import asyncio
import re
from collections.abc import Callable, Sequence

from exporter.demo.simulator.clock import Clock
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import Settings

_TAKEN = ("control", "status")  # the first parts of other paths


class World:
    """The orgs by name and by Salesforce instance. `stopping` is set when the simulator shuts down."""

    def __init__(self, names: Sequence[str], clock: Clock, settings: Settings | None = None) -> None:
        _check(names)
        self.settings = settings or Settings()
        self.orgs = {
            name: Org(name, clock, self.settings, instance=f"SIM{position}")
            for position, name in enumerate(names, start=1)
        }
        self.by_instance = {org.instance: org for org in self.orgs.values()}
        self.stopping = asyncio.Event()

    def tick(self) -> None:
        """One round of every org."""
        for org in self.orgs.values():
            org.tick()

    async def run(self, interval: float, live: Callable[[], None] | None = None) -> None:
        """Tick until cancelled, every `interval` seconds; in between the other tasks have their turn.

        `live` is called before each round: what people do then.
        """
        while True:
            await asyncio.sleep(interval)
            if live is not None:
                live()
            for org in self.orgs.values():
                org.tick()
                await asyncio.sleep(0)


def _check(names: Sequence[str]) -> None:
    for name in names:
        if name in _TAKEN or not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
            raise ValueError(f"org name {name!r}: must fit into a path, and not be one of {_TAKEN}")
