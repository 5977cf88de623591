"""How an integration is, in one number and one word; the boards that name it say it with the same queries."""

from __future__ import annotations

from dashboards.builder.palette import Words
from dashboards.builder.queries import ALL_CHOSEN, NOTHING, OF_ALERT, fact
from exporter.catalog.catalog import CATALOG

STATE = (
    f"4 * ({fact('suspended')} == 1)\n"
    f"or 3 * ({fact('suspension_condition')} == 1)\n"
    f"or 2 + (min by (integration) ({fact('source_up', 'source')}) == 0)\n"
    f"or (max by (integration) (ALERTS{{{OF_ALERT}}}) and {fact('integration_info')})\n"
    f"or 0 * {fact('integration_info')}"
)
"""The worst that is so: 4 HubSpot reports a suspension, 3 the exporter sees the cause of one, 2 a source cannot be read
on any replica, 1 an alert fires, 0 none of these."""

REASON = (
    "topk by (integration) (1,\n"
    f"  2 * ({fact('suspension_reason', 'reason')} == 1)\n"
    f"  or ({fact('suspension_condition', 'reason')} == 1)\n"
    ")"
)
"""The reason for it: what HubSpot reports, else one the exporter sees."""

RANK = (
    f"1e6 * (\n{STATE}\n)\n+ on (integration) (sum by (integration) ({fact('sync_errors', 'category', 'error_type')})"
    f" or 0 * {fact('integration_info')})"
)
"""What orders integrations worst first: the state, then the number of errors."""

REASON_OR_NONE = (
    f'{REASON}\nor on (integration)\nlabel_replace(0 * {fact("integration_info")}, "reason", "{NOTHING}", "reason", "")'
)
"""The same with a row for every integration: a column that no row fills is no column in Grafana."""

ALERTS = (
    "label_replace(\n  label_replace(\n"
    f"    max by (alertname, integration, severity, category) (ALERTS{{{OF_ALERT}}}),\n"
    f'    "integration", "{ALL_CHOSEN}", "integration", ""\n  ),\n'
    f'  "category", "{NOTHING}", "category", ""\n)'
)
"""Firing alerts. One of the exporter itself is of all integrations, and its link leads to all of them."""

REASON_TITLES: Words = {reason.name: (reason.title, "") for reason in CATALOG.suspension_reasons}
FACT_TITLES: Words = {
    "suspension": ("Suspension", ""),
    "errors": ("Sync errors", ""),
    "calls_used": ("API calls of the integration", ""),
    "calls_allocated": ("API calls allocated to it", ""),
    "org_calls_used": ("API calls of the whole org", ""),
    "org_calls_limit": ("API calls allowed by Salesforce", ""),
}
CATEGORY_TITLES: Words = {category.name: (category.title, "") for category in CATALOG.categories}
ERROR_TITLES: Words = {
    **{error.name: (error.title, "") for error in CATALOG.error_types.values()},
    "unknown": (CATALOG.unknown.title, ""),
}
RESOLUTIONS: Words = {
    **{error.name: (error.resolution, "") for error in CATALOG.error_types.values()},
    "unknown": (CATALOG.unknown.resolution, ""),
}
