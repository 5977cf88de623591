"""Log lines as logfmt: ``key=value``, quoted where that is needed to read them back.

What others send stands in values: nothing of it may end a line, begin another field, or say something to a terminal.
"""

from __future__ import annotations

import json
import re
from typing import Any

import structlog

_FIRST = ("ts", "level", "event")
_BARE = re.compile(r'[^\s="\\]+')
_ESCAPED = '"\\'


def render_logfmt(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
    """The line of an event: time, level and event first. Escapes are those of JSON strings."""
    ordered = {key: event.pop(key) for key in _FIRST if key in event} | dict(event)
    return " ".join(f"{key}={_value(value)}" for key, value in ordered.items())


def _value(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if text.isprintable() and _BARE.fullmatch(text):
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    """Printable is neither a control character nor what turns the direction of writing, nor half of a character."""
    return char if char.isprintable() and char not in _ESCAPED else as_json(char)[1:-1]


def as_json(value: object, **options: Any) -> str:
    """JSON of printable ASCII: DEL is the one control character that JSON itself would leave as it is."""
    return json.dumps(value, **options).replace("\x7f", r"\u007f")
