"""Every metric of the exporter stands on a dashboard, or it is said why not."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.counters import COUNTED
from exporter.exposition.families import FAMILIES
from exporter.exposition.families.entry import HISTOGRAM
from exporter.self_metrics import PREFIX, SelfMetrics
from tests.dashboards.boards import NAMES, queries
from tests.dashboards.promql import bare_names, selectors
from tests.dashboards.recordings import rules

NOT_SHOWN: Mapping[str, str] = {
    "hubspot_salesforce_http_requests_refused_total": "the log says who was, and a webhook that was is an alert",
    "hubspot_salesforce_mailbox_messages_total": "what counts of it is an alert, and the pages list the e-mails",
    "hubspot_salesforce_store_up": "a store that fails is an alert, and the status page says why it does",
    "process_virtual_memory_bytes": "address space says nothing about need: resident memory is shown",
}


def exported() -> set[str]:
    """Every metric by the name of one of its series."""
    buckets = {family for family, kind in FAMILIES.kinds.items() if kind == HISTOGRAM}
    names = {PREFIX + family + ("_bucket" if family in buckets else "") for family in FAMILIES.help}
    names |= {PREFIX + family for family in COUNTED}
    for family in SelfMetrics().registry.collect():
        names.add(family.name + {"counter": "_total", "histogram": "_bucket"}.get(family.type, ""))
    return names


def shown() -> set[str]:
    """Every name that a query of a dashboard selects."""
    exprs = [query.expr for name in NAMES for query in queries(name)]
    return {found.name for expr in exprs for found in selectors(expr)} | {name for e in exprs for name in bare_names(e)}


def test_every_metric_is_shown_or_it_is_said_why_not() -> None:
    """Nothing the exporter exports is forgotten, and nothing is excused that is shown."""
    assert exported() - shown() == NOT_SHOWN.keys()


def test_every_name_exists() -> None:
    """No query selects what neither the exporter, nor a rule, nor Prometheus itself makes."""
    recorded = {rule.name for rule in rules() if not rule.alert}
    of_prometheus = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS"}
    assert shown() <= exported() | recorded | of_prometheus
