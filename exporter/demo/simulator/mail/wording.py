"""What the e-mails say: a subject and a heading, paragraphs, rows. All of it made up, but for HubSpot's titles."""

from dataclasses import dataclass

from exporter.demo.simulator.names import SELF_CLEARING, TITLES


@dataclass(frozen=True, slots=True)
class Wording:
    """`rows` are a table of label and value beneath the paragraphs."""

    subject: str
    paragraphs: tuple[str, ...]
    rows: tuple[tuple[str, str], ...] = ()


def suspension(portal_id: int, reason: str) -> Wording:
    """The integration stands still from now on."""
    end = (
        "Syncing starts again by itself as soon as calls are available."
        if reason in SELF_CLEARING
        else "Remove the cause, then press Clear Suspension on the Sync Health tab."
    )
    return Wording(
        "Your Salesforce integration was suspended",
        ("HubSpot has suspended the Salesforce integration of your account. No records are synced.", end),
        (("Reason", TITLES[reason]), ("Hub ID", str(portal_id))),
    )


def clearance(portal_id: int) -> Wording:
    """It goes on."""
    return Wording(
        "Your Salesforce integration is active again",
        ("The suspension of your Salesforce integration was cleared. Syncing has resumed.",),
        (("Hub ID", str(portal_id)),),
    )


def new_errors(portal_id: int, counts: dict[tuple[str, str], int]) -> Wording:
    """Written at once: how many new errors there are of each category and type."""
    total = sum(counts.values())
    return Wording(
        f"{total} new Salesforce sync {'error' if total == 1 else 'errors'}",
        ("Some of your records could not be synced with Salesforce.",),
        (*_rows(counts), ("Hub ID", str(portal_id))),
    )


def digest(portal_id: int, every: str, counts: dict[tuple[str, str], int]) -> Wording:
    """Written once a day or week: the errors there are by then."""
    total = sum(counts.values())
    return Wording(
        f"Your {every} Salesforce sync error summary",
        (f"There are {total} sync errors in your Salesforce integration.",),
        (*_rows(counts), ("Hub ID", str(portal_id))),
    )


def _rows(counts: dict[tuple[str, str], int]) -> tuple[tuple[str, str], ...]:
    """A category, then its types; names the catalogue does not have are printed as they are."""
    rows: list[tuple[str, str]] = []
    for category in dict.fromkeys(category for category, _ in counts):
        of_category = {name: count for (its, name), count in counts.items() if its == category}
        rows.append((_title(category), str(sum(of_category.values()))))
        rows.extend((_title(name), str(count)) for name, count in of_category.items())
    return tuple(rows)


def _title(name: str) -> str:
    return TITLES.get(name, name.replace("_", " ").capitalize())
