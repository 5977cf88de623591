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

from exporter.clients.http.upstream import Answer
from exporter.errors import InvalidAnswer, UpstreamError
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


Refusal = Callable[[Answer], UpstreamError]


def composite_records(body: Any, where: str, names: Collection[str], refusal: Refusal) -> dict[str, Records]:
    """Records by reference id. Raises the ``refusal`` of a part that failed, ``InvalidAnswer`` if one is missing."""
    answers = checked(body, "salesforce_composite", where)["compositeResponse"]
    parts = {part["referenceId"]: part for part in answers}
    missing = [name for name in names if name not in parts]
    if missing:
        raise InvalidAnswer(f"{where}: no answer to query {missing[0]}")
    return {name: _records(parts[name], f"{where}, query {name}", refusal) for name in names}


def _records(part: Mapping[str, Any], where: str, refusal: Refusal) -> Records:
    if part["httpStatusCode"] != 200:  # noqa: PLR2004
        text = json.dumps(part["body"]).encode()
        raise refusal(Answer(int(part["httpStatusCode"]), httpx.Headers(), text, where))
    body = checked(part["body"], "salesforce_records", where)
    return Records(tuple(body["records"]), body["done"])
