"""Remediation: what was resynced and cured, what was refused and why, and what it cost."""

from __future__ import annotations

from dashboards.builder.board import Board, Section
from dashboards.builder.palette import ANY_IS_BAD, ANY_IS_NOTABLE, GREEN, ORANGE, PLAIN, RED, SHARE_OF_DAY, Steps
from dashboards.builder.panels import Head, Override, Panel, Values, line_panel, stack_panel, stat_panel
from dashboards.builder.queries import Query, equals, fact, first_or_increase, increase
from dashboards.builder.resync_cost import COST, NOT_TOLD, SPENT

QUEUE_AGE: Steps = ((None, GREEN), (7_200, RED))
"""Beyond two hours the backlog alert fires."""

AGE = f"time() - min by (integration) ({fact('resync_oldest_queued_timestamp_seconds')})"
NEVER = "no resync is known: no alert has asked for one since the exporter started, or it is not scraped"
WAITING = f"sum({fact('resync_jobs_needing_approval')})"


def _jobs(state: str) -> str:
    return f"sum({fact('resync_jobs', where=equals('state', state))})"


def _proved(number: int, title: str, description: str, outcome: str, steps: Steps) -> Panel:
    """How many records of a day were found so after their resync."""
    found = increase("resync_verified_records_total", "integration", where=equals("outcome", outcome), window="24h")
    return stat_panel(
        Head(number, title, description, 4, 4),
        Values("locale", "none known", steps),
        Query(f"sum({found})", "records"),
    )


def _colored(pattern: str, color: str) -> Override:
    return Override(pattern, {"color": {"mode": "fixed", "fixedColor": color}}, pattern=True)


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
            Head(
                107,
                "Waiting for approval",
                "Queued jobs larger than max_records, which wait for somebody: resync --approve JOB, or cancel it.",
                4,
                4,
            ),
            Values("none", "no job known", ANY_IS_NOTABLE),
            Query(WAITING, "wait for approval"),
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
            Head(104, "Failed", "Jobs the store still keeps that failed, or partly failed.", 4, 4),
            Values("none", "no job known", ANY_IS_BAD),
            Query(_jobs("failed"), "failed"),
        ),
        stat_panel(
            Head(
                105,
                "Oldest queued job",
                "For how long it has waited, jobs for approval left out. The backlog alert fires at two hours.",
                4,
                4,
            ),
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
        _proved(
            108,
            "Cured, 24 h",
            "Records of the last 24 hours whose error was gone, or that had synced, when they were looked at again.",
            "cured",
            PLAIN,
        ),
        _proved(109, "Came back, 24 h", "Records whose error went and was there again.", "came_back", ANY_IS_NOTABLE),
        _proved(
            110, "Unchanged, 24 h", "Records whose resync was accepted and did nothing.", "unchanged", ANY_IS_NOTABLE
        ),
        stat_panel(
            Head(
                111,
                "HubSpot's own calls, share of the day",
                "Calls of HubSpot's API since the account's midnight, by all its apps. Above 90 % resyncs wait.",
                8,
                4,
            ),
            Values("percentunit", NOT_TOLD, SHARE_OF_DAY, decimals=0, least=0),
            Query(f"{fact('hubspot_api_calls_used')}\n/\n{fact('hubspot_api_calls_limit')}", "{{integration}}"),
            names=True,
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
                "Jobs in the store. Queued ones wait for the integration to be allowed to act, or for approval. Partly "
                "failed ones count as failed.",
                12,
                8,
            ),
            Values("none", NEVER, least=0, decimals=0),
            Query(f"sum by (state) ({fact('resync_jobs', 'state')})", "{{state}}"),
            Query(WAITING, "queued for approval"),
        ),
        line_panel(
            Head(
                204,
                "Age of the queue",
                "For how long the oldest queued job of each integration has waited, jobs for approval left out.",
                12,
                8,
            ),
            Values("s", "no job is known to have waited", QUEUE_AGE, least=0),
            Query(AGE, "{{integration}}"),
            thresholds_drawn=True,
        ),
        stack_panel(
            Head(202, "Records by outcome", "Records a resync was asked for, by how it was answered.", 12, 8),
            Values("locale", NEVER, decimals=0),
            Query(increase("resync_records_total", "action", "outcome"), "{{action}} {{outcome}}"),
            overrides=[_colored(".* succeeded", GREEN), _colored(".* failed", RED)],
        ),
        stack_panel(
            Head(
                205,
                "Cured, came back, unchanged",
                "Accepted is not cured: the same records, looked at again minutes later. Cured: the error is gone, or "
                "the record has synced. Came back: it went and is there again. Unchanged: it never went. Record by "
                "record at /api/v1/resyncs/{id}.",
                12,
                8,
            ),
            Values("locale", NEVER, decimals=0),
            Query(increase("resync_verified_records_total", "action", "outcome"), "{{action}} {{outcome}}"),
            overrides=[_colored(".* cured", GREEN), _colored(".* came_back", ORANGE), _colored(".* unchanged", RED)],
        ),
        stack_panel(
            Head(
                203,
                "Refusals by reason",
                "Remediations that were not done, or not yet: suspended, api_budget, cooldown, waiting_for_cause, "
                "needs_approval (larger than max_records), circuit_open (stopped, as it cured nothing) and the rest; "
                "each is listed at /api/v1/resyncs.",
                24,
                8,
            ),
            Values("none", "no refusal is known", decimals=0),
            Query(f"{first_or_increase('resync_refusals_total', 'reason')} > 0", "{{reason}}"),
        ),
    ],
)

REMEDIATION = Board(
    "Remediation",
    "What the exporter resynced and cured, what it refused and why, how long jobs wait, what resyncing costs.",
    [NOW, COURSE, COST],
)
