"""The body of a request, up to a limit."""

from __future__ import annotations

from starlette.requests import Request


async def read_body(request: Request, at_most: int) -> bytes | None:
    """The body, ``None`` if it is longer; it is not read beyond that."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > at_most:
            return None
    return bytes(body)
