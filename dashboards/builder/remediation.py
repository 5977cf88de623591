"""Remediation: what was resynced, what was refused and why, and what it cost."""

from __future__ import annotations

from dashboards.builder.board import Board, Section
from dashboards.builder.palette import ANY_IS_BAD, GREEN, PLAIN, RED, Steps
from dashboards.builder.panels import Head, Override, Values, line_panel, stack_panel, stat_panel
from dashboards.builder.queries import OF_JOB, PREFIX, Query, equals, fact, increase

QUEUE_AGE: Steps = ((None, GREEN), (7_200, RED))
"""Beyond two hours the backlog alert fires."""

AGE = f"time() - min by (integration) ({fact('resync_oldest_queued_timestamp_seconds')})"
SPENT = increase("resync_records_total", "integration", where=equals("outcome", "succeeded"), window="24h")
NEVER = "no resync is known: no alert has asked for one since the exporter started, or it is not scraped"


def _jobs(state: str) -> str:
    return f"sum({fact('resync_jobs', where=equals('state', state))})"


NOW = Section(
    100,
    "Now",
    [
        stat_panel(
            Head(101, "Queued", "Jobs that wait their turn, or until they may run.", 4, 4),
            Values("none", "no job known", PLAIN),
            Query(_jobs("queued"), "queued"),
        ),
        stat_panel(
            Head(102, "Running", "Jobs under way.", 4, 4),
            Values("none", "no job known", PLAIN),
            Query(_jobs("running"), "running"),
        ),
        stat_panel(
            Head(103, "Done", "Finished jobs the store still keeps.", 4, 4),
            Values("none", "no job known", PLAIN),
            Query(_jobs("done"), "done"),
        ),
        stat_panel(
            Head(104, "Failed", "Failed jobs the store still keeps.", 4, 4),
            Values("none", "no job known", ANY_IS_BAD),
            Query(_jobs("failed"), "failed"),
        ),
        stat_panel(
            Head(105, "Oldest queued job", "For how long it has waited. The backlog alert fires at two hours.", 4, 4),
            Values("s", "none known to wait", QUEUE_AGE),
            Query(f"max({AGE})", "waits"),
        ),
        stat_panel(
            Head(106, "Records resynced, 24 h", "Records whose resync was accepted in the last 24 hours.", 4, 4),
            Values("locale", "none known", PLAIN),
            Query(
                f"sum({SPENT})",
                "records",
            ),
        ),
    ],
)

COURSE = Section(
    200,
    "Jobs and records",
    [
        line_panel(
            Head(
                201,
                "Jobs by state",
                "Jobs in the store. Queued ones wait for the integration to be allowed to act.",
                12,
                8,
            ),
            Values("none", NEVER, least=0, decimals=0),
            Query(f"sum by (state) ({fact('resync_jobs', 'state')})", "{{state}}"),
        ),
        stack_panel(
            Head(202, "Records by outcome", "Records a resync was asked for, by how it was answered.", 12, 8),
            Values("locale", NEVER, decimals=0),
            Query(increase("resync_records_total", "action", "outcome"), "{{action}} {{outcome}}"),
            overrides=[
                Override(".* succeeded", {"color": {"mode": "fixed", "fixedColor": GREEN}}, pattern=True),
                Override(".* failed", {"color": {"mode": "fixed", "fixedColor": RED}}, pattern=True),
            ],
        ),
        stack_panel(
            Head(
                203,
                "Refusals by reason",
                "Remediations that were not done: suspended, api_budget, cooldown and the rest; each is listed at "
                "/api/v1/resyncs.",
                12,
                8,
            ),
            Values("none", "no refusal is known", decimals=0),
            Query(f"{increase('resync_refusals_total', 'reason')} > 0", "{{reason}}"),
        ),
        line_panel(
            Head(204, "Age of the queue", "For how long the oldest queued job of each integration has waited.", 12, 8),
            Values("s", "no job is known to have waited", QUEUE_AGE, least=0),
            Query(AGE, "{{integration}}"),
            thresholds_drawn=True,
        ),
    ],
)

COST = Section(
    300,
    "Cost and notifications",
    [
        line_panel(
            Head(
                301,
                "API cost of resyncs, share of the allocation",
                "A resynced record costs HubSpot about one Salesforce call: the records of the last 24 hours, as a "
                "share of what is allocated to HubSpot.",
                8,
                8,
            ),
            Values("percentunit", "no allocation is known, or nothing was resynced", least=0),
            Query(f"{SPENT}\n/\n{fact('integration_api_calls_allocated')}", "{{integration}}"),
        ),
        stack_panel(
            Head(
                302, "Requests to the bridge", "Polls of Sync Health, lists of errors, resyncs; retries included.", 8, 8
            ),
            Values("locale", "no bridge is configured", decimals=0),
            Query(increase("upstream_requests_total", "integration", where=equals("api", "bridge")), "{{integration}}"),
        ),
        stack_panel(
            Head(
                303,
                "Notifications by result",
                "Alertmanager's posts by how they were answered. Invalid and unauthorized ones are lost: Alertmanager "
                "repeats after 5xx only.",
                8,
                8,
            ),
            Values("none", "the exporter is not scraped", decimals=0),
            Query(
                f"sum by (result) (increase({PREFIX}webhook_notifications_total{{{OF_JOB}}}[$__rate_interval]))",
                "{{result}}",
            ),
        ),
    ],
)

REMEDIATION = Board(
    "Remediation",
    "What the exporter resynced, what it refused and why, how long jobs wait, what resyncing costs.",
    [NOW, COURSE, COST],
)
