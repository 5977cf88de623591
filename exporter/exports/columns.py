"""Which column of an export says what. Pure.

HubSpot documents no columns of its export. The defaults are what its page shows (*Error Type*, the details behind it,
the record, *Affected Records*), what its record exports call an id, and what ``errors --format=csv`` writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.catalog.titles import folded

TITLES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "error id"),
    "category": ("category", "error category", "Kategorie", "Fehlerkategorie", "Categorie", "Kategoria", "Catégorie"),
    "error_type": (
        *("error type", "type of error", "error", "sync error type", "Fehlertyp", "Fehlerart", "Fouttype", "Type fout"),
        *("Typ błędu", "Rodzaj błędu", "Type d'erreur", "Tipo de error", "Tipo di errore", "Tipo de erro", "Feltyp"),
        *("Fejltype", "Feiltype", "Virhetyyppi", "エラータイプ"),
    ),
    "details": (
        *("details", "detail", "error details", "error message", "message", "description", "Fehlerdetails"),
        *("Fehlermeldung", "Beschreibung", "Foutdetails", "Szczegóły", "Szczegóły błędu", "Détails", "Detalles"),
        *("Dettagli", "Detaljer", "Tiedot", "詳細"),
    ),
    "record": (
        *("record", "record name", "name", "Datensatz", "Datensatzname", "Rekord", "Nazwa rekordu", "Enregistrement"),
        *("Registro", "Post", "Tietue", "レコード"),
    ),
    "affected_records": (
        *("affected records", "records affected", "impacted records", "Betroffene Datensätze", "Getroffen records"),
        *("Betrokken records", "Rekordy, których dotyczy problem", "Dotknięte rekordy", "Enregistrements affectés"),
        *("Registros afectados", "Record interessati", "影響を受けるレコード"),
    ),
    "object_type": (
        *("object type", "object", "record type", "HubSpot object", "HubSpot object type", "Objekttyp", "Objecttype"),
        *("Typ obiektu", "Type d'objet", "Tipo de objeto", "オブジェクトタイプ"),
    ),
    "hubspot_id": (
        *("HubSpot id", "HubSpot record id", "record id", "HubSpot object id", "object id", "hs object id", "vid"),
        *("HubSpot contact id", "HubSpot-ID", "Datensatz-ID", "Record-ID", "Identyfikator HubSpot", "ID rekordu"),
        *("Identyfikator rekordu",),
    ),
    "salesforce_id": ("Salesforce id", "Salesforce record id", "sfdc id", "Identyfikator Salesforce"),
    "last_seen": (
        *("last seen", "last occurred", "last attempt", "last sync attempt", "occurred at", "date", "timestamp"),
        *("Zuletzt gesehen", "Zuletzt aufgetreten", "Laatst gezien", "Ostatnio widziano", "Dernière occurrence"),
    ),
    "as_of": ("as of", "exported at", "export date", "Stand", "Exportiert am"),
    "hubspot_url": ("HubSpot url", "HubSpot link", "record url", "url", "link"),
    "salesforce_url": ("Salesforce url", "Salesforce link"),
}
"""By field, as headings are known in the languages of the catalogue's titles; more stand in ``sync_health.mapping``."""

FIELDS = tuple(TITLES)


def _key(heading: str) -> str:
    """A heading without what differs from print to print: case, spaces, underscores, punctuation."""
    return folded(heading).replace(" ", "")


_KNOWN = {_key(title): field for field, titles in TITLES.items() for title in (field, *titles)}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands in a row of ``width`` cells; ``ignored`` are the headings that say nothing here."""

    places: Mapping[str, int]
    width: int
    ignored: tuple[str, ...]


def columns_of(header: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """Of a line of headings; ``mapping`` holds fields by heading and goes first. Of two headings for the same field the
    first counts."""
    own = {_key(heading): field for heading, field in mapping.items()}
    fields = [own.get(key) or _KNOWN.get(key) for key in map(_key, header)]
    # What an owner has named is not to lose its field to a heading that happens to be known.
    mapped = {own[key] for key in map(_key, header) if key in own}
    places: dict[str, int] = {}
    for place, (heading, field) in enumerate(zip(header, fields, strict=True)):
        if field is None or (field in mapped and _key(heading) not in own):
            continue
        places.setdefault(field, place)
    taken = set(places.values())
    ignored = tuple(heading.strip() for place, heading in enumerate(header) if place not in taken and heading.strip())
    return Columns(places, len(header), ignored)
