"""Rows of the ledger as ``/api/v1`` gives them: times that people can read, and nothing that only the worker needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from exporter.clock import format_timestamp
from exporter.store.job import QUEUED

Json = dict[str, Any]

_HIDDEN = {
    *("lease_until", "listed", "fingerprint", "errors", "request", "claims", "trial", "cleared", "looks", "since"),
}
_TIMES = {"at", "created_at", "finished_at", "not_before", "approved_at", "look_at", "sent_at", "ended_at"}
_TIMES |= {"retry_at", "proved_at"}
_RECORD = ("error_id", "record", "category", "error_type", "outcome", "reason", "attempts", "at", "retry_at", "batch")


def job_json(row: Mapping[str, Any]) -> Json:
    """A job of ``ResyncHistory``. What is not known yet is null."""
    pairs = json.loads(row["errors"])
    return {
        **{key: value for key, value in _readable(row).items() if key not in _HIDDEN},
        "starts_at": row["starts_at"] or None,
        "request_id": row["request_id"] or None,
        # The store keeps the last of them, also of a job that waits no longer.
        "refused_for": row["refused_for"] if row["state"] == QUEUED else "",
        "categories": sorted({category for category, _ in pairs}),
        "error_types": sorted({error_type for _, error_type in pairs}),
    }


def record_json(row: Mapping[str, Any]) -> Json:
    """One record of a job; ``proof`` is null until somebody has looked."""
    shown = _readable({key: row[key] for key in _RECORD})
    return {**shown, "proof": row["proof"] or None, "proved_at": format_timestamp(row["proved_at"])}


def batch_json(row: Mapping[str, Any]) -> Json:
    """One request of a job."""
    return {key: value for key, value in _readable(row).items() if key != "job_id"}


def row_json(row: Mapping[str, Any]) -> Json:
    """A refusal or a notification."""
    return _readable(row)


def _readable(row: Mapping[str, Any]) -> Json:
    return {key: format_timestamp(value) if key in _TIMES else value for key, value in row.items()}
