"""Answers to what cannot be answered as it was asked: ``{"error": "…"}`` under ``/api``."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

TRY_AGAIN = "the exporter cannot read its own token; send it again"


def problem(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """The sentence says what was asked and what was expected."""
    return JSONResponse({"error": message}, status, headers)


def denied(status: int) -> Response:
    """401, or 503 where the exporter's own token cannot be read. Why is for our own log: who is not let in does not
    hear it."""
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return problem(status, TRY_AGAIN)
    return problem(status, "a valid bearer token is needed", {"WWW-Authenticate": "Bearer"})


async def as_problem(request: Request, error: Exception) -> Response:
    """What an endpoint raised, or the router for a path or method that there is not, in the form of all around it."""
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    return in_its_form(request, error.status_code, error.detail, headers)


def in_its_form(request: Request, status: int, message: str, headers: dict[str, str]) -> Response:
    """As all around it is: text for people, JSON under ``/api``."""
    if request.scope["path"].startswith("/api/"):
        return problem(status, message, headers)
    return PlainTextResponse(message, status, headers)
