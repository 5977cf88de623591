"""The composite calls about a user's access: which queries each takes, and what the source then has to say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import structlog

from exporter.clients.salesforce.access_queries import (
    ASSIGNMENTS,
    FIELDS,
    GROUPS,
    LOGIN,
    OBJECTS,
    OCCASIONAL,
    ORGANIZATION,
    SETS,
    AccessQueries,
    access_queries,
    assignment_columns,
    dispensable,
)
from exporter.clients.salesforce.client import SalesforceClient
from exporter.clients.salesforce.composite import MAX_QUERIES, Records, Refused
from exporter.errors import InvalidAnswer, UnknownColumn, UpstreamError
from exporter.sources.access.answers import explained, kept
from exporter.sources.access.rounds import carried, look, to_ask_again, to_ask_first
from exporter.sources.source import Fetched, fetched

MOST_CALLS = 4
"""Of one poll. One is the rule; the others are for columns that an org does not have, each missed only once."""

log = structlog.get_logger(__name__)


async def inquire(
    salesforce: SalesforceClient,
    about: Mapping[str, Any],
    known: Mapping[str, Any] | None,
    integration: str,
    now: float,
) -> Fetched:
    """The payload ``about`` a user, built upon what is ``known``; raises if nothing at all could be read."""
    without: tuple[str, ...] = tuple(known["without"]) if known else ()
    queries = _queries(about, without)
    spare = MAX_QUERIES - len(queries.always)
    wanted = {**queries.always, **{name: queries.occasional[name] for name in to_ask_first(known, spare, now)}}
    answers: dict[str, Records | Refused] = {}
    for call in range(MOST_CALLS):
        lacking: tuple[str, ...] = ()
        answers |= await _answers(salesforce, wanted, first=not call)
        if ASSIGNMENTS in wanted:
            lacking = _lacking(answers[ASSIGNMENTS], assignment_columns(about["api_version"], without))
            without = (*without, *lacking)
            queries = _queries(about, without)
        told, refusals = kept(answers, queries)
        payload = _payload(about, known, without, told)
        again = (ASSIGNMENTS, GROUPS, SETS) if lacking else to_ask_again(payload, now)
        wanted = _among(queries, again, answers)
        if not wanted:
            break
    _log_unknown(integration, about, payload["answers"])
    return fetched(payload, _parts(payload, refusals, now))


def _queries(about: Mapping[str, Any], without: Iterable[str]) -> AccessQueries:
    return access_queries(
        about["integration_user"],
        about["permission_set"],
        about["objects"],
        tuple(".".join(pair) for pair in about["fields"]),
        assignment_columns(about["api_version"], tuple(without)),
    )


async def _answers(
    salesforce: SalesforceClient, queries: Mapping[str, str], *, first: bool
) -> Mapping[str, Records | Refused]:
    """What became of the queries; a later call that fails does not cost what was read and paid for before."""
    try:
        return await salesforce.composite(queries)
    except UpstreamError as error:
        if first:
            raise explained(error, ASSIGNMENTS) from error
        return dict.fromkeys(queries, Refused(error))


def _lacking(answer: Records | Refused, asked: Iterable[str]) -> tuple[str, ...]:
    """Columns of assignments that the org turns out not to have."""
    if not isinstance(answer, Refused) or answer.error.code != "INVALID_FIELD":
        return ()
    named = answer.error.column if isinstance(answer.error, UnknownColumn) else None
    return dispensable(named, asked)


def _among(queries: AccessQueries, names: Iterable[str], answered: Collection[str]) -> dict[str, str]:
    """Queries by these names: about assignments again, others if they were not asked yet."""
    every = {**queries.always, **queries.occasional}
    return {name: every[name] for name in names if name == ASSIGNMENTS or name not in answered}


def _payload(
    about: Mapping[str, Any], known: Mapping[str, Any] | None, without: Iterable[str], told: Mapping[str, Any]
) -> dict[str, Any]:
    before, ages = carried(known, told[ASSIGNMENTS])
    return {
        "about": dict(about),
        "without": list(without),
        "ages": {**ages, **{name: 0 for name in OCCASIONAL if name in told}},
        "answers": {**before, **told},
    }


def _parts(
    payload: Mapping[str, Any], refusals: Mapping[str, UpstreamError], now: float
) -> dict[str, UpstreamError | None]:
    """Why each part could not be read, ``None`` for one that was."""
    looked = look(payload, now)
    questions = {
        "user": (ASSIGNMENTS,),
        "permission_set": (ASSIGNMENTS, *looked.asks_groups * (GROUPS,), *looked.asks_sets * (SETS,)),
        **{name: (name,) for name in (OBJECTS, FIELDS) if payload["about"][name]},
        "login": (LOGIN,),
        "organization": (ORGANIZATION,),
    }
    if payload["answers"].get(ORGANIZATION) is None and ORGANIZATION not in refusals:
        refusals = {
            **refusals,
            ORGANIZATION: InvalidAnswer("access: organization: not read when it was asked for last"),
        }
    return {
        part: next((refusals[name] for name in names if name in refusals), None) for part, names in questions.items()
    }


def _log_unknown(integration: str, about: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    for question in (OBJECTS, FIELDS):
        answer = answers[question]
        left_out = len(about[question]) - answer["asked"] if answer else 0
        if answer and (left_out or not answer["done"]):
            log.warning("permissions not all known", integration=integration, about=question, not_asked=left_out)
