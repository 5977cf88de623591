"""What a source is: a name, a way to fetch (I/O) and a way to parse (pure).

A new one is a file in this folder with a line in ``SOURCES``, a part in ``exporter/model``, a schema of its payload
in ``exporter/schemas``, and an interval in ``exporter/config``, key and default. What it does as every other does it is
decided once:

- Whether it is polled: by its ``applies``. What ``applies`` has promised and is not there all the same: ``configured``.
- What an API's refusal is: by the client, which raises one of the errors drawn in ``exporter/errors.py``. What such a
  failure means for what is shown, and for the next poll: ``exporter/polling/outcome.py``. So ``fetch`` and ``parse``
  catch none, unless an answer means something else to this source than to others.
- Whether an answer is what it should be: by its schema, with ``checked``. Whether a time that somebody states can be
  meant: ``exporter.clock.is_plausible``.
- What of the last payload may be built upon: ``remembered``, and then whether it speaks of the same org or app.
- How one object of HubSpot's after the other is read, each a part: ``exporter/sources/by_object.py``.
- How long what it said holds: ``exporter/state/reading.py``, so many of its own intervals.
- What it may cost: ``exporter/polling/budget.py``, by ``asks_salesforce`` and ``budget_share``.
- Who is believed where two state the same fact: ``exporter/state/facts.py``. Which reason for a suspension its part or
  its failure speaks for or against: the table in ``exporter/state/channels.py``.

A source that is made of parts (queries, objects, files) loses only the part that fails: ``fetch`` returns a ``Fetched``
that names each part and why it could not be read, by way of ``fetched``, which raises once all of them failed. What the
payload is worth without them is each source's own matter, as the gaps differ. The rule is the same: what was not read
is unknown, neither 0 nor refused. A permission nobody could ask for is ``None`` (``done`` and ``asked`` in
``salesforce_access``); a sum that lacks too much of its files is not ``complete`` and no fact
(``usage_log/coverage.py``); a key that Sync Health leaves out is ``None``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from exporter.clients.connection import Connection
from exporter.config.settings import Integration
from exporter.errors import AuthError, UpstreamError
from exporter.model import Part
from exporter.schemas.json_schema import first_problem

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A payload read in parts; ``parts`` holds the error of each by its name, ``None`` for one that was read.

    ``more_in``: after so many seconds it is worth going on, earlier than the interval says. ``failure``: why the source
    as a whole has failed all the same; the payload is kept for what it remembers.
    """

    payload: Any
    parts: Mapping[str, UpstreamError | None]
    more_in: float | None = None
    failure: UpstreamError | None = None


def fetched(payload: Any, parts: Mapping[str, UpstreamError | None]) -> Fetched:
    """The payload with its parts; raises the error of the first part when none could be read."""
    failed = [error for error in parts.values() if error is not None]
    if failed and len(failed) == len(parts):
        raise failed[0]
    return Fetched(payload, parts)


@dataclass(frozen=True, slots=True)
class Source:
    """``fetch(connection, previous)`` returns JSON, in a ``Fetched`` if the source has parts; ``parse(payload,
    read_at)`` checks it and makes a Part; both raise ``UpstreamError``. ``previous`` is the last good payload, also
    after a restart, ``None`` if there is none.

    The payload is what the store keeps, so ``parse`` must accept again after a restart what it accepted before.
    ``asks_salesforce``: its answers come from the org, cost API calls, and state the org's usage on the side;
    ``budget_share`` is the part of the day's budget after which it gives way to sources with a larger one.
    ``fills_in``: it is polled when nobody else has asked the org for an interval of it; ``one_call``: every poll is a
    call, for which it may wait until then, or come earlier (``gives_way`` in ``exporter/polling/rounds.py``).
    ``builds_on_before``: ``fetch`` looks at ``previous``; of others the last payload stays in the store alone.
    ``writes``: its polls change records, so it is polled by a running exporter alone.
    ``slow``: of which integrations a poll takes its time by nature, as it waits for its turn at an account that others
    share, or reads files of any size: a process that starts is ready without having tried it.
    ``deadline``: seconds it may take, for a source that gives up by itself what gets nowhere; else the poller's.
    """

    name: str
    applies: Callable[[Integration], bool]
    fetch: Callable[[Connection, Any], Awaitable[Any]]
    parse: Callable[[Any, float], Part]
    asks_salesforce: bool = False
    budget_share: float = 1.0
    deadline: float | None = None
    fills_in: bool = False
    one_call: bool = False
    builds_on_before: bool = True
    writes: bool = False
    slow: Callable[[Integration], bool] = lambda _integration: False


def always(_integration: Integration) -> bool:
    """Whatever its configuration."""
    return True


def configured(needed: T | None, what: str) -> T:
    """What a source cannot do without; raises ``AuthError`` where the configuration does not have it."""
    if needed is None:
        raise AuthError(f"no {what} is configured")
    return needed


def remembered(previous: Any, schema: str) -> Any | None:
    """The last good payload; ``None`` if there is none, or another version wrote one that is different."""
    return previous if previous is not None and first_problem(previous, schema) is None else None
