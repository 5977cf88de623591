"""PromQL as the dashboards speak it.

Replicas of the exporter show the same facts, so a fact is the ``max by`` its labels; counters are each replica's own,
so they are summed after ``rate`` or ``increase``. A recorded series is one for all replicas and carries no ``job``.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "hubspot_salesforce_"
OF_INTEGRATION = 'job=~"$job", integration=~"$integration"'
OF_JOB = 'job=~"$job"'
OF_ALERT = 'alertname=~"HubSpotSalesforce.+", alertstate="firing", integration=~"$integration|"'
"""Alerts of the exporter itself carry no integration: the empty alternative lets them in."""
NOTHING = "–"
"""In the cell of a table that has nothing to say."""
ALL_CHOSEN = "All"
"""What Grafana calls all values of a variable, in its address as well."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel. ``legend`` names its series; ``table`` asks for the newest values as rows."""

    expr: str
    legend: str = ""
    table: bool = False
    instant: bool = False


def series(name: str, *matchers: str) -> str:
    """The series of a metric of the exporter that belong to the chosen integrations."""
    return f"{PREFIX}{name}{{{', '.join((OF_INTEGRATION, *matchers))}}}"


def fact(name: str, *by: str, where: str = "") -> str:
    """A fact about each integration, once whatever the number of replicas; ``by`` names further labels to keep."""
    return f"max by ({', '.join(('integration', *by))}) ({series(name, *([where] if where else []))})"


def recorded(name: str, where: str = "") -> str:
    """A series that a recording rule of ``rules/`` makes."""
    matchers = ['integration=~"$integration"', *([where] if where else [])]
    return f"{name}{{{', '.join(matchers)}}}"


def increase(name: str, *by: str, where: str = "", window: str = "$__rate_interval") -> str:
    """By how much a counter grew in ``window``, over all replicas."""
    return f"sum by ({', '.join(by)}) (increase({series(name, *([where] if where else []))}[{window}]))"


def first_or_increase(name: str, *by: str) -> str:
    """The same for a counter that comes into being when it first moves: one that was not there before the window has
    grown by all it shows, unless it is an old one of a target that is new, in other parts or to this Prometheus.
    Grafana has no number of seconds for its window: a process counts as new for an hour."""
    counted, up, started = series(name), f"up{{{OF_JOB}}}", f"process_start_time_seconds{{{OF_JOB}}}"
    return (
        f"sum by ({', '.join(by)}) (\n  {counted}\n  unless {counted} offset $__rate_interval\n"
        f"  and on (job, instance) ({up} offset $__rate_interval or {started} > time() - 3600)\n"
        f"  or increase({counted}[$__rate_interval])\n)"
    )


def equals(label: str, value: str) -> str:
    """A matcher."""
    return f'{label}="{value}"'


def in_milliseconds(timestamp: str) -> str:
    """A timestamp in the unit Grafana draws dates from."""
    return f"1000 * {timestamp}"
