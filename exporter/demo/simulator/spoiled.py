"""Answers that look right at first: JSON that stops in the middle, or that holds other types than it should."""

import gzip
import json
from collections.abc import Callable
from itertools import cycle
from typing import Any

from starlette.responses import JSONResponse, Response


def cut_in_the_middle(response: Response) -> Response:
    """The same status and type with the first half of the body."""
    body = bytes(response.body)
    return Response(body[: len(body) // 2], status_code=response.status_code, media_type=response.media_type)


def _truncated_gzip(content: bytes) -> Response:
    packed = gzip.compress(content)
    return Response(packed[: len(packed) // 2], headers={"Content-Encoding": "gzip"}, media_type="text/csv")


LOG_FILES: dict[str, Callable[[bytes], Response]] = {
    "empty": lambda _content: Response(b"", media_type="text/csv"),
    "unclosed_quote": lambda content: Response(content + b'"ApiTotalUsage', media_type="text/csv"),
    "cut": lambda content: Response(content[: len(content) * 2 // 3], media_type="text/csv"),
    "short_row": lambda content: Response(content + b'"ApiTotalUsage"\n', media_type="text/csv"),
    "broken_gzip": _truncated_gzip,
}
"""What may be wrong with an event log file that is there."""

GONE = "gone"
"""One that is listed and then not there any more."""


def with_wrong_types(response: Response) -> Response:
    """The same keys, but text, null or a list in place of every number.

    Where there is no number, text becomes a number. An answer that is not JSON stays as it is.
    """
    try:
        content = json.loads(bytes(response.body))
    except ValueError:
        return response
    return JSONResponse(wrong_types(content), status_code=response.status_code)


def wrong_types(content: Any) -> Any:
    """A copy of JSON content with the wrong types in it."""
    wrong: cycle[Any] = cycle(("many", None, []))
    spoiled = _replaced(content, (int, float), lambda: next(wrong))
    return spoiled if spoiled != content else _replaced(content, (str,), lambda: 7)


def _replaced(content: Any, kinds: tuple[type, ...], substitute: Any) -> Any:
    if isinstance(content, dict):
        return {key: _replaced(value, kinds, substitute) for key, value in content.items()}
    if isinstance(content, list):
        return [_replaced(value, kinds, substitute) for value in content]
    if isinstance(content, kinds) and not isinstance(content, bool):
        return substitute()
    return content
