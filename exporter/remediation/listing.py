"""Which errors there are of some pairs, asked of whoever lists single errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable

from exporter.catalog.catalog import CATALOG, UNKNOWN, UNSYNCED
from exporter.clients.connection import ErrorLister
from exporter.model import SyncError


async def listed(
    lister: ErrorLister, pairs: Iterable[tuple[str, str]], selected: Collection[str] = ()
) -> tuple[SyncError, ...]:
    """The current errors of these (category, error type) pairs, each id once; raises ``UpstreamError``.

    If any are ``selected``, by the id of the error or of its record in HubSpot or Salesforce, only these. What is the
    id of an error means that one alone: ids of different kinds may be the same number. Records that no error tells of
    (``UNSYNCED``) are in no list.
    """
    found: dict[str, SyncError] = {}
    exact: set[str] = set()
    of_errors = frozenset(pair for pair in pairs if pair[0] != UNSYNCED)
    for (category, error_type), wanted in _questions(of_errors).items():
        async for error in lister.sync_errors(category, error_type):
            if error.id in selected:
                exact.add(error.id)
            if CATALOG.classify(error.category, error.error_type) in wanted and is_among(error, selected):
                found[error.id] = error
    # Only now it is known which of the selected are ids of errors.
    of_records = frozenset(selected) - exact
    return tuple(error for error in found.values() if not selected or error.id in exact or _is_of(error, of_records))


async def each_listed(lister: ErrorLister, pairs: Iterable[tuple[str, str]]) -> AsyncIterator[SyncError]:
    """The same one after the other, for who keeps none of them; of a lister that names no id twice."""
    for (category, error_type), wanted in _questions(frozenset(pair for pair in pairs if pair[0] != UNSYNCED)).items():
        async for error in lister.sync_errors(category, error_type):
            if CATALOG.classify(error.category, error.error_type) in wanted:
                yield error


def is_among(error: SyncError, selected: Collection[str]) -> bool:
    """Whether it is meant where some are selected, or none is."""
    return not selected or error.id in selected or _is_of(error, selected)


def _is_of(error: SyncError, records: Collection[str]) -> bool:
    return any(name in records for name in (error.record, error.hubspot_id, error.salesforce_id) if name)


def _questions(pairs: frozenset[tuple[str, str]]) -> dict[tuple[str, str | None], frozenset[tuple[str, str]]]:
    """What to ask for, and which pairs of the answer count: a single named type by its name, else the
    whole category, since a lister may have names of its own for what is ``unknown`` here."""
    questions: dict[tuple[str, str | None], frozenset[tuple[str, str]]] = {}
    for category in dict.fromkeys(category for category, _ in sorted(pairs)):
        wanted = frozenset(pair for pair in pairs if pair[0] == category)
        only = next(iter(wanted))[1] if len(wanted) == 1 else UNKNOWN
        questions[category, None if only == UNKNOWN else only] = wanted
    return questions
