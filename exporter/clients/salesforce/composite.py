"""Several queries for the price of one API call. Pure: builds the body, reads the answer.

Facts: Salesforce REST API Developer Guide, *Composite*: ``POST /services/data/vXX.X/composite`` takes 25 subrequests,
5 of them queries at most, and counts as one call. Its own status is 200 even if parts failed; each part says how it
went in ``httpStatusCode``, with the body the same request would get alone. Reference ids are letters, digits and ``_``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from exporter.clients.http.answer import Answer
from exporter.errors import InvalidAnswer, SessionExpired, UpstreamError
from exporter.schemas.json_schema import checked

MAX_QUERIES = 5
MAX_QUERY_LENGTH = 20_000
"""Characters of SOQL a query is kept under. The documented limit is 100,000; older orgs were given 20,000."""


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a query; not ``done``: there are more of them, which a further call would bring."""

    rows: tuple[Mapping[str, Any], ...]
    done: bool


def composite_body(queries: Mapping[str, str], api_version: str) -> dict[str, Any]:
    """The body that asks these queries, by reference id. One that fails leaves the others alone."""
    if not 0 < len(queries) <= MAX_QUERIES:
        raise ValueError(f"{len(queries)} queries, from 1 to {MAX_QUERIES} fit")
    return {
        "allOrNone": False,
        "compositeRequest": [
            {
                "method": "GET",
                "url": f"/services/data/v{api_version}/query/?" + urlencode({"q": query}, errors="replace"),
                "referenceId": name,
            }
            for name, query in queries.items()
        ],
    }


@dataclass(frozen=True, slots=True)
class Refused:
    """A query without records, and why."""

    error: UpstreamError


Refusal = Callable[[Answer], UpstreamError]


def composite_records(body: Any, where: str, names: Collection[str], refusal: Refusal) -> dict[str, Records | Refused]:
    """What became of each query, by reference id. Raises the error of the first if none of them has records, and
    ``SessionExpired`` if any has met that: with a new session all of them may be answered."""
    given = checked(body, "salesforce_composite", where)["compositeResponse"]
    parts = {part.get("referenceId"): part for part in given}
    answers = {name: _answer(parts.get(name), f"{where}, query {name}", refusal) for name in names}
    refused = [answer.error for answer in answers.values() if isinstance(answer, Refused)]
    expired = [error for error in refused if isinstance(error, SessionExpired)]
    if expired or len(refused) == len(answers):
        raise (expired or refused)[0]
    return answers


def _answer(part: Mapping[str, Any] | None, where: str, refusal: Refusal) -> Records | Refused:
    try:
        if part is None:
            raise InvalidAnswer(f"{where}: no answer")
        status, body = checked(part, "salesforce_composite_part", where)["httpStatusCode"], part["body"]
        if status != 200:  # noqa: PLR2004
            return Refused(refusal(Answer(int(status), httpx.Headers(), json.dumps(body).encode(), where)))
        records = checked(body, "salesforce_records", where)
    except UpstreamError as error:
        return Refused(error)
    return Records(tuple(records["records"]), records["done"])
