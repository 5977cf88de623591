"""Frozen value objects: what sources say of one integration at one time, part by part, and why they could not.

Times are seconds since the Unix epoch, counts are calls or records, sizes are bytes. ``None`` means unknown and
becomes an absent sample; a known zero is 0.
"""

from __future__ import annotations

from exporter.model.access import Access, Permission
from exporter.model.account import HubSpotAccount
from exporter.model.canary import CanaryDirection, CanaryRounds
from exporter.model.failure import Failure, PartState
from exporter.model.mailbox import MailboxNews, UnreadableMessage
from exporter.model.org import LOG_HOLDS, OrgLimits, OrgUsage, Storage, TrustStatus, UsageLog
from exporter.model.records import Heartbeat, LastWrite, LastWrites, ObjectHeartbeat, Unsynced, UnsyncedObject
from exporter.model.suspension import LastSuspension, Recovery, Suspension
from exporter.model.sync_errors import ErrorCount, SyncError, WaitingRecord
from exporter.model.sync_health import Exported, SyncHealth

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

__all__ = [
    "LOG_HOLDS",
    "Access",
    "CanaryDirection",
    "CanaryRounds",
    "ErrorCount",
    "Exported",
    "Failure",
    "Heartbeat",
    "HubSpotAccount",
    "LastSuspension",
    "LastWrite",
    "LastWrites",
    "MailboxNews",
    "ObjectHeartbeat",
    "OrgLimits",
    "OrgUsage",
    "Part",
    "PartState",
    "Permission",
    "Recovery",
    "Storage",
    "Suspension",
    "SyncError",
    "SyncHealth",
    "TrustStatus",
    "UnreadableMessage",
    "Unsynced",
    "UnsyncedObject",
    "UsageLog",
    "WaitingRecord",
]
