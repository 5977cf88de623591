"""The OpenAPI document as answers are held against it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from exporter.web.api.openapi import document

Json = dict[str, Any]
METHODS = frozenset({"get", "post", "put"})


def closed(schema: Any) -> Any:
    """The same, but that objects hold nothing that is not described: what the API says too much is missing there."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    if "properties" in inner and "object" in inner.get("type", ()):
        inner.setdefault("additionalProperties", False)
    return inner


@cache
def strict() -> Json:
    """The document as answers are checked. What is sent may hold more than is described; the token is not made up but
    sent or not."""
    described: Json = closed(document())
    for item in described["paths"].values():
        for method in METHODS:
            item.get(method, {}).pop("security", None)
    for name in ("Notification", "SuspensionReport"):
        described["components"]["schemas"][name] = document()["components"]["schemas"][name]
    return described


async def is_as_described(answer: httpx.Response) -> None:
    """A hook of a client: fails for an answer that the document does not know."""
    item = next((item for path, item in strict()["paths"].items() if _names(path, answer.request.url.path)), None)
    method = answer.request.method.lower()
    if item is None or method not in item:
        assert answer.status_code in (404, 405) or method == "head"
        return
    told = item[method]["responses"].get(str(answer.status_code))
    assert told is not None, f"{method} {answer.request.url}: {answer.status_code} is not described"
    told = _at(told["$ref"]) if "$ref" in told else told
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in told["content"], f"{method} {answer.request.url}: {answer.status_code} as {kind} is not described"
    if kind == "application/json":
        await answer.aread()
        schema = {**told["content"][kind]["schema"], "components": strict()["components"]}
        problem = best_match(Draft202012Validator(schema).iter_errors(answer.json()))
        assert problem is None, f"{method} {answer.request.url}: {problem.json_path}: {problem.message[:300]}"


def _names(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path) is not None


def _at(reference: str) -> Json:
    place: Any = strict()
    for step in reference.removeprefix("#/").split("/"):
        place = place[step]
    found: Json = place
    return found
