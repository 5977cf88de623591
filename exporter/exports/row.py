"""One row of an export as a sync error. Pure; nothing in a row makes it fail."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.catalog.catalog import CATALOG, OTHER, UNKNOWN
from exporter.catalog.titles import Titles
from exporter.exports.columns import Columns
from exporter.exports.formula import restored
from exporter.model import SyncError

LONGEST = {"details": 2_000, "record": 300, "last_seen": 64, "object_type": 100}
"""Characters that are kept of what is only shown; ids have ``_LONGEST_ID``."""
_LONGEST_ID = 400
_LONGEST_OTHER = 100
_MOST_RECORDS = 2**31 - 1

_NUMBER = re.compile(r"\s*([0-9][0-9.,'\u00a0\u202f ]*)")
_QUANTITY = re.compile(r"[0-9]+(?:[.,\u00a0\u202f][0-9]+)+(?:e[+-]?[0-9]+)?|[0-9]+e[+-][0-9]+|#{3,}", re.IGNORECASE)
_HUBSPOT_PAGE = re.compile(
    r"https?://[a-z0-9.-]+\.hubspot\.com/\S*?/(?:record/(?P<type>[02]-[0-9]{1,12})|(?P<name>contact|company|deal|ticket))"
    r"/(?P<id>[0-9]{1,20})",
    re.IGNORECASE,
)
_SALESFORCE_PAGE = re.compile(
    r"https?://[a-z0-9.-]+\.(?:salesforce|force|salesforce-setup)\.com/(?:lightning/r/(?:[A-Za-z0-9_]+/)?)?"
    r"(?P<id>[A-Za-z0-9]{18}|[A-Za-z0-9]{15})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_SHORTENED = {
    "hubspot_id": "HubSpot ID is no number; Excel has shortened it",
    "salesforce_id": "Salesforce ID is a number; Excel has shortened it",
}
_OBJECT_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("contact", "contacts", "0-1", "kontakt", "kontakte", "kontakty", "contactpersoon"), "contacts"),
    **dict.fromkeys(("company", "companies", "0-2", "unternehmen", "firma", "firmy", "bedrijf"), "companies"),
    **dict.fromkeys(("deal", "deals", "0-3", "transakcja", "transakcje"), "deals"),
    **dict.fromkeys(("ticket", "tickets", "0-5", "zgłoszenie", "zgłoszenia"), "tickets"),
    **dict.fromkeys(("task", "tasks", "0-27", "aufgabe", "aufgaben", "zadanie", "zadania", "taak"), "tasks"),
}
"""HubSpot's names of its object types, by what a page or an address calls them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of a file are to be read: ``category`` is what the file as a whole is of, ``None`` if each row says
    it itself; ``strict``: a row that says another is none of this file's."""

    columns: Columns
    titles: Titles
    category: str | None = None
    strict: bool = False


def error_of(cells: Sequence[str], number: int, reading: Reading) -> SyncError | str:
    """The error of a row, by catalogue names as far as its titles are known; else what is wrong with the row. An error
    that names neither itself nor a record is known by ``number``."""
    told = {field: restored(cells[place]).replace("\0", "") for field, place in reading.columns.places.items()}
    category, error_type = _classified(told, reading)
    if category is None:
        return "is of another category"
    for field, trouble in _SHORTENED.items():
        if _is_shortened(told.get(field, "")):
            return trouble
    hubspot_id, object_type = _hubspot(told)
    salesforce_id = told.get("salesforce_id", "").strip()[:_LONGEST_OTHER] or _salesforce_page(told)
    name = told.get("record", "").strip()[: LONGEST["record"]]
    details = told.get("details", "")[: LONGEST["details"]] or None
    own = told.get("id", "")[:_LONGEST_ID]
    subject = hubspot_id or salesforce_id or name
    error_id = (
        own
        if own.strip() and not _is_shortened(own)
        else _id(category, error_type, object_type, subject, details, number)
    )
    return SyncError(
        id=error_id,
        category=category,
        error_type=error_type,
        record=f"{object_type or 'record'}/{subject or error_id}",
        object_type=object_type,
        hubspot_id=hubspot_id,
        salesforce_id=salesforce_id,
        affected_records=_whole(told.get("affected_records", "")),
        last_seen=told.get("last_seen", "")[: LONGEST["last_seen"]] or None,
        details=details,
    )


def _is_shortened(text: str) -> bool:
    """An id that a spreadsheet took for a quantity: *1.23457E+11* was another number, and of many records the same."""
    return _QUANTITY.fullmatch(text.strip()) is not None


def label_of(error: SyncError) -> str:
    """The label value of its type."""
    return CATALOG.classify(error.category, error.error_type)[1]


def _classified(told: Mapping[str, str], reading: Reading) -> tuple[str | None, str | None]:
    """A column says it of its row, a file of all; what nobody says the type may say."""
    stated, typed = told.get("category", "").strip(), told.get("error_type", "").strip()
    named = reading.titles.error_type(typed)
    category = reading.titles.category(stated) if stated else None
    if reading.strict and category not in (None, reading.category):
        return None, None
    if category is None and not (stated and reading.category is None):
        category = reading.category or (CATALOG.error_types[named].category if named else None)
    if named is None and typed.casefold() != UNKNOWN:
        return category or OTHER, typed[:_LONGEST_OTHER] or None
    return category or OTHER, named or UNKNOWN


def _hubspot(told: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Id and object type of the record in HubSpot, from columns or from an address in one."""
    stated = told.get("object_type", "").strip()[: LONGEST["object_type"]]
    object_type = _OBJECT_TYPES.get(stated.casefold(), stated) or None
    hubspot_id = told.get("hubspot_id", "").strip()[:_LONGEST_OTHER] or None
    for field in ("hubspot_url", "hubspot_id", "record", "affected_records"):
        page = _HUBSPOT_PAGE.search(told.get(field, ""))
        if page is None:
            continue
        type_id = (page["type"] or page["name"]).lower()
        if hubspot_id is None or field == "hubspot_id":
            hubspot_id = page["id"]
        if hubspot_id == page["id"]:
            return hubspot_id, object_type or _OBJECT_TYPES.get(type_id, type_id)
    return hubspot_id, object_type


def _salesforce_page(told: Mapping[str, str]) -> str | None:
    for field in ("salesforce_url", "record"):
        page = _SALESFORCE_PAGE.search(told.get(field, ""))
        if page is not None:
            return page["id"]
    return None


def _whole(text: str) -> int | None:
    """*3*, *1,234* and *3 records* are numbers of records; names are none."""
    match = _NUMBER.match(text)
    number = int(re.sub("[^0-9]", "", match[1])[:12]) if match else _MOST_RECORDS + 1
    return number if number <= _MOST_RECORDS else None


def _id(
    category: str,
    error_type: str | None,
    object_type: str | None,
    subject: str | None,
    details: str | None,
    number: int,
) -> str:
    """The same for the same error in the next export."""
    what = "\0".join((error_type or "", details or "", "" if subject else str(number)))
    digest = hashlib.blake2b(what.encode(errors="replace"), digest_size=6).hexdigest()
    who = f"{object_type or 'record'}-{subject}" if subject else "row"
    if len(who) > _LONGEST_OTHER:
        who = hashlib.blake2b(who.encode(errors="replace"), digest_size=12).hexdigest()
    return f"{category}/{who}/{digest}"
