"""``POST /alertmanager/webhook``.

Alertmanager retries network errors and 5xx only and drops every 4xx for good. So 503 is the answer whenever a good
notification could not be stored, and 202 only after its jobs are committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.errors import NotificationError, StoreError
from exporter.remediation.notification import parse_notification
from exporter.remediation.receiver import Receipt, Receiver
from exporter.self_metrics import SelfMetrics
from exporter.store.notifications import result_of
from exporter.web.bearer import Tokens, why_denied
from exporter.web.body import read_body
from exporter.web.problem import denied

MAX_BODY_BYTES = 4 * 1024 * 1024
ANSWER_SECONDS = 9.0
"""Alertmanager gives up after ten at the earliest, and does not hear then whether it is to send it again."""

log = structlog.get_logger(__name__)


def webhook_endpoint(
    receiver: Receiver, tokens: Tokens, metrics: SelfMetrics
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint; every answer moves ``webhook_notifications_total``, and so does ``put_off``."""

    async def receive(request: Request) -> Response:
        denial = why_denied(request, tokens())
        if denial is not None:
            rejected(request, denial.status, denial.cause)
            metrics.notification("unauthorized" if denial.status == HTTPStatus.UNAUTHORIZED else "unavailable")
            return denied(denial.status)
        try:
            body = await read_body(request, MAX_BODY_BYTES)
            receipt = await in_time(receiver.receive(parse_notification(body)))
        except HTTPException as error:
            return invalid(request, error.status_code, error.detail)
        except NotificationError as error:
            return invalid(request, 400, str(error))
        except StoreError as error:
            log.error("notification not stored", error=str(error))
            return answer("unavailable", 503, {"error": "the notification could not be stored; send it again"})
        result = result_of(receipt.jobs, receipt.duplicates)
        return answer(result, 202 if receipt.jobs else 200, _receipt(result, receipt))

    def invalid(request: Request, status: int, cause: str) -> Response:
        rejected(request, status, cause)
        return answer("invalid", status, {"error": cause})

    def answer(result: str, status: int, body: dict[str, object]) -> Response:
        metrics.notification(result)
        return JSONResponse(body, status)

    return receive


def is_webhook(path: str) -> bool:
    """Whether it leads here."""
    return path.removesuffix("/") == "/alertmanager/webhook"


def put_off(request: Request, cause: str, metrics: SelfMetrics) -> None:
    """Counts and logs a notification that is answered with 503 before it comes here, as those that come."""
    if is_webhook(request.scope["path"]):
        rejected(request, HTTPStatus.SERVICE_UNAVAILABLE, cause)
        metrics.notification("unavailable")


def rejected(request: Request, status: int, cause: str) -> None:
    """Its sender may not log what it is answered, and drops the notification for good. No body, no token."""
    sender = request.client.host if request.client else ""
    log.warning("webhook rejected", status=int(status), cause=cause, sender=sender)


async def in_time(receiving: Coroutine[Any, Any, Receipt], seconds: float = ANSWER_SECONDS) -> Receipt:
    """Raises ``StoreError`` if it takes too long. What is stored after that is a duplicate when it is sent again."""
    task = asyncio.create_task(receiving, name="notification")
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise StoreError(f"store: not finished within {seconds:g} s")
        return task.result()
    finally:
        # Whatever it is waiting for, nobody waits for it any more, nor for its end.
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        task.cancel()


def _receipt(result: str, receipt: Receipt) -> dict[str, object]:
    return {
        "result": result,
        "jobs": receipt.jobs,
        "job_ids": list(receipt.job_ids),
        "duplicates": receipt.duplicates,
        "ignored": len(receipt.ignored),
        "ignored_alerts": [asdict(one) for one in receipt.ignored],
        "refusals": [
            {"integration": row.integration, "alert": row.alert, "reason": row.reason, "detail": row.detail}
            for row in receipt.refusals
        ],
    }
