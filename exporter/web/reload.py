"""``POST /-/reload``, as Prometheus components have it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from exporter.config.problem import ConfigError
from exporter.errors import StoreError


def reload_endpoint(reload: Callable[[], Awaitable[None]] | None) -> Callable[[Request], Awaitable[Response]]:
    """403 unless the lifecycle API is enabled; 400 with every problem of a bad file, after which the old one stays."""

    async def endpoint(_request: Request) -> Response:
        if reload is None:
            return PlainTextResponse("Lifecycle API is not enabled: start with --web.enable-lifecycle.\n", 403)
        try:
            await reload()
        except ConfigError as error:
            # A path of the system may hold bytes that are no text.
            answer = f"The configuration was not reloaded:\n{error}\n".encode(errors="backslashreplace")
            return PlainTextResponse(answer, 400)
        except StoreError:
            return PlainTextResponse("The store cannot be read.\n", 503)
        return PlainTextResponse("")

    return endpoint
