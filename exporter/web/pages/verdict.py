"""The one sentence that a page says of an integration, and how bad that is: the worst that is known. Pure.

*Syncs* needs a proof of today, by HubSpot or the canary, and nothing that speaks against it. Where nothing has synced
for ``LATELY`` it may be a quiet weekend or a dead sync, and nobody knows which. A change that has waited for more than
an hour is trouble, as it is for the alert SyncStale, unless the canary arrives: then it is probably mapped to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exporter.catalog.catalog import CATALOG
from exporter.clock import format_timestamp
from exporter.model import Heartbeat
from exporter.state.conditions import Condition
from exporter.state.facts import Facts
from exporter.state.snapshot import Snapshot
from exporter.state.standstill import late_since, newest_sync_of
from exporter.state.statement import EVIDENCE, MAILBOX, REPORT, sources_of
from exporter.web.pages.canary_lines import arrives, late_directions
from exporter.web.pages.numbers import number, total
from exporter.web.pages.source_lines import age
from exporter.web.pages.unreadable_mail import unreadable_lately

LATELY = 86400.0
"""Seconds for which a sync, or a round of the canary, proves that records sync: a night without changes is no doubt."""

_OWN_USER = (
    "Give the exporter's own user in Salesforce the API Enabled permission. Whether HubSpot's user is refused as well "
    "is not known: if it has the permission, ask Salesforce whether the org still has the API."
)

_OF_ANY_DAY = (REPORT, MAILBOX, EVIDENCE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``level`` is ``suspended``, ``trouble``, ``unknown`` or ``good``."""

    level: str
    words: str


def verdict_of(facts: Facts, conditions: tuple[Condition, ...], snapshot: Snapshot, now: float) -> Verdict:
    """Of what is known of an integration at a time."""
    if facts.suspension is not None and facts.suspension.suspended:
        return Verdict(
            "suspended", f"SUSPENDED: {reason_title(facts.suspension.reason)}{_when_old(facts, snapshot, now)}"
        )
    trouble = (
        _seen(conditions)
        or _canary(snapshot, now)
        or _unread(snapshot, now)
        or _not_understood(snapshot, now)
        or _errors(facts)
        or _late(snapshot, now)
    )
    return Verdict("trouble", trouble) if trouble else _untroubled(facts, conditions, snapshot, now)


def reason_title(reason: str | None) -> str:
    """What HubSpot calls a reason of suspension."""
    titles = {known.name: known.title for known in CATALOG.suspension_reasons}
    return titles.get(reason or "", "reason not known")


def since_when(facts: Facts, now: float) -> tuple[str, ...]:
    """Who says that it is suspended, and since when."""
    if facts.suspension is None or not facts.suspension.suspended:
        return ()
    since, source = facts.suspension.since, facts.stated_by["suspension"]
    if since is None:
        return (f"Since when is not known; {source} says so.",)
    return (f"Suspended since {format_timestamp(since)} ({age(now - since)}), as {source} says.",)


def _untroubled(facts: Facts, conditions: tuple[Condition, ...], snapshot: Snapshot, now: float) -> Verdict:
    last = _last_sync(snapshot, now)
    if _page_says_so(facts) or arrives(snapshot, now, LATELY) or (last is not None and now - last <= LATELY):
        return Verdict("good", "Syncs")
    if last is not None:
        return Verdict(
            "unknown", f"No trouble seen, but the last sync was {age(now - last)}: whether it syncs is not known"
        )
    if facts.suspension is None and not conditions:
        return Verdict("unknown", "Nothing known yet")
    return Verdict("unknown", "No trouble seen; whether it syncs is not known")


def _when_old(facts: Facts, snapshot: Snapshot, now: float) -> str:
    """Of when a suspension is that an old page goes on telling of."""
    reading = snapshot.reading(facts.stated_by["suspension"])
    if reading is None or reading.true_at is None or not reading.is_old(now):
        return ""
    return f", as of {age(now - reading.true_at)}"


def _seen(conditions: tuple[Condition, ...]) -> str:
    seen = [
        reason_title(condition.reason) + (" for the exporter's own user" if _is_of_own_user(condition) else "")
        for condition in conditions
        if condition.holds
    ]
    return f"Not suspended yet, but: {', '.join(seen)}" if seen else ""


def _is_of_own_user(condition: Condition) -> bool:
    return condition.set_by is not None and condition.set_by.of_own_user


def what_to_do(reported: str | None, conditions: Iterable[Condition]) -> tuple[str, ...]:
    """First, for each reason that is reported or seen."""
    seen = {condition.reason: condition for condition in conditions if condition.holds}
    return tuple(
        _OWN_USER if known.name != reported and _is_of_own_user(seen[known.name]) else known.resolution
        for known in CATALOG.suspension_reasons
        if known.name == reported or known.name in seen
    )


def _canary(snapshot: Snapshot, now: float) -> str:
    late = late_directions(snapshot, now)
    return f"The canary is late: {', '.join(late)}" if late else ""


def _unread(snapshot: Snapshot, now: float) -> str:
    """Which sources cannot be read, or else say something old, or else were read only in part; empty if none is so."""
    failing = [reading.source for reading in snapshot.readings if not reading.up]
    old = [reading.source for reading in snapshot.readings if reading.is_old(now)]
    incomplete = [reading.source for reading in snapshot.readings if reading.missing_parts]
    for what, sources in (("Cannot be read", failing), ("Old", old), ("Read in part", incomplete)):
        if sources:
            return f"{what}: {', '.join(sorted(sources))}"
    return ""


def _not_understood(snapshot: Snapshot, now: float) -> str:
    """It may be the one that tells of a suspension."""
    found = unreadable_lately(snapshot, now)
    return f"E-mails of HubSpot that are not understood, of the last day: {found}" if found else ""


def _errors(facts: Facts) -> str:
    errors = total(count.errors for count in facts.errors or ())
    return "" if errors == 0 else f"Sync errors: {number(errors)}"


def _late(snapshot: Snapshot, now: float) -> str:
    since = [late_since(heartbeat, now) for heartbeat, _source in sources_of(snapshot, now, Heartbeat)]
    first = min((at for at in since if at is not None), default=None)
    if first is None or arrives(snapshot, now, LATELY):
        return ""
    return f"A record changed {age(now - first)}, and nothing has synced since"


def _page_says_so(facts: Facts) -> bool:
    """HubSpot's page does, and not an old one. A report by hand and an e-mail may be of any day, and what Salesforce
    would allow need not happen."""
    return facts.stated_by.get("suspension", REPORT) not in _OF_ANY_DAY


def _last_sync(snapshot: Snapshot, now: float) -> float | None:
    """The newest that HubSpot's records show."""
    newest = (newest_sync_of(heartbeat) for heartbeat, _source in sources_of(snapshot, now, Heartbeat))
    return max((at for at in newest if at), default=None)
