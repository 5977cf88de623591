"""The state of one simulated customer, collected from its parts: read by every API, changed by `sync` and `org`."""

from collections import Counter
from dataclasses import dataclass

from exporter.demo.simulator.clock import Clock
from exporter.demo.simulator.faults import FaultBook
from exporter.demo.simulator.settings import Settings
from exporter.demo.simulator.state.access import Access
from exporter.demo.simulator.state.call_window import CallWindow
from exporter.demo.simulator.state.daily_calls import DailyCalls
from exporter.demo.simulator.state.monitoring import Monitoring
from exporter.demo.simulator.state.outbox import Outbox
from exporter.demo.simulator.state.rate_limit import RateLimit
from exporter.demo.simulator.state.records import RecordBook
from exporter.demo.simulator.state.request_log import RequestLog
from exporter.demo.simulator.state.sessions import Sessions
from exporter.demo.simulator.state.sync_errors import ErrorList, SyncError

ACCOUNT_RESOURCES = ("details", "api-usage")  # what HubSpot tells of an account
BRIDGE_PARTS = ("api_calls", "suspension", "errors")  # what a bridge may leave out


@dataclass(frozen=True, slots=True)
class Suspension:
    """Why HubSpot stopped the integration, and since when."""

    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class Storage:
    """Megabytes used and allowed; None is what Salesforce does not tell."""

    used_mb: int | None
    max_mb: int | None


class OrgState:
    """What is true of a customer at the moment."""

    def __init__(self, name: str, clock: Clock, settings: Settings | None = None, instance: str = "SIM1") -> None:
        self.name = name
        self.clock = clock
        self.settings = settings = settings or Settings()
        self.instance = instance
        # Far from those that HubSpot has given out.
        self.portal_id = 2_000_000_000 + int(instance.removeprefix("SIM"))
        self.integration_user = f"hubspot@{name}.example"
        self.monitoring_user = f"monitoring@{name}.example"
        self.calls = CallWindow(clock, settings.window_seconds)
        self.daily_limit = settings.daily_limit
        self.allocation = settings.allocation
        self.overage_allowed = settings.overage_allowed
        self.records_per_second = settings.records_per_second
        self.sessions = Sessions(clock, settings.token_seconds)
        self.searches = RateLimit(clock, settings.searches_per_second)
        self.hubspot_calls = RateLimit(clock, settings.calls_per_ten_seconds, 10.0)
        self.hubspot_day = DailyCalls(clock, settings.hubspot_calls_per_day, settings.usage_cached)
        self.access: Access = Access(clock)
        self.monitoring = Monitoring()
        self.clock_ahead = 0.0  # seconds by which Salesforce's and HubSpot's clocks are before everybody's here
        self.storage: dict[str, Storage] = {"data": Storage(100, 1_024), "file": Storage(50, 1_024)}
        self.records = RecordBook(settings.records, clock())
        self.errors = ErrorList()
        self.resynced: list[SyncError] = []
        self.causes: set[str] = set()
        self.suspension: Suspension | None = None
        self.notify = settings.notify
        self.outbox = Outbox(clock())
        self.faults = FaultBook()
        self.spoiled_log_file: str | None = None  # what is wrong with the newest event log file
        self.trust: str | None = "OK"
        self.silent = self.silent_to_salesforce = self.silent_to_hubspot = False  # both directions, or one alone
        self.hidden: frozenset[str] = frozenset()  # objects and columns (`UserLogin`, `Organization.IsSandbox`)
        self.omitted_parts: frozenset[str] = frozenset()
        self.refused_writes: frozenset[str] = frozenset()
        self.batch_spoilers: frozenset[str] = frozenset()  # records because of which a whole batch is refused
        self.locked_writes: Counter[str] = Counter()  # how often the next writes of a record meet a lock
        self.read_only_properties: frozenset[str] = frozenset()
        self.objects_out_of_scope: frozenset[str] = frozenset()
        self.tells_daily_calls = True  # in headers, as to private apps and service keys
        self.account_out_of_scope: frozenset[str] = frozenset()  # resources of the account (`details`, `api-usage`)
        self.locked_objects: frozenset[str] = frozenset()
        self.absent_properties: frozenset[str] = frozenset()
        self.property_types: dict[str, str] = {}  # of properties that somebody made with another type
        self.missing_scopes: frozenset[str] = frozenset()  # of the HubSpot token
        self.unmapped: frozenset[str] = frozenset()  # properties whose mapping was taken away
        self.requests: Counter[str] = Counter()
        self.resyncs = RequestLog()
        self.touches = RequestLog()
        self.last_tick = clock()
        self.changes_owed = 0.0  # everyday changes that are due: the part of one that the last tick left

    def cause_holds(self, cause: str) -> bool:
        """Is what made an error still there? Permissions are looked up, other causes are remembered."""
        if cause.startswith(("field:", "object:")):
            return self.access.holds(cause)
        return cause in self.causes
