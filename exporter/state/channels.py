"""The channels: what can speak for or against each reason for a suspension. Pure.

A channel is a kind of evidence that stands on its own: what calls met, what ``/limits`` states, what the access check
found. They are those of the catalogue's last column: HubSpot's documentation says what each reason means, Salesforce's
which answers betray it. ``CHANNELS``, at the end, is the table of them all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from exporter.clients.salesforce.refusals import (
    ACCESS_DISABLED,
    EVIDENCE,
    LOCKED,
    ORG_LIMIT,
    SERVER,
    STORAGE,
    UNAVAILABLE,
)
from exporter.model import Access, CanaryRounds, OrgLimits, OrgUsage, TrustStatus
from exporter.sources import SOURCES
from exporter.state.evidence import Channel, Evidence
from exporter.state.facts import facts_of
from exporter.state.outage import is_outage
from exporter.state.own_refusal import served
from exporter.state.reading import Reading
from exporter.state.snapshot import Snapshot
from exporter.state.statement import sources_of

SALESFORCE_SOURCES = frozenset(source.name for source in SOURCES if source.asks_salesforce)
"""Whose calls go to the org; another source's failure says nothing about it."""


_TOLD_BY_A_PART = frozenset({ORG_LIMIT, LOCKED, STORAGE})
"""What the refusal of one part tells of, whatever the others were answered: a lock is met where something is locked,
such as permissions while they are deployed, and calls that are used up by what comes last. An error of the server may
be of one query or file alone; and that the API is on, the other parts have shown."""


def _calls_met(reason: str) -> Channel:
    """Refusals met by calls to the org that speak for a reason; a later call that worked speaks against them.

    Facts: Salesforce REST API Developer Guide, *Composite*: the answer as a whole is 200 though parts of it failed. So
    a poll of which a part met such a refusal does not speak against the reason, and of some reasons it speaks for.
    """
    codes = EVIDENCE[reason]

    def channel(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
        for reading in snapshot.readings:
            if reading.source not in SALESFORCE_SOURCES or now >= reading.attempt_expires_at:
                continue
            met, worked_at = _met(reading, codes), _worked_at(reading)
            if met is None and reading.up and worked_at is not None:
                yield Evidence(worked_at, False, reading.source, "a call to Salesforce worked")
            elif met is not None and (not reading.up or reason in _TOLD_BY_A_PART):
                yield Evidence(reading.attempted_at, True, reading.source, f"Salesforce answered {met}")

    return channel


def _worked_at(reading: Reading) -> float | None:
    """When Salesforce last answered this source: most polls of the canary ask HubSpot alone."""
    return reading.part.salesforce_answered_at if isinstance(reading.part, CanaryRounds) else reading.attempted_at


def _met(reading: Reading, codes: Collection[str]) -> str | None:
    """The code among these that the newest poll met, and in which of its parts if not in all."""
    if reading.failure is not None:
        return reading.failure.code if reading.failure.code in codes else None
    told = (
        f"{part.failure.code} ({part.name})" for part in reading.parts if part.failure and part.failure.code in codes
    )
    return next(told, None)


def _org_calls(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, OrgLimits):
        yield from _org_use(part.usage, source)
    for reading in snapshot.readings:
        usage = reading.visible_usage(now)
        if usage is not None:
            yield from _org_use(usage, reading.source)
    yield from (one for one in _calls_met(ORG_LIMIT)(snapshot, now) if one.holds)


def _org_use(usage: OrgUsage, source: str) -> Iterable[Evidence]:
    """A limit of 0 is none that could be reached: Salesforce says 0 of 0 where no quota is set."""
    if usage.limit > 0:
        detail = f"{usage.used:,} of the org's {usage.limit:,} API calls are used"
        yield Evidence(usage.observed_at, usage.used >= usage.limit, source, detail)


def _storage(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, OrgLimits):
        full = [storage.kind for storage in part.storage if storage.used_bytes >= storage.limit_bytes > 0]
        if part.storage:
            detail = f"{' and '.join(full)} storage is full" if full else "there is storage left"
            yield Evidence(part.usage.observed_at, bool(full), source, detail)
    yield from (one for one in _calls_met(STORAGE)(snapshot, now) if one.holds)


def _allocation(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    facts = facts_of(snapshot, now)
    if facts.calls_used is None or facts.calls_allocated is None:
        return
    reached, suspected = facts.calls_used >= facts.calls_allocated, facts.calls_suspected
    if not reached and suspected is not None and suspected.calls >= facts.calls_allocated:
        # What is not in the count may be what it lacks.
        return
    source = facts.stated_by["calls_used"]
    detail = f"{facts.calls_used:,} of {facts.calls_allocated:,} allocated API calls are used"
    yield Evidence(snapshot.read_at(source), reached, source, detail, snapshot.as_of(source))


def _trust(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, TrustStatus):
        outage = is_outage(part)
        if outage is not None:
            detail = f"Salesforce Trust says {part.status or part.words} of {part.instance}"
            yield Evidence(snapshot.read_at(source), outage, source, detail)


def _api_refused(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    """What the exporter's own user meets, as far as it may be what HubSpot's meets too."""
    met = sorted(_calls_met(ACCESS_DISABLED)(snapshot, now), key=lambda one: one.at)
    otherwise = served(snapshot, now) if met and met[-1].holds else None
    if otherwise is not None:
        return (otherwise,)
    told = "to the exporter's own user; whether to HubSpot's too is not known"
    return tuple(replace(one, detail=f"{one.detail} {told}", of_own_user=True) if one.holds else one for one in met)


def _api_enabled(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, Access):
        hindrances = [
            what
            for holds, what in (
                (part.user_active is False, "is not active"),
                (part.user_frozen is True, "is frozen or locked out"),
                (part.api_enabled is False, "lacks API Enabled"),
            )
            if holds
        ]
        if hindrances:
            yield Evidence(snapshot.read_at(source), True, source, f"the integration user {' and '.join(hindrances)}")
        elif part.user_active and part.api_enabled:
            yield Evidence(snapshot.read_at(source), False, source, "the integration user may use the API")


def _objects(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, Access):
        missing = _missing(part, of_fields=False)
        if part.permission_set_assigned is False:
            missing = ("the permission set", *missing)
        if missing or _are_known(part, of_fields=False):
            yield Evidence(snapshot.read_at(source), bool(missing), source, _missing_detail(missing, "objects"))


def _fields(snapshot: Snapshot, now: float) -> Iterable[Evidence]:
    for part, source in sources_of(snapshot, now, Access):
        missing = _missing(part, of_fields=True)
        if _are_known(part, of_fields=True):
            detail = _missing_detail(missing, "fields") + _rowless_detail(part)
            yield Evidence(snapshot.read_at(source), bool(missing), source, detail)


def _are_known(access: Access, *, of_fields: bool) -> bool:
    """Whether Salesforce says anything of the configured objects, or fields; where none are, of the permission set."""
    asked = [permission for permission in access.permissions if (permission.field is not None) == of_fields]
    if not asked and not of_fields:
        return access.permission_set_assigned is not None
    return any(permission.read is not None or permission.edit is not None for permission in asked)


def _missing(access: Access, *, of_fields: bool) -> tuple[str, ...]:
    return tuple(
        f"{permission.object}.{permission.field}" if permission.field else permission.object
        for permission in access.permissions
        if (permission.field is not None) == of_fields and False in (permission.read, permission.edit)
    )


def _missing_detail(missing: tuple[str, ...], what: str) -> str:
    return f"missing: {', '.join(missing)}" if missing else f"read and edit on all configured {what}"


def _rowless_detail(access: Access) -> str:
    """Of fields without read: Salesforce keeps a row for whoever may read one. A name that is wrong looks the same."""
    rowless = [
        f"{permission.object}.{permission.field}"
        for permission in access.permissions
        if permission.field is not None and permission.read is False and permission.edit is False
    ]
    if not rowless:
        return ""
    question = "is it spelt so, does it exist, has it field-level security?"
    return f"; no permission row: {', '.join(rowless)} ({question})"


CHANNELS: Mapping[str, tuple[Channel, ...]] = {
    ORG_LIMIT: (_org_calls,),
    ACCESS_DISABLED: (_api_refused, _api_enabled),
    "salesforce_object_permissions_missing": (_objects,),
    "salesforce_field_permissions_missing": (_fields,),
    LOCKED: (_calls_met(LOCKED),),
    STORAGE: (_storage,),
    UNAVAILABLE: (_calls_met(UNAVAILABLE), _trust),
    SERVER: (_calls_met(SERVER),),
    "hubspot_api_limit_exceeded": (_allocation,),
}
"""``missing_field_mappings`` is not here: only HubSpot can know. ``unknown_error`` is what the others leave over."""
