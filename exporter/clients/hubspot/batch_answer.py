"""What HubSpot answers to a batch update, record by record. Pure.

Facts: HubSpot's OpenAPI files and *Error handling*. 200 or 207 with ``results[{id, properties}]``, ``numErrors`` and
``errors[{status, category, message, context: {ids: [...]}}]``, all of them optional under either status. An error may
name no record (seen for validation errors), or the ``objectWriteTraceId`` that was sent with it. The id of a result is
another than that of the input where records were merged. 400 and 404 refuse the batch as a whole, and may name the
records because of which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_LONGEST_REASON = 300
_PASSING = ("LOCK", "RATE_LIMIT")
"""Parts of categories whose errors pass within seconds."""

GONE = "OBJECT_NOT_FOUND: HubSpot has no such record; it is archived, deleted or merged"
"""Why a record is refused of which HubSpot knows nothing (any more): that does not pass."""


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """``written`` and ``refused`` (with the reason) are what is known of each record; ``locked`` ones are to be asked
    for again after a pause. ``open`` are those that were not written, for which no error names a record: ``why`` says
    what HubSpot says."""

    written: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    locked: Mapping[str, str] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    why: str = ""


def read_batch(body: Mapping[str, Any], asked: Sequence[str]) -> BatchAnswer:
    """An answer of 200 or 207."""
    errors = tuple(_errors(body))
    named = _named(errors, asked)
    refused, locked = _sorted(named)
    unnamed = [error for error in errors if not _ids(error, asked)]
    count = max((body.get("numErrors") or 0) - len(named), len(unnamed))
    rest = [record for record in asked if record not in named]
    missing = _missing(body.get("results"), rest, count)
    why = _reason(unnamed[0]) if unnamed else "HubSpot does not say what became of it"
    written = frozenset(rest).difference(missing)
    if count == 0 or count >= len(missing):  # nothing is left to be found out
        return BatchAnswer(written, refused | dict.fromkeys(missing, why), locked)
    return BatchAnswer(written, refused, locked, missing, why)


def _missing(results: list[Mapping[str, Any]] | None, rest: Sequence[str], errors: int) -> tuple[str, ...]:
    """Which of the records that no error names are in no result either, where one is missing."""
    if not errors and (results is None or len(results) >= len(rest)):
        return ()
    seen = {str(result.get("id")) for result in results or ()}
    return tuple(record for record in rest if record not in seen)


def read_refusal(body: Mapping[str, Any], asked: Sequence[str]) -> BatchAnswer:
    """An answer that refuses the batch: nothing of it is written."""
    named = _named((body, *_errors(body)), asked)
    rest = tuple(record for record in asked if record not in named)
    return BatchAnswer(frozenset(), *_sorted(named), rest, _reason(body))


def _errors(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = body.get("errors")
    yield from (error for error in (listed if isinstance(listed, list) else ()) if isinstance(error, dict))


def _named(errors: Iterable[Mapping[str, Any]], asked: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    return {record: error for error in errors for record in _ids(error, asked)}


def _ids(error: Mapping[str, Any], asked: Sequence[str]) -> tuple[str, ...]:
    """The records of the batch that an error names."""
    context = error.get("context")
    if not isinstance(context, dict):
        return ()
    said = {str(value) for key in ("ids", "id", "objectWriteTraceId") for value in _listed(context.get(key))}
    return tuple(record for record in asked if record in said)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _sorted(named: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, str], dict[str, str]]:
    """The refused, and those that pass."""
    reasons = {record: _reason(error) for record, error in named.items()}
    passing = {record for record, error in named.items() if _passes(error)}
    return (
        {record: why for record, why in reasons.items() if record not in passing},
        {record: why for record, why in reasons.items() if record in passing},
    )


def _passes(error: Mapping[str, Any]) -> bool:
    category = str(error.get("category") or "").upper()
    return str(error.get("status")) in ("423", "429") or any(word in category for word in _PASSING)


def _reason(error: Mapping[str, Any]) -> str:
    """Category and message as a person reads them, in one line that no ledger is filled up by."""
    if error.get("category") == "OBJECT_NOT_FOUND":
        return GONE
    codes = [code for code in (inner.get("code") for inner in _errors(error)) if isinstance(code, str)]
    words = [error.get("category"), *codes[:1], error.get("message")]
    text = ": ".join(word for word in words if isinstance(word, str) and word) or "refused"
    return "".join(letter if letter.isprintable() else " " for letter in text)[:_LONGEST_REASON]
