"""``GET /api/v1/openapi.json``: the HTTP interface, described for programs. It is written in ``openapi.yaml``."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import resources
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import Response

from exporter import __version__


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document, with the version of the exporter."""
    text = (resources.files("exporter.web") / "openapi.yaml").read_text(encoding="utf-8")
    described: dict[str, Any] = yaml.safe_load(text)
    described["info"]["version"] = __version__
    return described


def openapi_endpoint() -> Callable[[Request], Awaitable[Response]]:
    """The document as JSON."""
    body = json.dumps(document(), ensure_ascii=False).encode()

    async def openapi(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    return openapi
