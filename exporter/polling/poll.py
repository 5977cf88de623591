"""One reading of one target, from its API or from what the store has kept. Nothing a source raises gets past here."""

from __future__ import annotations

import json

import structlog

from exporter.clients.http import time_limit
from exporter.clock import Clock
from exporter.errors import InvalidAnswer, UpstreamError, UpstreamTimeout
from exporter.model import Part
from exporter.polling.budget import Budget
from exporter.polling.outcome import Outcome
from exporter.polling.target import Target
from exporter.sources.source import Fetched
from exporter.store.polls import PollRow, payload_text

log = structlog.get_logger(__name__)


async def read(target: Target, row: PollRow, budget: Budget, clock: Clock, deadline: float, began: float) -> Outcome:
    """Asks the API, if the budget allows it; ``row`` holds the last good payload. Nothing is sent any more when
    ``deadline`` seconds have passed since ``began``."""
    try:
        async with time_limit.within(deadline, began):
            if target.source.asks_salesforce:
                await budget.check(target.integration, target.source.budget_share)
            previous = json.loads(row.payload) if row.payload is not None else None
            fetched = await target.source.fetch(target.connection, previous)
        whole = fetched if isinstance(fetched, Fetched) else Fetched(fetched, {})
        part = target.source.parse(whole.payload, clock.time())
        if whole.failure is not None:
            return Outcome(payload_text(whole.payload), part, whole.failure)
        return Outcome(payload_text(whole.payload), part, missing=whole.parts, more_in=whole.more_in)
    except UpstreamError as error:
        return Outcome(error=error)
    except TimeoutError:
        return Outcome(error=UpstreamTimeout(f"not finished within {deadline:g} s"))
    except Exception as error:  # a bug in one source must not stop the others
        log.exception("bug in source", **target.names)
        return Outcome(error=InvalidAnswer(f"bug in source: {type(error).__name__}"))


def stored_part(target: Target, row: PollRow) -> Part | None:
    """The last good payload, parsed again; ``None`` if there is none or this version no longer accepts it."""
    if row.payload is None:
        return None
    try:
        return target.source.parse(json.loads(row.payload), row.succeeded_at or 0.0)
    except (UpstreamError, ValueError) as error:
        log.warning("stored payload not used", **target.names, error=str(error))
    except Exception:  # a bug in one source must not keep the others from starting
        log.exception("bug in source", **target.names)
    return None
