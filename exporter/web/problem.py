"""Answers to what cannot be answered as it was asked: ``{"error": "…"}`` under ``/api``."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response


def problem(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """The sentence says what was asked and what was expected."""
    return JSONResponse({"error": message}, status, headers)


def unauthorized() -> Response:
    """Why is for our own log: who is not let in does not hear it."""
    return problem(401, "a valid bearer token is needed", {"WWW-Authenticate": "Bearer"})


async def as_problem(request: Request, error: Exception) -> Response:
    """What an endpoint raised, or the router for a path or method that there is not, in the form of all around it."""
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if request.url.path.startswith("/api/"):
        return problem(error.status_code, error.detail, headers)
    return PlainTextResponse(error.detail, error.status_code, headers)
