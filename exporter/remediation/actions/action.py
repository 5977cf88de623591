"""What an action is: a way to find sync errors and to resync them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exporter.clients.connection import Connection
from exporter.config.settings import Guards
from exporter.model import SyncError
from exporter.store.job import Job, Way

Pair = tuple[str, str]
"""Category and error type, as the catalogue names them."""


class Final(str):
    """Why a record was refused, where asking again changes nothing."""

    __slots__ = ()


class Action(Protocol):
    """Resyncs for one integration; both methods raise ``UpstreamError`` for what may pass, ``resync`` also
    ``ResyncRefused`` for what ends the job. ``name`` is a value of ``resync_records_total{action}``, ``batch_size`` how
    many errors one request may name, ``lanes`` how many requests may be under way at once. ``repeatable``, and then of
    one lane: the other side knows a request again, so one whose answer was lost is sent again as it was; without it the
    job looks first which of its errors are left. ``on_trial``: the first batches of a large job have to cure something
    before it goes on; not where the other side takes its time. ``asks_hubspot``: every request is one of HubSpot's API.
    ``proved_by_syncs``: ``synced_at`` is a proof of its own, so an error may be cured that an older list still has.

    Between finding an error and resyncing it a job keeps its ``id``, for hours maybe and across restarts. So whatever
    an action needs to know of an error to resync it stands in the ``id`` that it gives it.
    """

    name: str
    batch_size: int
    lanes: int
    repeatable: bool
    on_trial: bool
    asks_hubspot: bool
    proved_by_syncs: bool

    async def find(
        self, pairs: Iterable[Pair], selected: Collection[str] = (), since: float | None = None
    ) -> tuple[SyncError, ...]:
        """The current errors of these pairs, each id once; of these only the ``selected``, if any are. ``since`` is
        from when on records are looked for that have not reached Salesforce, by an action that finds such."""

    async def synced_at(self, error_ids: Sequence[str]) -> Mapping[str, float | None]:
        """When the records of these errors were synced last, ``None`` where never; nothing of those that this action
        cannot tell of. Raises ``UpstreamError``."""

    async def as_of(self, category: str) -> float | None:
        """Of when the list is that ``find`` reads the errors of a category from, 0 if there is none; ``None`` for one
        that is made as it is asked for. Raises ``UpstreamError``."""

    async def resync(self, error_ids: Sequence[str], job: Job) -> Mapping[str, str | None]:
        """Asks for at most ``batch_size`` resyncs of a job: ``None`` for an id that was accepted, else why it was not.

        After a crash it is asked again for ids whose answer nobody recorded, by the same job.
        """


@dataclass(frozen=True, slots=True)
class ActionKind:
    """An entry of the table. ``made_from`` makes the action of one integration, or says ``None`` where nothing is
    configured for it; it sends nothing. Not ``unasked``: it is only taken where the configuration names it."""

    name: str
    made_from: Callable[[Connection], Action | None]
    unasked: bool = True


@dataclass(frozen=True, slots=True)
class Ways:
    """The actions of one integration by name; ``own`` names the one that is meant by who names none. It may name one
    that cannot be made, since a part of what it needs is missing. ``guards`` bound whatever is done."""

    by_name: Mapping[str, Action] = field(default_factory=dict)
    own: str | None = None
    guards: Guards = field(default_factory=Guards)


def known_ways(ways: Mapping[str, Ways]) -> frozenset[Way]:
    """Every action of every integration."""
    return frozenset((integration, action) for integration, its in ways.items() for action in its.by_name)
