"""Frozen value objects: what sources say of one integration at one time, part by part, and why they could not.

Times are seconds since the Unix epoch, counts are calls or records, sizes are bytes. ``None`` means unknown and
becomes an absent sample; a known zero is 0.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrgUsage:
    """Salesforce API calls of the whole org in the rolling 24 hours; ``used`` may exceed ``limit`` on paid orgs."""

    used: int
    limit: int
    observed_at: float


@dataclass(frozen=True, slots=True)
class Storage:
    """Storage of the org; ``kind`` is ``data`` or ``file``."""

    kind: str
    used_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class OrgLimits:
    """What Salesforce's ``/limits`` resource said."""

    usage: OrgUsage
    storage: tuple[Storage, ...]


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Current sync errors of one (category, error type) and the records they keep from syncing."""

    category: str
    error_type: str
    errors: int | None
    affected_records: int | None


@dataclass(frozen=True, slots=True)
class SyncError:
    """One current sync error; ``id`` is what its resync is asked for by, ``record`` names the HubSpot or Salesforce
    record it belongs to."""

    id: str
    category: str
    error_type: str | None
    record: str
    object_type: str | None = None
    hubspot_id: str | None = None
    salesforce_id: str | None = None
    affected_records: int | None = None
    last_seen: str | None = None
    details: str | None = None

    @property
    def called(self) -> str:
        """What people know its record by: an id of the record or else its name, never the id of the error."""
        kind = self.object_type or "record"
        told = self.hubspot_id or self.salesforce_id or self.record.removeprefix(f"{kind}/")
        return f"{kind} without a name" if told == self.id else f"{kind} {told}"


@dataclass(frozen=True, slots=True)
class WaitingRecord(SyncError):
    """A record that no error tells of, taken as if one did; it waits since ``changed_at``."""

    changed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Suspension:
    """What HubSpot reports: ``reason`` is a catalogue name, ``None`` when it is not known or not suspended."""

    suspended: bool
    reason: str | None
    since: float | None


@dataclass(frozen=True, slots=True)
class LastSuspension:
    """Since when the newest suspension lasts, and when it ended; ``None`` as long as nobody says that it has."""

    since: float
    ended_at: float | None = None

    def ended(self, at: float) -> LastSuspension:
        """The first that says so counts."""
        return self if self.ended_at is not None else LastSuspension(self.since, at)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was seen that ends a suspension: records that synced from ``first`` until ``at``, told in ``detail``."""

    first: float
    at: float
    detail: str


@dataclass(frozen=True, slots=True)
class Exported:
    """Errors of a category were exported at ``as_of``; ``name`` is that of the file, or of what brought it."""

    category: str
    as_of: float
    name: str


@dataclass(frozen=True, slots=True)
class SyncHealth:
    """What HubSpot's Sync Health page showed at ``as_of``. The errors of the categories that are ``exported`` are of
    other times. ``error_categories``: nothing is known of the errors of others; ``None`` if all are known."""

    as_of: float
    api_calls_used: int | None
    api_calls_allocated: int | None
    limited_by_salesforce: int | None
    suspension: Suspension | None
    errors: tuple[ErrorCount, ...] | None
    exported: tuple[Exported, ...] = ()
    error_categories: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """Read and edit on an object, or on one of its fields; ``None`` where Salesforce does not say."""

    object: str
    field: str | None
    read: bool | None
    edit: bool | None


@dataclass(frozen=True, slots=True)
class Access:
    """What the integration user may do, and where the org lives; ``None`` is what could not be read.

    ``user_frozen``: or locked out. ``permission_set_assigned`` is ``None`` also where the org has no such set;
    ``assignment_ends`` is when the first assignment ends that the user cannot do without, ``None`` if none does.
    """

    user_active: bool | None
    user_frozen: bool | None
    api_enabled: bool | None
    permission_set_assigned: bool | None
    assignment_ends: float | None
    permissions: tuple[Permission, ...]
    instance: str | None
    sandbox: bool | None


@dataclass(frozen=True, slots=True)
class TrustStatus:
    """What status.salesforce.com says of the org's instance: one of the statuses it documents, or ``None`` and the
    ``words`` it has instead; both ``None`` if it says nothing."""

    instance: str
    status: str | None
    words: str | None = None


LOG_HOLDS = 72 * 3600.0
"""Seconds. Salesforce's log files come hours late, daily ones a day and now and then three."""


@dataclass(frozen=True, slots=True)
class UsageLog:
    """API calls in the 24 hours before ``as_of``, the end of what the event log covers and could be read of.

    ``calls`` are the integration's, ``None`` as long as the log has never told of any; so many more, of no app that is
    known, are ``uncertain``: they may be its own. So may be ``misnamed`` ones, its user's under other names than those
    configured, as long as none of those is told of, and about ``unread`` calls in files that could not be read, 0 also
    where nobody can say how many. Not ``complete``: so much could not be read that ``calls`` are no count.
    ``by_app`` are all the org's calls by app: the largest, then ``other`` and ``unnamed``; nothing while not complete.
    """

    calls: int | None
    as_of: float
    complete: bool = True
    uncertain: int = 0
    by_app: tuple[tuple[str, int], ...] = ()
    unread: int = 0
    misnamed: int = 0

    def is_over(self, now: float) -> bool:
        """Whether what it tells of is too long past to pass for the last 24 hours: the log has stopped."""
        return now - self.as_of > LOG_HOLDS


@dataclass(frozen=True, slots=True)
class ObjectHeartbeat:
    """Newest sync and newest change of linked records of one HubSpot object; ``waiting_since`` is the oldest change
    known to have been followed by no sync, ``None`` if there is none.

    ``waiting`` holds the changes that no sync of any object has followed, one a record, as far as they are known;
    ``left_behind`` those that no sync of their own record is known to have followed, of the last hours;
    ``syncs`` when records were synced, one a record: the newest, and some of the hours before.
    ``read_at`` is set where the newest poll could not read the object: then all this was so at that time.
    """

    object: str
    last_sync: float | None
    last_change: float | None
    waiting_since: float | None
    waiting: tuple[float, ...] = ()
    read_at: float | None = None
    left_behind: tuple[float, ...] = ()
    syncs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The signs of life HubSpot shows on its records."""

    objects: tuple[ObjectHeartbeat, ...]


@dataclass(frozen=True, slots=True)
class UnsyncedObject:
    """Records of one HubSpot object that have not reached Salesforce: ``stale`` ones changed since their last sync,
    the others were ``never_synced``."""

    object: str
    stale: int | None
    never_synced: int | None


@dataclass(frozen=True, slots=True)
class Unsynced:
    """What was found by searching HubSpot for them: an upper bound, as not every change is one that syncs."""

    objects: tuple[UnsyncedObject, ...]


@dataclass(frozen=True, slots=True)
class LastWrite:
    """The newest write of the integration user to one Salesforce object, ``None`` if none is known; ``read_at`` is when
    that was asked for last and answered. ``is_missing``: the newest try was refused."""

    object: str
    at: float | None
    read_at: float | None = None
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class LastWrites:
    """What HubSpot's user has written to Salesforce: the direction HubSpot → Salesforce, seen from its far end."""

    objects: tuple[LastWrite, ...]


@dataclass(frozen=True, slots=True)
class HubSpotAccount:
    """The HubSpot account: its id, the host of its pages, and the API calls of its day, which ends at ``resets_at``
    (midnight of its time zone; ``None`` where that is not told). Its apps share the limit, and use it together."""

    portal_id: int | None
    ui_domain: str | None
    calls_used: int | None
    calls_limit: int | None
    resets_at: float | None = None

    def used_at(self, now: float) -> int | None:
        """The calls of the day that ``now`` is in: what was counted of yesterday says nothing of today."""
        return None if self.resets_at is not None and now >= self.resets_at else self.calls_used


@dataclass(frozen=True, slots=True)
class UnreadableMessage:
    """An e-mail that looks like one of HubSpot's, and states nothing that is understood: ``why``, in a sentence."""

    uid: int
    received_at: float | None
    subject: str
    why: str


@dataclass(frozen=True, slots=True)
class MailboxNews:
    """What HubSpot's e-mails state. ``suspension`` is the newest statement about one, or that it is over, received
    ``stated_at``; both ``None`` as long as no e-mail has stated either.

    ``notices`` are pairs: a category of sync errors, and when the newest e-mail came that tells of it. ``unmatched``
    are the newest e-mails that nobody understood; ``totals`` are pairs: ``matched``, ``unmatched`` or ``ignored``, and
    how many were that since the folder was first read.
    """

    suspension: Suspension | None
    stated_at: float | None
    notices: tuple[tuple[str, float], ...] = ()
    unmatched: tuple[UnreadableMessage, ...] = ()
    totals: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CanaryDirection:
    """What the rounds in one direction (``to_salesforce``, ``to_hubspot``) have shown.

    ``success`` is of the last round: its time arrived within the deadline, or did not; ``None`` where that is not
    known. ``rounds`` are counts by outcome, ``latencies`` the counts of rounds that took up to so many seconds, those
    that took less among them; the last bound is infinite.
    """

    direction: str
    success: bool | None
    ended_at: float | None
    rounds: tuple[tuple[str, int], ...]
    latencies: tuple[tuple[float, int], ...]
    latency_sum: float


@dataclass(frozen=True, slots=True)
class CanaryRounds:
    """What the blackbox probe has shown. ``objective`` is the share of time in which it should succeed;
    ``salesforce_answered_at`` is when the org last answered it, for many of its polls do not ask the org."""

    directions: tuple[CanaryDirection, ...]
    objective: float
    deadline: float
    under_way_since: float | None = None
    salesforce_answered_at: float | None = None


Part = (
    OrgLimits
    | SyncHealth
    | MailboxNews
    | Recovery
    | Access
    | TrustStatus
    | UsageLog
    | Heartbeat
    | Unsynced
    | LastWrites
    | HubSpotAccount
    | CanaryRounds
)
"""What one source says."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a poll failed: a value of ``source_errors_total{kind}``, the API's own code, a sentence without secrets."""

    kind: str
    code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class PartState:
    """One part of a source that is made of several (queries, objects, files); ``failure`` says why it was not read."""

    name: str
    failure: Failure | None = None
