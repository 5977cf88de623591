"""The hook: somebody else's automation, told by a signed POST what to remedy. See ``hook.openapi.yaml``."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from exporter import __version__
from exporter.clients.http.answer import WEB_PAGE, Answer
from exporter.clients.http.secrets import secret_text
from exporter.clients.http.signature import signature_header
from exporter.clients.http.upstream import Upstream
from exporter.clock import Clock, format_timestamp
from exporter.config.settings import Hook
from exporter.errors import InvalidAnswer, ResyncRefused, UpstreamTimeout
from exporter.schemas.json_schema import checked

VERSION = "1"
EVENT = "resync"
MAX_RECORDS = 100
MAX_ANSWER_BYTES = 1024 * 1024
LONGEST_REASON = 300

SIGNATURE_HEADER = "HubSpot-Salesforce-Signature"
DELIVERY_HEADER = "HubSpot-Salesforce-Delivery"
EVENT_HEADER = "HubSpot-Salesforce-Event"
USER_AGENT = f"hubspot-salesforce-exporter/{__version__}"

_REJECTED = frozenset({httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY})
_PASSING = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY, httpx.codes.TOO_MANY_REQUESTS})
"""The 4xx that say nothing against the request itself."""


@dataclass(frozen=True, slots=True)
class HookRecord:
    """A record as the hook is told of it, with the error it has; ``None`` where the Sync Health page does not say."""

    error_id: str
    object_type: str | None
    hubspot_id: str | None
    salesforce_id: str | None
    category: str
    error_type: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """At most 100 records of one job. ``id`` is the same however often they are sent; ``attempt`` counts from 1."""

    id: str
    integration: str
    job: int
    alert: str
    attempt: int
    records: tuple[HookRecord, ...]


def delivery_id(origin: Sequence[object], error_ids: Sequence[str]) -> str:
    """A UUID that the same errors of the same origin always have, in any order, also after a restart."""
    parts = [*map(str, origin), *sorted(error_ids)]
    return str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(parts)))


class HookClient:
    """One integration's hook."""

    def __init__(self, settings: Hook, upstream: Upstream, clock: Clock) -> None:
        self._settings = settings
        self._upstream = upstream
        self._clock = clock

    async def deliver(self, delivery: Delivery) -> Mapping[str, str]:
        """Why records were rejected, by error id; the others were accepted.

        Not sent twice here: the job behind it knows what is still to do. Raises ``UpstreamError`` for what may pass,
        ``ResyncRefused`` for what will not.
        """
        now = self._clock.time()
        body = json.dumps(_message(delivery, now), ensure_ascii=False).encode("utf-8", "replace")
        headers = self._headers(delivery, int(now), body)
        try:
            # The pauses between bytes are bounded as well; this bounds their sum.
            async with asyncio.timeout(self._settings.timeout):
                return await self._upstream.call(
                    "POST",
                    self._settings.url,
                    lambda answer: self._outcomes(answer, [record.error_id for record in delivery.records]),
                    headers=headers,
                    content=body,
                    retry=False,
                )
        except TimeoutError as error:
            raise UpstreamTimeout(f"the hook gave no whole answer in {self._settings.timeout:g} s") from error

    def _headers(self, delivery: Delivery, timestamp: int, body: bytes) -> dict[str, str]:
        secrets = [secret_text(secret, "hook secret") for secret in self._settings.secrets]
        return {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
            EVENT_HEADER: EVENT,
            DELIVERY_HEADER: delivery.id,
            SIGNATURE_HEADER: signature_header(secrets, timestamp, body),
        }

    def _outcomes(self, answer: Answer, error_ids: Sequence[str]) -> Mapping[str, str]:
        if answer.status in _REJECTED:
            reason = _reason(answer.object) or f"rejected ({answer.told()})"
            return dict.fromkeys(error_ids, reason)
        if answer.status == httpx.codes.GONE:
            raise ResyncRefused(f"the hook is gone: name another in remediation.hook.url ({answer.told()})")
        if httpx.codes.is_client_error(answer.status) and answer.status not in _PASSING:
            raise ResyncRefused(f"{_remedy(answer.status)} ({answer.told()})")
        if not httpx.codes.is_success(answer.status):
            raise self._upstream.failure(answer)
        if answer.body.lstrip()[:1] == b"<":
            raise InvalidAnswer(answer.told(), code=WEB_PAGE)
        return _rejections(answer.object, error_ids, answer.where)


def _message(delivery: Delivery, now: float) -> dict[str, Any]:
    return {
        "version": VERSION,
        "delivery_id": delivery.id,
        "integration": delivery.integration,
        "job": delivery.job,
        "alert": delivery.alert,
        "categories": sorted({record.category for record in delivery.records}),
        "error_types": sorted({record.error_type for record in delivery.records}),
        "attempt": delivery.attempt,
        "records": [asdict(record) for record in delivery.records],
        "requested_at": format_timestamp(now),
    }


def _remedy(status: int) -> str:
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return "the hook does not take the signature: compare the secret and the clocks of both sides"
    if status in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
        return "nothing takes deliveries there: check remediation.hook.url"
    return "the hook refuses the request"


def _rejections(body: Mapping[str, Any], error_ids: Sequence[str], where: str) -> dict[str, str]:
    """An answer that names no record, as most automation gives one, accepts all. One that names some accepts no other,
    unless it only says which it rejects."""
    if not {"accepted", "rejected"} & body.keys():
        return {}
    checked(body, "hook_answer", where)
    said = {entry["id"]: _reason(entry) or "rejected" for entry in body.get("rejected") or ()}
    accepted = error_ids if body.get("accepted") is None else body["accepted"]
    unsaid = dict.fromkeys(set(error_ids) - set(accepted), "not answered")
    return {error_id: reason for error_id, reason in {**unsaid, **said}.items() if error_id in error_ids}


def _reason(entry: Mapping[str, Any]) -> str | None:
    """Text for people, on one line and not too long."""
    reason = entry.get("reason")
    text = " ".join(reason.split()) if isinstance(reason, str) else ""
    return "".join(filter(str.isprintable, text))[:LONGEST_REASON] or None
