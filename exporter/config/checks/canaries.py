"""The canary: it writes to nothing but what was made for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exporter.config.draft import Draft, value_at
from exporter.config.durations import duration_in
from exporter.config.finding import Finding
from exporter.config.masking import shown
from exporter.config.meaningful import MEANINGFUL
from exporter.config.yaml_document import DocumentPath

_PREFIXES = {"Contact": "003", "Lead": "00Q", "Account": "001", "Opportunity": "006"}
"""With which the ids of a Salesforce object begin."""

_ID_LENGTHS = (15, 18)

_PARTNERS = {"contacts": ("Contact", "Lead"), "companies": ("Account",), "deals": ("Opportunity",)}
"""What HubSpot syncs its objects with."""

_PROPERTIES: tuple[tuple[str, ...], ...] = (("property",), ("back", "property"))
_SHORTEST, _LONGEST = 1, 86400  # seconds


def _canaries(draft: Draft) -> Iterator[tuple[DocumentPath, Any, Any]]:
    """Path and section of every canary, with the integration it belongs to."""
    entries = draft.section("integrations")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        canary = value_at(entry, ("canary",))
        if isinstance(canary, dict):
            yield ("integrations", index, "canary"), canary, entry


def without_access(draft: Draft) -> Iterator[Finding]:
    """It needs both sides."""
    for path, _canary, entry in _canaries(draft):
        if value_at(entry, ("salesforce",)) is None:
            yield Finding(path, "got no salesforce beside it", "salesforce, to look at the record there")
        if not any(value_at(entry, ("hubspot", key)) is not None for key in ("token_file", "token_env")):
            yield Finding(path, "got no hubspot.token_file beside it", "a token in hubspot, to write with")


def meaningful_properties(draft: Draft) -> Iterator[Finding]:
    """It overwrites no property that somebody goes by."""
    for path, canary, _entry in _canaries(draft):
        for key in _PROPERTIES:
            name = value_at(canary, key)
            if isinstance(name, str) and name in MEANINGFUL:
                yield Finding((*path, *key), f"got {shown(name)}", "a property made for this, which nobody goes by")


def shared_properties(draft: Draft) -> Iterator[Finding]:
    """A time that a round awaits is written by that round alone."""
    for path, canary, entry in _canaries(draft):
        taken = {value_at(entry, ("remediation", "touch", "property")): "remediation.touch.property"}
        for key in _PROPERTIES:
            name = value_at(canary, key)
            if isinstance(name, str) and name in taken:
                yield Finding((*path, *key), f"got {shown(name)}", f"another property than {taken[name]}")
            taken.setdefault(name, "canary.property")
        field, back = value_at(canary, ("field",)), value_at(canary, ("back", "field"))
        if isinstance(field, str) and isinstance(back, str) and field.lower() == back.lower():
            yield Finding((*path, "back", "field"), f"got {shown(back)}", "another field than canary.field")


def other_records(draft: Draft) -> Iterator[Finding]:
    """Both are of objects that HubSpot syncs with one another, and the id is of its object."""
    for path, canary, _entry in _canaries(draft):
        partners = _PARTNERS.get(_text(canary, "object"))
        kind, record = _text(canary, "salesforce_object"), _text(canary, "salesforce_id")
        if partners is not None and kind in _PREFIXES and kind not in partners:
            expected = f"{' or '.join(partners)}, which {canary['object']} are synced with"
            yield Finding((*path, "salesforce_object"), f"got {shown(kind)}", expected)
        is_id = len(record) in _ID_LENGTHS  # of what is none the schema has said so already
        if kind in _PREFIXES and is_id and not record.startswith(_PREFIXES[kind]):
            expected = f"the id of a {kind}, which begins with {_PREFIXES[kind]}"
            yield Finding((*path, "salesforce_id"), f"got {shown(record)}", expected)


def odd_times(draft: Draft) -> Iterator[Finding]:
    """Interval and deadline are from a second to a day."""
    for path, canary, _entry in _canaries(draft):
        for key in ("interval", "deadline"):
            seconds = duration_in(value_at(canary, (key,)))
            if seconds is not None and not _SHORTEST <= seconds <= _LONGEST:
                yield Finding((*path, key), f"got {shown(canary[key])}", "from 1s to 1d")


def _text(canary: Any, key: str) -> str:
    value = value_at(canary, (key,))
    return value if isinstance(value, str) else ""
