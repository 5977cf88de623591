"""The body of ``POST /api/v1/resyncs``, and its key."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from exporter.catalog.catalog import CATALOG
from exporter.remediation.orders import Request
from exporter.schemas.misfit import misfit

_KEY = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be resynced, or, in a ``dry_run``, only thought of."""

    request: Request
    dry_run: bool


def parse_request(body: bytes) -> Asked:
    """Raises ``ValueError`` with a sentence for anything else.

    Who names nothing wants nothing resynced: what a program left out by mistake must not become all there is.
    """
    try:
        payload = json.loads(body)
    except RecursionError as error:
        raise ValueError("the body is nested too deeply") from error
    except ValueError as error:
        raise ValueError("the body is not JSON") from error
    wrong = misfit(payload, "resync_request")
    if wrong is not None:
        raise ValueError(wrong)
    return Asked(_request(payload), payload.get("dry_run", False))


def _request(payload: dict[str, Any]) -> Request:
    """Ids alone are those of any error."""
    return Request(
        payload["integration"],
        CATALOG.select(payload.get("categories", ()), payload.get("error_types", ())),
        frozenset(payload.get("error_ids", ())),
        payload.get("action"),
    )


def parse_key(text: str | None) -> str | None:
    """The ``Idempotency-Key``, ``None`` if none was sent; raises ``ValueError``."""
    if text is None or _KEY.fullmatch(text):
        return text
    raise ValueError(f"Idempotency-Key: got {text[:40]!r}; expected 1 to 128 printable ASCII characters without spaces")
