"""What one simulated org is made of, fixed when it is built. What changes later stands in `state`."""

from dataclasses import dataclass

SECONDS_PER_DAY = 86_400.0
NOTIFY = ("immediate", "daily", "weekly", "off")

# Properties whose change HubSpot passes on to Salesforce. The last ones were made for touching a
# record, and for a canary.
MAPPED_PROPERTIES = frozenset(
    {
        *("firstname", "lastname", "email", "phone"),
        *("name", "domain", "industry"),
        *("dealname", "dealstage", "amount", "closedate"),
        "salesforce_resync_requested_at",
        *("salesforce_canary", "salesforce_canary_back"),
    }
)
# They exist too, but changing one moves only the record's modification date.
UNMAPPED_PROPERTIES = frozenset({"hs_lead_status", "lifecyclestage", "notes"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Credentials, sizes and speeds of a simulated org. The credentials are public: nothing real is behind them."""

    client_id: str = "simulated-client"
    client_secret: str = "simulated-secret"  # noqa: S105
    hubspot_token: str = "simulated-hubspot-token"  # noqa: S105
    bridge_token: str = "simulated-bridge-token"  # noqa: S105
    mailbox_password: str = "simulated-mailbox-password"  # noqa: S105
    mailbox_token: str = "simulated-mailbox-token"  # noqa: S105
    token_seconds: float = 7_200.0
    permission_set: str = "HubSpot Integration"
    connected_app: str = "HubSpot"  # HubSpot's calls in the window
    monitoring_app: str = "monitoring"  # the exporter's calls in the window
    window_seconds: float = SECONDS_PER_DAY
    daily_limit: int = 100_000
    allocation: int | None = 60_000
    overage_allowed: bool = False
    records: int = 200
    records_per_second: float = 0.2
    latency: float = 0.0  # seconds an answer takes, half of them before anything happens
    suspend_after: int = 25  # errors of one missing permission until HubSpot suspends
    searches_per_second: int = 5
    calls_per_ten_seconds: int = 190  # HubSpot's other calls
    hubspot_calls_per_day: int = 650_000  # of all the account's apps
    usage_cached: float = 60.0  # seconds for which HubSpot says the same of them
    search_lag: float = 0.0  # seconds until a search sees a change; HubSpot's takes 10 to 60
    sync_written_late: float = 0.0  # seconds until the time of a sync stands on the record; HubSpot's takes 2 to 13
    event_log_interval: str = "Hourly"  # or Daily
    event_log_lag: float = 0.0  # seconds; real hourly files lag 3 to 6 hours
    event_log_sequences: int = 1  # hourly files an hour, each with a part of its calls
    event_log_nameless: float = 0.0  # share of the calls, of every app, that name no app; in real orgs up to 0.9
    event_log_without: frozenset[str] = frozenset()  # columns EventLogFile does not have; without Interval: daily files
    event_logs: bool = True  # without them EventLogFile is no object of the org
    notify: str = "immediate"  # e-mails about new sync errors: one of NOTIFY. Those about a suspension are always sent
    mapped_properties: frozenset[str] = MAPPED_PROPERTIES
    unmapped_properties: frozenset[str] = UNMAPPED_PROPERTIES
