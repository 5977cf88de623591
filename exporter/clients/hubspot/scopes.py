"""The scopes that HubSpot says are missing, in whatever way it says so. Pure.

Facts: HubSpot's error bodies, as its documentation, its OpenAPI files and reports show them; every field is optional.
``errors[].context`` or the body's own ``context`` names them in ``requiredGranularScopes``, ``requiredScopes``,
``missingScopes``, ``granularScopes`` or ``scopes``, and is seen as a text of JSON, too; older endpoints write
``(requires any of [contacts-read])`` into the message. ``links.scopes`` is the address of a page. Scopes are words of
small letters (``e-commerce``, ``oauth``), or several with dots between, which may hold digits
(``crm.objects.custom.p123_car.read``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_KEYS = re.compile(r"((required|missing|needed|any|all)(of)?)?(granular)?scopes?")
_IN_TEXT = re.compile(r"requir[^\[\]]{0,60}\[([^\]]{1,500})\]", re.IGNORECASE)
_IN_WORDS = re.compile(r"(?<![\w./-])crm(?:\.[a-z0-9_-]{1,64}){2,8}")
"""A scope within a sentence: a word that begins like this is nothing else."""
_SEPARATORS = re.compile(r"[\s,;|\[\](){}\"'`]+")
_SCOPE = re.compile(r"[a-z][a-z_-]{2,63}|(?=.{3,100}\Z)[a-z][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)+")
_DEEPEST = 6
_MOST = 5_000
"""Characters of a text that are looked at."""


def missing_scopes(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Such as ``crm.objects.contacts.read``, sorted; what does not look like a scope is left out."""
    found = {scope for text in _named(body, _DEEPEST) for scope in _SEPARATORS.split(text) if _SCOPE.fullmatch(scope)}
    return tuple(sorted(found))


def _named(value: Any, depth: int) -> Iterable[str]:
    """Every text beneath a key that promises scopes, and lists of them within messages."""
    if depth < 0:
        return
    value = _read(value)
    if isinstance(value, list):
        for entry in value:
            yield from _named(entry, depth - 1)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if _KEYS.fullmatch(str(key).replace("_", "").lower()):
                yield from _texts(entry, depth - 1)
            elif str(key) == "message" and isinstance(entry, str):
                yield from (match[1] for match in _IN_TEXT.finditer(entry))
                yield from _IN_WORDS.findall(entry[:_MOST])
            else:
                yield from _named(entry, depth - 1)


def _texts(value: Any, depth: int) -> Iterable[str]:
    if isinstance(value, str):
        yield value[:_MOST]
    elif depth >= 0 and isinstance(value, list | dict):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _texts(entry, depth - 1)


def _read(value: Any) -> Any:
    """What a text of JSON holds, if it is an object or a list; every other value as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")) or len(value) > _MOST:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
