"""What was seen of a record after its resync: accepted is not cured. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from exporter.catalog.catalog import CATALOG, UNSYNCED
from exporter.model import SyncError
from exporter.store.proofs import CURED, Sent

CAME_BACK, UNCHANGED = "came_back", "unchanged"

TOLERANCE = 15.0
"""Seconds. HubSpot writes ``salesforcelastsynctime`` 2 to 13 s after the time it holds, and clocks differ."""


def proofs_of(
    sent: Iterable[Sent],
    errors: Iterable[SyncError],
    synced: Mapping[str, float | None],
    lists: Mapping[str, float | None] | None = None,
) -> dict[str, str]:
    """By error id: ``errors`` are those there are now, ``synced`` when a record was synced last, of records whose error
    id is known there. ``lists`` is by category of when the list is that they stand in, ``None`` if of now.

    An error that is still listed and was seen since its resync has come back, as has one that was gone when it was
    looked at before. One that nobody has seen since is unchanged, and so is a record that nothing has synced. Of a
    record without an error only its sync is a proof: where nobody tells of that, there is none.

    A list from before a resync, such as an export, says nothing of what that did: then only the record's last sync
    does, and where that is not known there is no proof.
    """
    listed = tuple(errors)
    by_id = {error.id: error for error in listed}
    by_record = {(error.record, CATALOG.classify(error.category, error.error_type)): error for error in listed}
    proofs = {}
    for each in sent:
        if each.category == UNSYNCED and each.error_id not in synced:
            continue
        listed_at = (lists or {}).get(each.category)
        if listed_at is None or listed_at > each.at:
            still = by_id.get(each.error_id) or by_record.get((each.record, (each.category, each.error_type)))
            proofs[each.error_id] = _proof(each, still, synced)
        elif each.error_id in synced:
            proofs[each.error_id] = _proof(each, None, synced)
    return proofs


def _proof(sent: Sent, error: SyncError | None, synced: Mapping[str, float | None]) -> str:
    if error is None:
        return UNCHANGED if _never_synced(sent, synced) else CURED
    seen = _moment(error.last_seen)
    renewed = error.id != sent.error_id or (seen is not None and seen > sent.at)
    return CAME_BACK if renewed or sent.proof == CURED else UNCHANGED


def _never_synced(sent: Sent, synced: Mapping[str, float | None]) -> bool:
    if sent.error_id not in synced:
        return False
    last = synced[sent.error_id]
    return last is None or last < sent.since - TOLERANCE


def _moment(text: str | None) -> float | None:
    """``last_seen`` as its bridge writes it; it is only worth something if it is a time with a zone."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None
