"""The table of families."""

from __future__ import annotations

import importlib
import pkgutil
from math import inf

import pytest

from exporter.exposition import families
from exporter.exposition.families import FAMILIES, calls, storage
from exporter.exposition.families.entry import Families, Known, joined
from exporter.model import (
    Access,
    CanaryDirection,
    CanaryRounds,
    ErrorCount,
    Heartbeat,
    HubSpotAccount,
    LastWrite,
    LastWrites,
    MailboxNews,
    ObjectHeartbeat,
    OrgLimits,
    OrgUsage,
    Part,
    PartState,
    Permission,
    Storage,
    Suspension,
    SyncHealth,
    TrustStatus,
    Unsynced,
    UnsyncedObject,
    UsageLog,
)
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot

NOW = 1_800_000_000.0
NOUNS = sorted(module.name for module in pkgutil.iter_modules(families.__path__) if module.name != "entry")
PARTS: dict[str, Part] = {
    "salesforce_limits": OrgLimits(OrgUsage(used=1, limit=2, observed_at=NOW), (Storage("data", 1, 2),)),
    "salesforce_access": Access(
        user_active=True,
        user_frozen=False,
        api_enabled=True,
        permission_set_assigned=True,
        assignment_ends=NOW,
        permissions=(Permission("Lead", None, True, True), Permission("Lead", "Email", True, None)),
        instance="NA1",
        sandbox=False,
    ),
    "salesforce_usage_log": UsageLog(1, NOW, by_app=(("HubSpot", 1), ("other", 0), ("unnamed", 2))),
    "salesforce_status": TrustStatus("NA2", "OK"),
    "hubspot_heartbeat": Heartbeat((ObjectHeartbeat("contacts", NOW, NOW, None),)),
    "hubspot_unsynced": Unsynced((UnsyncedObject("contacts", 1, 0),)),
    "salesforce_heartbeat": LastWrites((LastWrite("Contact", NOW, NOW),)),
    "hubspot_account": HubSpotAccount(1, "app.hubspot.com", 2, 3),
    "mailbox": MailboxNews(None, None, totals=(("matched", 1), ("unmatched", 0), ("ignored", 2))),
    "sync_health": SyncHealth(
        as_of=NOW,
        api_calls_used=1,
        api_calls_allocated=2,
        limited_by_salesforce=None,
        suspension=Suspension(True, "salesforce_org_locked", NOW),
        errors=(ErrorCount("other", "unknown", 1, 1),),
    ),
    "canary": CanaryRounds(
        (CanaryDirection("to_salesforce", True, NOW, (("synced", 1),), ((60.0, 1), (inf, 1)), 12.0),), 0.99, 3600.0
    ),
}


def entry(noun: str) -> Families:
    found = importlib.import_module(f"{families.__name__}.{noun}").FAMILIES
    assert isinstance(found, Families)
    return found


def known(**parts: Part) -> Known:
    read = PartState("everything")
    readings = tuple(
        Reading(source, 60.0, NOW, part=part, succeeded_at=NOW, parts=(read,)) for source, part in parts.items()
    )
    return Known.of(Snapshot("acme", "immediate", None, readings), NOW)


@pytest.mark.parametrize("noun", NOUNS)
def test_each_file_explains_what_it_yields(noun: str) -> None:
    """When everything is known, its samples are of the families it explains, and there is one of each."""
    samples = [name for name, _, _ in entry(noun).samples(known(**PARTS))]
    assert set(map(entry(noun).family_of, samples)) == entry(noun).help.keys()


@pytest.mark.parametrize("noun", NOUNS)
def test_each_file_stands_in_the_table(noun: str) -> None:
    """No family is written and then forgotten."""
    assert entry(noun).help.items() <= FAMILIES.help.items()


def test_a_name_in_two_entries_is_an_error() -> None:
    """One of two help texts would be lost, and nobody could say who makes the samples."""
    with pytest.raises(ValueError, match="these stand in several: org_api_calls_used, org_api_calls_limit, "):
        joined(calls.FAMILIES, storage.FAMILIES, calls.FAMILIES)


@pytest.mark.parametrize("kinds", [{"rounds": "counter"}, {"gone_total": "counter"}, {"rounds_total": "histogram"}])
def test_a_kind_fits_its_name(kinds: dict[str, str]) -> None:
    """Only counters end in ``_total``, and a kind is of a family that there is."""
    with pytest.raises(ValueError, match="kinds of no family, or counters that do not end in _total"):
        Families({"rounds": "Rounds.", "rounds_total": "Rounds."}, lambda _known: (), kinds)


def test_only_a_histogram_has_samples_of_other_names() -> None:
    """A gauge may be called so itself."""
    families_ = Families({"a": "A.", "b": "B.", "b_count": "C."}, lambda _known: (), {"a": "histogram"})
    assert [families_.family_of(name) for name in ("a_bucket", "a_count", "a_sum", "b_count", "b_sum")] == [
        *("a", "a", "a", "b_count", "b_sum"),
    ]


def test_where_the_org_lives() -> None:
    """On the instance that Trust was asked about, else on the one the access check found."""

    def labels(*sources: str) -> dict[str, str]:
        ((_, found, _),) = entry("info").samples(known(**{source: PARTS[source] for source in sources}))
        return dict(found)

    assert labels() == {"notify": "immediate"}
    assert labels("salesforce_access") == {"notify": "immediate", "salesforce_instance": "NA1"}
    assert labels("salesforce_status", "salesforce_access") == {"notify": "immediate", "salesforce_instance": "NA2"}
