"""``GET /api/v1/openapi.json``: the HTTP interface, described for programs. It is written in ``openapi.yaml``."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import resources
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter import __version__
from exporter.shipped import shipped_yaml


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document in one piece: with the version of the exporter, and with the schemas that bodies are
    checked against, which ``openapi.yaml`` only names."""
    described: dict[str, Any] = shipped_yaml("exporter.web.api", "openapi.yaml")
    described["info"]["version"] = __version__
    schemas = described["components"]["schemas"]
    for name, schema in schemas.items():
        file = schema.get("$ref", "")
        if file.startswith(_CHECKED):
            schemas[name] = _checked(file.removeprefix(_CHECKED))
    return described


_CHECKED = "../schemas/"


def _checked(file: str) -> dict[str, Any]:
    schema = json.loads((resources.files("exporter.schemas") / file).read_text(encoding="utf-8"))
    return {key: value for key, value in schema.items() if key != "$schema"}


def openapi_endpoint() -> Callable[[Request], Awaitable[Response]]:
    """The document as JSON, read when somebody asks for it."""

    async def openapi(_request: Request) -> Response:
        return JSONResponse(document())

    return openapi
