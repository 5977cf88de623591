"""The body of a request, up to a limit."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request


async def read_body(request: Request, at_most: int) -> bytes:
    """The body; raises ``HTTPException``: 415 for one that is compressed, 413 for one that is longer, which is not read
    beyond that, and 400 for one that does not arrive whole."""
    refuse_packed(request)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > at_most:
                raise HTTPException(413, f"more than {at_most} bytes")
    except ClientDisconnect as error:
        raise HTTPException(400, "the body did not arrive whole") from error
    return bytes(body)


def refuse_packed(request: Request, instead: str = "switch compression off") -> None:
    """Raises 415 where the body is said to be compressed, before anything of it is read: nobody who sends something
    here has to, and a little of it may be a lot."""
    if request.headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        raise HTTPException(415, f"Content-Encoding: expected none; {instead}")
