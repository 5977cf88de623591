"""The HubSpot account itself: which one it is, and what is left of its API calls of the day.

Exports, for one account::

    hubspot_salesforce_hubspot_api_calls_used{integration="acme"} 1250
    hubspot_salesforce_hubspot_api_calls_limit{integration="acme"} 650000

Two requests, each a part. Facts: HubSpot developer documentation, *Account information API* and *Usage guidelines*, and
its OpenAPI files: ``details`` names the account (``portalId``) and the host of its pages (``uiDomain``); ``api-usage``
tells of one limit, ``private-apps-api-calls-daily``: the calls that all private apps have made since midnight of the
account's time zone, and how many they may make together. It comes from a cache (``collectedAt``, ``fetchStatus``) and
lags: it was seen to say 0 after 14 calls, which the headers of the same answer counted. An older form of it told of
seats as well, under another name. Whether it counts service keys is not documented; their answers carry the headers.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from exporter.clients.connection import Connection
from exporter.clients.hubspot.client import AccountAnswer
from exporter.clients.hubspot.refusals import concerns_account
from exporter.clock import is_plausible, parse_timestamp
from exporter.config.settings import Integration
from exporter.errors import Again, InvalidAnswer, ServerError, UpstreamError, UpstreamTimeout
from exporter.model import HubSpotAccount
from exporter.schemas.json_schema import checked
from exporter.sources.source import Source, configured, fetched

DETAILS, API_USAGE = "details", "api_usage"
"""The parts."""

PATIENCE = 13.0
"""Seconds for each: a request that hangs costs its part, and not what the other says within the time of a poll."""

_CALLS = "api-calls-daily"
"""Ends the name of a limit of API calls."""
_FAILED = ("FAILURE", "TIMEOUT")
_UNKNOWN = "NOTFOUND"
_HOST = re.compile(r"[a-z0-9.-]{1,253}")


async def fetch(connection: Connection, _previous: Any) -> Any:
    """``{"portal", "calls"}``, either null where it is not known.

    What the headers say of the calls goes before what ``api-usage`` says: they count up to this very answer. So that
    part is read as well where only they tell of it, as to a token that may not ask.
    """
    answers, parts = await _ask(connection)
    calls = None
    if API_USAGE in answers:
        try:
            calls = calls_of(answers[API_USAGE].body, connection.clock.time())
        except UpstreamError as error:
            parts[API_USAGE] = error
    quotas = [answer.quota for answer in answers.values() if answer.quota is not None]
    if quotas:
        resets_at = calls["resets_at"] if calls else None
        calls = {"used": quotas[-1].used, "limit": quotas[-1].limit, "resets_at": resets_at}
        parts[API_USAGE] = None
    portal = _portal(answers[DETAILS].body) if DETAILS in answers else None
    return fetched({"portal": portal, "calls": calls}, parts)


async def _ask(connection: Connection) -> tuple[dict[str, AccountAnswer], dict[str, UpstreamError | None]]:
    """The answers by part, and why a part could not be read. What is refused to the account is asked once."""
    hubspot = configured(connection.hubspot, "HubSpot token")
    answers: dict[str, AccountAnswer] = {}
    parts: dict[str, UpstreamError | None] = {}
    refused: UpstreamError | None = None
    for name, ask in ((DETAILS, hubspot.account_details), (API_USAGE, hubspot.daily_usage)):
        parts[name] = refused
        if refused is None:
            try:
                async with asyncio.timeout(PATIENCE):
                    answers[name] = await ask()
            except TimeoutError:
                parts[name] = UpstreamTimeout(f"{name} not answered within {PATIENCE:g} s")
            except UpstreamError as error:
                parts[name] = error
                refused = error if concerns_account(error) else None
    return answers, parts


def _portal(details: Mapping[str, Any]) -> dict[str, Any]:
    host = (details.get("uiDomain") or "").lower()
    return {"id": int(details["portalId"]), "ui_domain": host if _HOST.fullmatch(host) else None}


def calls_of(usage: Mapping[str, Any], now: float) -> dict[str, Any] | None:
    """``{"used", "limit", "resets_at"}`` of the account; ``None`` where HubSpot keeps no count.

    The limit is one for all apps of the account. Were there an entry for each app, each would state that same limit,
    and what they use adds up; with limits that differ nobody can say which is the account's: ``InvalidAnswer``.
    """
    listed = [one for one in usage["results"] if one.get("fetchStatus") != _UNKNOWN]
    entries = [one for one in listed if (one.get("name") or "").endswith(_CALLS)] or listed
    for entry in entries:
        if entry.get("fetchStatus") in _FAILED:
            said = f"fetchStatus {entry['fetchStatus']}"
            raise ServerError(f"HubSpot could not look up the API calls of its account ({said})", again=Again.SOON)
    if not entries:
        return None
    limits = {entry.get("usageLimit") for entry in entries}
    if len(limits) > 1:
        raise InvalidAnswer(f"api-usage tells of {len(entries)} limits, and which is the account's is not known")
    used = [entry.get("currentUsage") for entry in entries]
    resets_at = min((moment for entry in entries if (moment := _moment(entry.get("resetsAt")))), default=None)
    is_over = resets_at is not None and resets_at <= now
    total = None if is_over or None in used else sum(int(one) for one in used)
    # A limit of 0 cannot be meant: this was a call.
    return {"used": total, "limit": int(limits.pop() or 0) or None, "resets_at": None if is_over else resets_at}


def _moment(text: str | None) -> float | None:
    """Epoch seconds; ``None`` for what is no time: it only bounds for how long a count is good."""
    try:
        moment = parse_timestamp(text or "")
    except ValueError:
        return None
    return moment if is_plausible(moment) else None


def parse(payload: Any, _read_at: float) -> HubSpotAccount:
    told = checked(payload, "hubspot_account", "account")
    portal, calls = told["portal"] or {}, told["calls"] or {}
    return HubSpotAccount(
        portal_id=portal.get("id"),
        ui_domain=portal.get("ui_domain"),
        calls_used=calls.get("used"),
        calls_limit=calls.get("limit"),
        resets_at=calls.get("resets_at"),
    )


def applies(integration: Integration) -> bool:
    return integration.hubspot is not None and integration.hubspot.token is not None


def _another_speaks(integration: Integration) -> bool:
    """Whether the org or the bridge answers sooner than an account that a thousand integrations may share."""
    return integration.salesforce is not None or integration.sync_health is not None


SOURCE = Source("hubspot_account", applies, fetch, parse, slow=_another_speaks, builds_on_before=False)
