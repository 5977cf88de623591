"""What a test group must contain to show an aspect of an alert; the names claim aspects, the content proves them.

Each check returns what is missing, or ``None``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.rules.groups import Group, groups_about
from tests.rules.rulebook import Rule, exported_selectors, foundation, rules
from tests.rules.series import Series

LOOKBACK = 300.0
"""Seconds for which Prometheus takes a sample for the current value; also how long a handover may last."""

Alerts = list[dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a group has to say of a rule."""

    rule: Rule
    group: Group

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """The inputs that the rule selects, by itself or through recording rules; history may be given as recorded."""
        wanted = {selector for part in foundation([self.rule], rules()) for selector in part.selectors}
        return tuple(
            series
            for series in self.group.series
            if any(selector.selects(series.metric, series.labels) for selector in wanted)
        )

    @cached_property
    def asserted(self) -> dict[float, Alerts]:
        """What is expected of this rule (not of another with the same alert name), by second."""
        fixed = self.rule.fixed_labels.items()
        return {
            second: [alert for alert in alerts if fixed <= alert.get("exp_labels", {}).items()]
            for second, alerts in sorted(self.group.asserted(self.rule.name).items())
        }

    @property
    def firing(self) -> Iterator[tuple[float, Alerts]]:
        return ((second, alerts) for second, alerts in self.asserted.items() if alerts)

    @property
    def inputs(self) -> frozenset[tuple[str, str]]:
        return frozenset((series.notation, series.values) for series in self.group.series)

    def survives(self, start: float, end: float) -> bool:
        """Whether what happened in these seconds changed nothing: the same alert before and since its start, or firing
        so soon after its end that the wait cannot have begun anew. Silence counts for an alert on absence.
        """
        before = [alerts for second, alerts in self.asserted.items() if second < start]
        since = [alerts for second, alerts in self.asserted.items() if second >= start]
        unchanged = any(alerts in before and (alerts or self.rule.on_absence) for alerts in since)
        return unchanged or any(end < second < end + self.rule.wait for second, _ in self.firing)


def of(rule: Rule) -> tuple[Evidence, ...]:
    """The groups named after a rule's alert, and after its severity where they name one."""
    return tuple(
        Evidence(rule, group)
        for group in groups_about(rule.name)
        if group.name.split(",")[0] in {rule.name, f"{rule.name} {rule.labels['severity']}"}
    )


def claims(group: Group) -> tuple[str, ...]:
    """The aspects that a name claims."""
    _, _, shown = group.name.partition(",")
    return tuple(aspect for aspect in CHECKS if re.search(rf"\b{aspect}\b", shown))


def healthy(evidence: Evidence) -> str | None:
    for second, alerts in evidence.asserted.items():
        lookback = max(LOOKBACK, *(series.interval for series in evidence.series), 0.0)
        known = any(second - lookback < moment <= second for series in evidence.series for moment in series.moments)
        if not alerts and known and second >= evidence.rule.wait:
            return None
    return "no silence with a value to judge by, as late as its `for`"


def just_below(evidence: Evidence) -> str | None:
    same = [
        other for other in of(evidence.rule) if "healthy" in claims(other.group) and other.inputs == evidence.inputs
    ]
    return "the inputs are those of a healthy group" if same else healthy(evidence)


def pending(evidence: Evidence) -> str | None:
    rule = evidence.rule
    for second, labels in evidence.group.sampled_alerts("pending"):
        mine = labels["alertname"] == rule.name and rule.fixed_labels.items() <= labels.items()
        if mine and evidence.asserted.get(second) == []:
            return None
    return "no sample of ALERTS that is pending while the alert is expected not to fire"


def firing(evidence: Evidence) -> str | None:
    fixed = {key: text for key, text in evidence.rule.body["annotations"].items() if "{{" not in text}
    for _, alerts in evidence.firing:
        for alert in alerts:
            annotations = alert.get("exp_annotations", {})
            complete = annotations.keys() == evidence.rule.body["annotations"].keys()
            if (
                complete
                and evidence.rule.labels.keys() <= alert["exp_labels"].keys()
                and fixed.items() <= annotations.items()
            ):
                return None
    return "no alert with all labels and annotations"


def resolved(evidence: Evidence) -> str | None:
    first = min((second for second, _ in evidence.firing), default=float("inf"))
    if any(second > first and not alerts for second, alerts in evidence.asserted.items()):
        return None
    return "no silence after it fired"


def handover(evidence: Evidence) -> str | None:
    for one in evidence.series:
        for other in evidence.series:
            alike = one.metric == other.metric and _but_instance(one) == _but_instance(other)
            if alike and one is not other and 0 < other.begin <= one.end + LOOKBACK and one.end < other.end:
                change = sorted((one.end + one.interval, other.begin))
                if one.end < max(evidence.asserted, default=0.0) and evidence.survives(*change):
                    return None
    return "no series that ends while the same of another instance begins, with the alert unmoved"


def _but_instance(series: Series) -> dict[str, str]:
    assert "instance" in series.labels, f"{series.notation} has no instance"
    return {label: value for label, value in series.labels.items() if label != "instance"}


def missed_scrape(evidence: Evidence) -> str | None:
    gaps = [gap for series in evidence.series for gap in series.gaps()]
    return None if any(evidence.survives(*gap) for gap in gaps) else "no gap in a series with the alert unmoved"


def absent(evidence: Evidence) -> str | None:
    integrations = {series.labels.get("integration") for series in evidence.group.series}
    last = max(evidence.asserted, default=-1.0)
    for integration in integrations:
        mine = [series for series in evidence.series if series.labels.get("integration") == integration]
        for selector in exported_selectors(evidence.rule):
            present = [series for series in mine if selector.selects(series.metric, series.labels)]
            if all(series.end < last for series in present):
                return None
    return "no metric of the alert is missing"


def removed(evidence: Evidence) -> str | None:
    for integration in {series.labels["integration"] for series in evidence.series if "integration" in series.labels}:
        of_it = [series for series in evidence.group.series if series.labels.get("integration") == integration]
        gone = max(series.end for series in of_it)
        moments = {
            second: any(alert["exp_labels"].get("integration") == integration for alert in alerts)
            for second, alerts in evidence.asserted.items()
        }
        fired = any(fires and second <= gone for second, fires in moments.items())
        if fired and any(not fires and second > gone for second, fires in moments.items()):
            return None
    return "no integration that fires, all of whose series end, and that no longer fires"


CHECKS: dict[str, Callable[[Evidence], str | None]] = {
    "healthy": healthy,
    "just below": just_below,
    "pending": pending,
    "firing": firing,
    "resolved": resolved,
    "handover": handover,
    "missed scrape": missed_scrape,
    "absent": absent,
    "removed": removed,
}
