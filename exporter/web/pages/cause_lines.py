"""What the pages say of the causes of suspensions that are looked for, and of those that are not. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.catalog.catalog import CATALOG
from exporter.model import Access
from exporter.state.conditions import Condition
from exporter.state.facts import Facts
from exporter.state.snapshot import Snapshot
from exporter.state.statement import sources_of
from exporter.web.pages.source_lines import age
from exporter.web.pages.verdict import reason_title


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """One cause looked for, and what set or cleared it."""

    title: str
    holds: bool
    detail: str


def condition_line(condition: Condition, facts: Facts, now: float) -> ConditionLine:
    """What is said of a cause that was looked for."""
    newest = condition.set_by if condition.holds else condition.cleared_by
    detail = ""
    if newest is not None:
        # What was looked at before does not speak against the reason that is stated.
        when = "" if condition.holds else before_suspension(facts, newest.true_at)
        detail = f"{newest.detail} ({newest.source}, {age(now - newest.true_at)}{when})"
    return ConditionLine(reason_title(condition.reason), condition.holds, detail)


def before_suspension(facts: Facts, moment: float) -> str:
    """Whether that was before the suspension that is reported, where both are known."""
    since = facts.suspension.since if facts.suspension and facts.suspension.suspended else None
    return ", before the suspension" if since is not None and moment <= since else ""


def not_judged(snapshot: Snapshot, conditions: tuple[Condition, ...], now: float) -> str:
    """The causes that are not looked for, or could not be lately."""
    judged = {condition.reason for condition in conditions}
    why = {"missing_field_mappings": " (only HubSpot can know)"}
    access = [part for part, _source in sources_of(snapshot, now, Access)]
    if access and not any(permission.field for part in access for permission in part.permissions):
        why["salesforce_field_permissions_missing"] = " (salesforce.fields names none)"
    return ", ".join(
        reason.title + why.get(reason.name, "") for reason in CATALOG.suspension_reasons if reason.name not in judged
    )
