"""What Salesforce's refusals mean: one table, read from the top; the first row that fits an answer decides.

Facts: Salesforce REST API Developer Guide, *Status Codes and Error Responses*, and what people report of real orgs:
``REQUEST_LIMIT_EXCEEDED`` is the code of the calls of the day ("TotalRequests Limit exceeded.") and is also said of too
many long requests at once ("ConcurrentRequests (Concurrent API Requests) Limit exceeded.", "ConcurrentPerOrgApex …",
"ConcurrentPerOrgLongTxn …"): the names of the limits stay English whatever the user's language. ``UNKNOWN_EXCEPTION``
is said of too many transactions too; 410 answers an API version that is no longer served; an edge that finds no way to
an org that is being moved answers 420 with an empty body. The error code decides before the status does. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.clients.http.answer import Answer
from exporter.errors import (
    Again,
    AuthError,
    InvalidAnswer,
    RateLimited,
    ServerError,
    SessionExpired,
    UpstreamError,
    UpstreamTimeout,
)

ORG_LIMIT = "salesforce_org_api_limit_exceeded"
ACCESS_DISABLED = "salesforce_org_api_access_disabled"
LOCKED = "salesforce_org_locked"
STORAGE = "salesforce_org_storage_limit_exceeded"
UNAVAILABLE = "salesforce_org_unavailable"
SERVER = "salesforce_server_error"

_NO_API = (
    "the API is switched off for the exporter's own user (API Enabled in its profile or a permission set), or the "
    "edition of the org has none"
)
_FORBIDDEN = (
    "Salesforce forbids it to the exporter's own user, which needs API Enabled and View Setup and Configuration; a "
    "transaction security policy may forbid it as well"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row: ``code`` and ``status`` of the answer and ``words``, one of which its message holds, where they are given.

    Words are compared in small letters and without spaces: ``totalrequests`` for "TotalRequests Limit exceeded.".

    ``reason`` is the suspension reason that such an answer is evidence for; ``says`` is what a person reads. Where the
    same code is evidence in another row, this one is ``namesake`` and keeps it to itself.
    """

    error: type[UpstreamError]
    again: Again
    code: str | None = None
    status: int | None = None
    words: tuple[str, ...] = ()
    reason: str | None = None
    says: str = ""
    namesake: bool = False

    def fits(self, code: str | None, status: int, message: str) -> bool:
        said = "".join(message.lower().split())
        return (
            self.code in (None, code)
            and self.status in (None, status)
            and (self.code is not None or self.status is not None)
            and (not self.words or any(word in said for word in self.words))
        )


REFUSALS: tuple[Refusal, ...] = (
    # Over within seconds, and no sign of a used-up day.
    Refusal(
        RateLimited,
        Again.SOON,
        "REQUEST_LIMIT_EXCEEDED",
        words=("concurrent",),
        says="too many concurrent requests",
        namesake=True,
    ),
    Refusal(
        RateLimited,
        Again.HOURLY,
        "REQUEST_LIMIT_EXCEEDED",
        words=("totalrequests", "apirequest", "dailyapi", "24hour"),
        reason=ORG_LIMIT,
        says="org quota used up",
    ),
    # The code is the day's, the words do not say so: evidence, but asked again soon. What is over at the next try was
    # no used-up day; what goes on being said is one, and is asked about less and less.
    Refusal(
        RateLimited,
        Again.SOON,
        "REQUEST_LIMIT_EXCEEDED",
        reason=ORG_LIMIT,
        says="a limit of requests is exceeded, and Salesforce does not say which: the org's calls of the day, unless "
        "it passes within minutes",
    ),
    Refusal(
        RateLimited,
        Again.SOON,
        "UNKNOWN_EXCEPTION",
        words=("concurrent",),
        says="too many at once",
        namesake=True,
    ),
    Refusal(
        RateLimited,
        Again.SOON,
        "UNKNOWN_EXCEPTION",
        words=("limitexceeded",),
        says="a limit of the org is exceeded for the moment, which passes",
        namesake=True,
    ),
    Refusal(UpstreamTimeout, Again.SOON, "QUERY_TIMEOUT", says="the query took Salesforce too long"),
    Refusal(RateLimited, Again.LATER, "STORAGE_LIMIT_EXCEEDED", reason=STORAGE, says="org storage used up"),
    Refusal(RateLimited, Again.SOON, "LIMIT_EXCEEDED", says="a limit of the org is exceeded, which passes"),
    Refusal(AuthError, Again.LATER, "API_DISABLED_FOR_ORG", reason=ACCESS_DISABLED, says=_NO_API),
    Refusal(AuthError, Again.LATER, "API_CURRENTLY_DISABLED", reason=ACCESS_DISABLED, says=_NO_API),
    Refusal(ServerError, Again.AT_ONCE, "UNABLE_TO_LOCK_ROW", reason=LOCKED),
    Refusal(ServerError, Again.AT_ONCE, "ORG_LOCKED", reason=LOCKED),
    Refusal(ServerError, Again.AT_ONCE, "SERVER_UNAVAILABLE", reason=UNAVAILABLE),
    Refusal(ServerError, Again.AT_ONCE, "UNKNOWN_EXCEPTION", reason=SERVER),
    Refusal(SessionExpired, Again.LATER, "INVALID_SESSION_ID"),
    Refusal(SessionExpired, Again.LATER, status=401),
    Refusal(AuthError, Again.LATER, status=403, says=_FORBIDDEN),
    Refusal(
        InvalidAnswer,
        Again.LATER,
        status=410,
        says="this API version is no longer served: raise salesforce.api_version, or leave it out",
    ),
    Refusal(
        ServerError,
        Again.SOON,
        status=420,
        reason=UNAVAILABLE,
        says="Salesforce's edge finds no way to the org, as while an org is being moved",
    ),
    Refusal(ServerError, Again.AT_ONCE, status=500, reason=SERVER),
    Refusal(ServerError, Again.AT_ONCE, status=502, reason=UNAVAILABLE),
    Refusal(ServerError, Again.AT_ONCE, status=503, reason=UNAVAILABLE),
    Refusal(ServerError, Again.AT_ONCE, status=504, reason=UNAVAILABLE),
)

MAINTENANCE = "MAINTENANCE_PAGE"
"""Our word for an answer that is a maintenance page, whatever its status: HubSpot's calls meet it as well."""


def refusal_of(code: str | None, status: int, message: str) -> Refusal | None:
    """The row of the table that an answer fits; ``None`` for one that says nothing special."""
    return next((row for row in REFUSALS if row.fits(code, status, message)), None)


def failure_of(answer: Answer, code: str | None, message: str, asked_pause: float | None) -> UpstreamError | None:
    """The failure that the table makes of an answer with this code and message; ``None`` where it has no row for it."""
    row = refusal_of(code, answer.status, message)
    if row is None:
        return None
    told = answer.told(code)
    return row.error(
        f"{told}: {row.says}" if row.says else told,
        code=told_code(row, code, answer.status),
        retry_after=asked_pause,
        again=row.again,
    )


def told_code(row: Refusal, code: str | None, status: int) -> str | None:
    """The code of the failure, by which it is found where evidence is looked for: the status itself where that is
    the evidence, for Salesforce's own code beside it may be any."""
    if row.namesake:
        return None
    if row.reason is not None and row.code is None:
        return f"HTTP_{status}"
    return code or f"HTTP_{status}"


def _evidence() -> dict[str, frozenset[str]]:
    codes: dict[str, set[str]] = {UNAVAILABLE: {MAINTENANCE}}
    for row in REFUSALS:
        if row.reason is not None:
            codes.setdefault(row.reason, set()).add(row.code or f"HTTP_{row.status}")
    return {reason: frozenset(found) for reason, found in codes.items()}


EVIDENCE: Mapping[str, frozenset[str]] = _evidence()
"""By suspension reason: the codes of failures that speak for it."""
