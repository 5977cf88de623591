"""Exporter: whether it sees what it should see, and what watching costs."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import TextBoxVariable

from dashboards.builder.board import Board, Section
from dashboards.builder.palette import ANY_IS_NOTABLE, SHARE_OF_CAP, Words
from dashboards.builder.panels import (
    Head,
    Override,
    Values,
    bar_panel,
    line_panel,
    stack_panel,
    stat_panel,
    state_panel,
)
from dashboards.builder.queries import OF_JOB, PREFIX, Query, equals, fact, first_or_increase, in_milliseconds, increase
from dashboards.builder.tables import Column, table_panel

READS: Words = {"0": ("✖ fails", "red"), "1": ("✔ read", "green")}
LOADED: Words = {"0": ("✖ refused, the old one stays", "red"), "1": ("✔ applied", "green")}
UP: Words = {"0": ("✖ down", "red"), "1": ("✔ up", "green")}

DEFAULT_CAP = 500
"""Of `max_api_calls_per_day`; there is no metric of it, so the dashboard has a variable."""

DURATIONS = f"sum by (le, source) (rate({PREFIX}source_poll_duration_seconds_bucket{{{OF_JOB}}}[$__rate_interval]))"
DAY_COST = increase("upstream_requests_total", "integration", where=equals("api", "salesforce"), window="24h")

BUILDS = f"{PREFIX}exporter_build_info{{{OF_JOB}}}"

REPLICAS = Section(
    100,
    "Replicas",
    [
        state_panel(
            Head(101, "Replicas up", "Whether Prometheus could scrape each replica.", 8, 6),
            Values("none", "Prometheus has no such job: look at Job, and at the scrape configuration", words=UP),
            Query(f"max by (instance) (up{{{OF_JOB}}})", "{{instance}}"),
        ),
        stat_panel(
            Head(102, "Versions", "How many replicas run which version.", 4, 6),
            Values("none", "no exporter scraped"),
            Query(f"count by (version) (max by (instance, version) ({BUILDS}))", "{{version}}"),
            names=True,
        ),
        stat_panel(
            Head(103, "Configuration", "Whether the last reload was applied.", 6, 6),
            Values("none", "no exporter scraped", words=LOADED),
            Query(
                f"min by (instance) ({PREFIX}config_last_reload_successful{{{OF_JOB}}})", "{{instance}}", instant=True
            ),
        ),
        stat_panel(
            Head(104, "Running since", "When the process of each replica started.", 6, 6),
            Values("dateTimeFromNow", "no exporter scraped"),
            Query(
                in_milliseconds(f"max by (instance) (process_start_time_seconds{{{OF_JOB}}})"),
                "{{instance}}",
            ),
        ),
    ],
)

SOURCES = Section(
    200,
    "Sources",
    [
        table_panel(
            Head(
                201,
                "Sources",
                "Whether the last read worked, how old is what you see, and how many parts (queries, objects, files) "
                "the last read lacked. When a source fails its last values stay for three of its intervals.",
                10,
                10,
            ),
            "No source has been read yet",
            [
                Column("integration", "Integration", width=95),
                Column("source", "Source", least=150),
                Column("Value #A", "Last read", words=READS, shown_as="color-text", width=80),
                Column("Value #B", "Age", "s", width=72, decimals=0),
                Column("Value #C", "Parts missing", steps=ANY_IS_NOTABLE, shown_as="color-text", width=106),
            ],
            Query(fact("source_up", "source"), table=True),
            Query(f"time() - {fact('source_last_success_timestamp_seconds', 'source')}", table=True),
            Query(f"count by (integration, source) ({fact('source_part_up', 'source', 'part')} == 0)", table=True),
            sort=["-Last read", "-Integration"],
        ),
        (
            state_panel(
                Head(202, "Worst source of each integration", "Failing as soon as one source cannot be read.", 14, 4),
                Values("none", "No source has been read yet", words=READS),
                Query(f"min by (integration) ({fact('source_up', 'source')})", "{{integration}}"),
            ),
            stack_panel(
                Head(
                    203, "Failed reads by kind", "auth, rate_limit, timeout, connect, server, invalid, budget.", 14, 6
                ),
                Values("none", "no failed read is known", decimals=0),
                Query(f"{first_or_increase('source_errors_total', 'source', 'kind')} > 0", "{{source}} {{kind}}"),
            ),
        ),
        line_panel(
            Head(204, "Duration of polls, 95th percentile", "Retries included.", 12, 8),
            Values("s", "no source has been read", least=0),
            Query(f"histogram_quantile(0.95, {DURATIONS})", "{{source}}"),
        ),
        line_panel(
            Head(
                205,
                "Age of what you see",
                "Of the integration where it is oldest: now less the time the answer is of.",
                12,
                8,
            ),
            Values("s", "no source has been read", least=0),
            Query(
                f"max by (source) (time() - {fact('source_last_success_timestamp_seconds', 'source')})", "{{source}}"
            ),
        ),
    ],
)

COST = Section(
    300,
    "What watching costs",
    [
        bar_panel(
            Head(
                301,
                "Salesforce calls of 24 hours, share of the cap",
                "The exporter's own calls, monitoring and logins. The cap is a setting, max_api_calls_per_day (500 "
                "unless changed), which is no metric: give yours as the variable Cap. At 80 % the usage log gives way, "
                "at 90 % the access check, at 100 % all of it.",
                8,
                8,
            ),
            Values("percentunit", "nothing asked, as far as is known", SHARE_OF_CAP, decimals=0, least=0, most=1),
            Query(f"{DAY_COST}\n/ $cap", "{{integration}}"),
        ),
        line_panel(
            Head(302, "Salesforce calls of 24 hours", "Against the cap of one integration.", 8, 8),
            Values("locale", "nothing asked, as far as is known", least=0, decimals=0),
            Query(DAY_COST, "{{integration}}"),
            Query(f"max({fact('integration_info')}) * $cap", "cap"),
            overrides=[
                Override(
                    "cap",
                    {
                        "custom.lineStyle": {"fill": "dash", "dash": [10, 6]},
                        "custom.fillOpacity": 0,
                        "color": {"mode": "fixed", "fixedColor": "red"},
                    },
                )
            ],
        ),
        stack_panel(
            Head(303, "Requests by API", "Requests to outside APIs, logins and retries included.", 8, 8),
            Values("locale", "nothing asked, as far as is known", decimals=0),
            Query(increase("upstream_requests_total", "api"), "{{api}}"),
        ),
    ],
)

PROCESS = Section(
    400,
    "Scrape and process",
    [
        line_panel(
            Head(401, "Scrape time", "How long Prometheus waited for /metrics.", 8, 8),
            Values("s", "Prometheus has no such job", least=0),
            Query(f"max by (instance) (scrape_duration_seconds{{{OF_JOB}}})", "{{instance}}"),
        ),
        line_panel(
            Head(402, "Scrape size", "Samples a scrape brought.", 8, 8),
            Values("locale", "Prometheus has no such job", least=0),
            Query(f"max by (instance) (scrape_samples_scraped{{{OF_JOB}}})", "{{instance}}"),
        ),
        line_panel(
            Head(403, "Memory", "Resident memory of the process.", 8, 8),
            Values("bytes", "no exporter scraped", least=0),
            Query(f"max by (instance) (process_resident_memory_bytes{{{OF_JOB}}})", "{{instance}}"),
        ),
        line_panel(
            Head(404, "CPU", "Share of one core.", 12, 7),
            Values("percentunit", "no exporter scraped", least=0),
            Query(f"sum by (instance) (rate(process_cpu_seconds_total{{{OF_JOB}}}[$__rate_interval]))", "{{instance}}"),
        ),
        line_panel(
            Head(405, "Open files, share of the limit", "At 100 % no connection can be opened.", 12, 7),
            Values("percentunit", "no exporter scraped", least=0),
            Query(f"max by (instance) (process_open_fds{{{OF_JOB}}} / process_max_fds{{{OF_JOB}}})", "{{instance}}"),
        ),
    ],
)

EXPORTER = Board(
    "Exporter",
    "Whether the exporter sees what it should see, and what watching costs.",
    [REPLICAS, SOURCES, COST, PROCESS],
    [
        TextBoxVariable("cap")
        .label("Cap")
        .description("max_api_calls_per_day of the configuration")
        .default_value(str(DEFAULT_CAP))
    ],
)
