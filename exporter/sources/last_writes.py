"""What is known of the integration user's newest write to each Salesforce object, and what to ask about next. Pure.

A composite call takes five queries. Where there are more objects, those that have waited longest have their turn, then
the first of the configuration: of six the last ones are looked at every second time. Once an hour the user takes one of
the places: another one may have been given that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exporter.clients.salesforce.composite import MAX_QUERIES, Records, Refused
from exporter.clients.salesforce.write_queries import WRITTEN, last_write_query, user_query
from exporter.clock import is_plausible, parse_timestamp
from exporter.config.masking import shown
from exporter.errors import Again, InvalidAnswer, UpstreamError

USER = "user"

USER_STANDS = 3600.0
"""Seconds for which the user's id is taken as it was."""

OVERLAP = 3600.0
"""Seconds before the last look that are looked at again: a write shows when its transaction ends, minutes after the
time it carries, and two clocks may differ."""

FIRST_LOOK, FARTHEST_LOOK = 86_400.0, 7 * 86_400.0
"""Seconds that the first look at an object goes back, and one after a long absence."""

_FORBIDDEN = ("INSUFFICIENT_ACCESS", "INVALID_TYPE", "INVALID_FIELD")
"""What Salesforce calls an object that the user who asks may not see: it is as if it did not exist."""

Known = Mapping[str, Any]
"""A payload of the source."""


def nothing_known(about: Mapping[str, str]) -> Known:
    """The payload before the first answer."""
    return {"about": dict(about), "user_id": None, "user_read_at": None, "objects": {}}


def asked_next(known: Known, objects: Sequence[str], now: float) -> tuple[str, ...]:
    """Whom the next call asks about: the user, if it is time, and as many objects as there is room for."""
    user = (USER,) if known["user_read_at"] is None or now >= known["user_read_at"] + USER_STANDS else ()
    tried = {name: known["objects"].get(name, {}).get("tried_at", 0.0) for name in objects}
    in_turn = sorted(tried, key=lambda name: tried[name])[: MAX_QUERIES - len(user)]
    return (*user, *(name for name in objects if name in in_turn))


def query_about(name: str, known: Known, now: float) -> str:
    """The query that asks about the user, or about its newest write to an object."""
    user = known["about"]["integration_user"]
    if name == USER:
        return user_query(user)
    read_at = known["objects"].get(name, {}).get("read_at")
    since = now - FIRST_LOOK if read_at is None else max(read_at - OVERLAP, now - FARTHEST_LOOK)
    return last_write_query(name, user, known["user_id"], since)


def user_id_of(answer: Records, user: str) -> str:
    """Raises ``InvalidAnswer``."""
    found = answer.rows[0].get("Id") if answer.rows else None
    if found is None:
        raise InvalidAnswer(
            f"Salesforce shows no user {shown(user)}: is that the username HubSpot logs in with "
            "(salesforce.integration_user)?",
            again=Again.LATER,
        )
    if not isinstance(found, str) or not found.isalnum() or len(found) not in (15, 18):
        raise InvalidAnswer("heartbeat: the Id of a user is no id")
    return found


def entry_after(
    before: Mapping[str, Any], answer: Records | Refused, name: str, now: float
) -> tuple[dict[str, Any], UpstreamError | None]:
    """What is known of an object once it was asked about, and why it could not be read.

    A record that somebody else has changed since, or that was deleted, takes nothing back.
    """
    known_at, read_at = before.get("at"), before.get("read_at")
    try:
        if isinstance(answer, Refused):
            raise explained(answer.error, name)
        at = _newest(answer, name)
    except UpstreamError as error:
        refused = {"code": error.code, "message": str(error)}
        return {"at": known_at, "read_at": read_at, "tried_at": now, "refused": refused}, error
    newest = max((one for one in (known_at, at) if one is not None), default=None)
    return {"at": newest, "read_at": now, "tried_at": now, "refused": None}, None


def _newest(answer: Records, name: str) -> float | None:
    if not answer.rows:
        return None
    told = answer.rows[0].get(WRITTEN)
    try:
        at = parse_timestamp(told) if isinstance(told, str) else None
    except (ValueError, OverflowError):
        at = None
    if at is None or not is_plausible(at):
        raise InvalidAnswer(f"heartbeat: {name}: its {WRITTEN} is no time")
    return at


def explained(error: UpstreamError, name: str) -> UpstreamError:
    """The same, with what is needed to read an object where that may be what is missing."""
    if not (error.code or "").startswith(_FORBIDDEN):
        return error
    needed = (
        "View Setup and Configuration"
        if name == USER
        else f"Read and View All on {name}; or leave it out of salesforce.objects if the org does not have it"
    )
    return error.retold(f"{error}: the exporter's own user needs {needed}", again=Again.LATER)


def refusal_before(entry: Mapping[str, Any]) -> UpstreamError | None:
    """Why an object that has no turn now could not be read when it had one."""
    refused = entry["refused"]
    if refused is None:
        return None
    return InvalidAnswer(f"when asked last: {refused['message']}", code=refused["code"], again=Again.LATER)
