"""What HubSpot's refusals mean: one table, read from the top; the first row that fits an answer decides.

Facts: HubSpot developer documentation, *Error handling* and *Usage guidelines*: 423 is a lock of two seconds, 477 an
account that is being moved to another data centre (``Retry-After``, typically up to 24 hours), 502 and 504 mean too
much at once, 521 to 526 come from the edge, with HTML. A 429 names its limit in ``policyName`` (``DAILY``,
``TEN_SECONDLY_ROLLING``, ``SECONDLY``) or only in its message. Every field of an error body is optional.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.clients.http.answer import WEB_PAGE, Answer
from exporter.clients.http.upstream import Upstream
from exporter.clients.hubspot.scopes import missing_scopes
from exporter.errors import Again, AuthError, InvalidAnswer, RateLimited, ServerError, UpstreamError

_MOST_SCOPES = 5
_MISSING_SCOPES = "MISSING_SCOPES"
_ADD = ". "
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_OF_THE_TOKEN = ("INVALID_AUTHENTICATION", "EXPIRED_AUTHENTICATION", "HTTP_401")

_WHERE_SCOPES_ARE = (
    "of the token in hubspot.token_file or token_env: HubSpot, Settings → Development → Keys (a service key), or "
    "Integrations → Private Apps"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row: ``statuses`` of the answer and the ``word`` that a 429's policy or message holds, in small letters.

    ``pause`` is how many seconds HubSpot is left alone at least, where it asks for none or for less.
    """

    error: type[UpstreamError]
    again: Again
    statuses: frozenset[int]
    says: str
    word: str = ""
    pause: float | None = None


REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        AuthError,
        Again.LATER,
        frozenset({401}),
        "HubSpot does not take the token. Put a valid one into the file or variable that hubspot.token_file or "
        "token_env names: a service key (HubSpot, Settings → Development → Keys) or a private app's token; it may have "
        "been rotated or deleted, or be of another account's data centre.",
    ),
    Refusal(
        InvalidAnswer,
        Again.LATER,
        frozenset({404, 410}),
        "HubSpot has nothing at this path: check hubspot.url, hubspot.api_version and the configured objects.",
    ),
    Refusal(
        InvalidAnswer,
        Again.LATER,
        frozenset({413, 414}),
        "The request is too long for HubSpot: configure fewer filters or objects.",
    ),
    Refusal(
        RateLimited,
        Again.AT_ONCE,
        frozenset({423}),
        "HubSpot has locked what was asked for because of many writes; that passes within seconds.",
        pause=2.0,
    ),
    # Its window ends at midnight of the account: whatever short pause is asked for, nothing asked before is answered.
    Refusal(
        RateLimited,
        Again.HOURLY,
        frozenset({429}),
        "The daily limit of API calls of the HubSpot account or app is used up.",
        word="daily",
    ),
    Refusal(
        RateLimited,
        Again.SOON,
        frozenset({429}),
        "Too many calls within ten seconds, with those of other programs that use the token.",
        word="ten_secondly",
        pause=5.0,
    ),
    Refusal(
        RateLimited,
        Again.SOON,
        frozenset({429}),
        "Too many searches or calls within a second, with those of other programs that use the account.",
        pause=1.0,
    ),
    Refusal(
        ServerError,
        Again.LATER,
        frozenset({477}),
        "HubSpot is moving the account to another data centre, which may take a day.",
    ),
    Refusal(ServerError, Again.AT_ONCE, frozenset({500}), "HubSpot failed."),
    Refusal(
        ServerError,
        Again.AT_ONCE,
        frozenset({502, 503, 504, *range(520, 528), 530}),
        "HubSpot is not reached behind its edge, or is too busy; that passes.",
    ),
)


def failure_of(answer: Answer, upstream: Upstream) -> UpstreamError:
    """The failure an answer stands for; where the table has no row for it, its status says all there is to say."""
    body, asked_pause = answer.object, upstream.asked_pause(answer)
    policy = _code(body.get("policyName"))
    code = policy or _code(body.get("category")) or _code(body.get("errorType"))
    told = answer.told(code)
    elsewhere = _not_hubspot(answer, told, asked_pause)
    if elsewhere is not None:
        return elsewhere
    if answer.status == 403:  # noqa: PLR2004
        return AuthError(f"{_forbidden(code, missing_scopes(body))} ({told})", code=code, retry_after=asked_pause)
    row = _row(answer.status, policy or str(body.get("message", "")))
    if row is None:
        return upstream.failure(answer, code)
    pause = max(row.pause or 0.0, asked_pause or 0.0) or asked_pause
    code = code or f"HTTP_{answer.status}"
    return row.error(f"{row.says} ({told})", code=code, retry_after=pause, again=row.again)


def is_missing_scope(error: UpstreamError) -> bool:
    """Whether the token is good and lacks a scope for this."""
    return isinstance(error, AuthError) and error.code == _MISSING_SCOPES


def scopes_told(error: UpstreamError) -> str:
    """Which scopes HubSpot names as missing, without where they are granted."""
    return str(error).partition(_ADD)[0]


def concerns_account(error: UpstreamError) -> bool:
    """Whether any other request with the same token would meet it too: a limit or the token is the account's, a lock is
    that of one thing."""
    if isinstance(error, RateLimited):
        return "LOCK" not in (error.code or "") and error.code != "HTTP_423"
    return isinstance(error, AuthError) and error.code in _OF_THE_TOKEN


def _row(status: int, words: str) -> Refusal | None:
    return next((row for row in REFUSALS if status in row.statuses and row.word in words.lower()), None)


def _not_hubspot(answer: Answer, told: str, asked_pause: float | None) -> InvalidAnswer | None:
    """A redirect, and a 403 that no API wrote: HubSpot's edge, a firewall or a proxy does not let the exporter in."""
    if answer.sent_to is not None:
        return InvalidAnswer(
            f"HubSpot's address {answer.redirect}: check hubspot.url, or a proxy or portal in between ({told})",
            code="REDIRECTED",
            retry_after=asked_pause,
        )
    if answer.status == 403 and answer.body.strip() and not _is_json(answer):  # noqa: PLR2004
        return InvalidAnswer(
            f"HubSpot's edge, a firewall or a proxy in between refuses the exporter; it is not the token ({told})",
            code=WEB_PAGE,
            retry_after=asked_pause,
        )
    return None


def _forbidden(code: str | None, scopes: Sequence[str]) -> str:
    """What is missing, and where it is granted. HubSpot may ask for any of several scopes."""
    if scopes:
        shown = ", ".join(scopes[:_MOST_SCOPES]) + (", …" if len(scopes) > _MOST_SCOPES else "")
        return f"A scope is missing: {shown}{_ADD}Add it to the scopes {_WHERE_SCOPES_ARE}."
    if code == _MISSING_SCOPES:
        return f"A scope is missing, and HubSpot does not say which. Check the scopes {_WHERE_SCOPES_ARE}."
    return f"HubSpot forbids it. Check the scopes {_WHERE_SCOPES_ARE}."


def _code(value: object) -> str | None:
    """A word of HubSpot's, if it looks like one: it is shown to people and must not carry anything else."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else None


def _is_json(answer: Answer) -> bool:
    try:
        answer.json()
    except InvalidAnswer:
        return False
    return True
