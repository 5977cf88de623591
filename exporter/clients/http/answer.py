"""A complete HTTP answer, read as an API's: JSON, a web page instead of it, or a redirect. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from exporter.errors import InvalidAnswer

WEB_PAGE = "WEB_PAGE"
"""Our code for a failure that is a web page where an API was asked."""

_WEB_PAGES = {"text/html", "application/xhtml+xml"}
_TOLD = "with a web page instead of an answer (maintenance, or a proxy or portal in between)"

MOST_LEVELS = 100
"""Of lists and objects within one another: no API that is asked here has a tenth of them."""

SAME_HOST = "another page of the same host"
"""Where a redirect leads that stays at the host that was asked."""

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:.]{2,45}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer; ``where`` is method and path of the request, ``host`` whom it was sent to."""

    status: int
    headers: httpx.Headers
    body: bytes
    where: str
    host: str = ""

    @property
    def is_web_page(self) -> bool:
        """HTML where an API was asked: a maintenance page, or a proxy's or portal's in between."""
        return is_web_page(self.headers, self.body)

    @property
    def sent_to(self) -> str | None:
        """The host a redirect leads to, or ``SAME_HOST``; ``None`` if the answer is no redirect.

        None is ever followed: the token in the request is not for whoever is there.
        """
        if not 300 <= self.status < 400 or "location" not in self.headers:  # noqa: PLR2004
            return None
        try:
            host = (urlsplit(self.headers["location"].strip()).hostname or self.host).rstrip(".")
        except ValueError:
            return "a place that is no URL"
        return host if _HOST.fullmatch(host) and host != self.host else SAME_HOST

    @property
    def redirect(self) -> str | None:
        """What a person reads of it."""
        host = self.sent_to
        if host is None:
            return None
        return f"sends to {host}, as no API does" if host == SAME_HOST else f"sends to {host}, where no token goes"

    def json(self) -> Any:
        """The body as JSON; raises ``InvalidAnswer`` for anything else, NaN and Infinity included."""
        try:
            return parse_json(self.body)
        except (ValueError, RecursionError) as error:
            if self.is_web_page:
                raise InvalidAnswer(self.told(), code=WEB_PAGE) from error
            what = "a body that is not JSON" if self.body.strip() else "an empty body"
            if isinstance(error, RecursionError):
                what = "a body that is nested too deeply"
            raise InvalidAnswer(f"{self.where}: status {self.status} with {what}") from error

    @property
    def object(self) -> Mapping[str, Any]:
        """The body if it is a JSON object; else an empty one: it may be a word for people, or nothing."""
        try:
            body = self.json()
        except InvalidAnswer:
            return {}
        return body if isinstance(body, dict) else {}

    def told(self, code: str | None = None) -> str:
        """Method, path, status and the API's own code as a person reads them; and that it is a web page, if it is."""
        words = [f"{self.where}: status {self.status}", code or "", _TOLD if self.is_web_page else ""]
        return " ".join(word for word in words if word)


def is_web_page(headers: Mapping[str, str], body: bytes) -> bool:
    """HTML, by its type or its first letter."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _WEB_PAGES or body.lstrip()[:1] == b"<"


def parse_json(text: str | bytes) -> Any:
    """JSON as RFC 8259 has it, without NaN and Infinity; raises ``ValueError``, or ``RecursionError`` if too deep.

    What can just be read is deep enough for whoever walks through it later, or writes it into the store, to fail.
    """
    value = json.loads(text, parse_constant=_refuse_constant)
    if _is_deeper(value, MOST_LEVELS):
        raise RecursionError("nested too deeply")
    return value


def _is_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        if not inner:
            return False
        level = [each for children in inner for each in children]
    return True


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
