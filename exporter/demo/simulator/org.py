"""One simulated customer: a Salesforce org, its HubSpot account, and the integration between them.

Every control verb is a method here; the HTTP layer only reads the body and calls it. A bad value is a ValueError.
"""

from collections.abc import Collection

from exporter.demo.simulator.mail.postman import write_mails
from exporter.demo.simulator.names import REASONS
from exporter.demo.simulator.state.access import ACCESSES, DIRECT, OWN, WAYS, Assignment
from exporter.demo.simulator.state.org_state import OrgState, Storage, Suspension
from exporter.demo.simulator.state.records import OBJECT_TYPES, Record
from exporter.demo.simulator.state.sync_errors import SyncError
from exporter.demo.simulator.sync.conditions import reason_holds
from exporter.demo.simulator.sync.round import run_round

RESYNC_LIMIT = 100
TRUST_STATUSES = (
    "OK",
    *("INFORMATIONAL_CORE", "INFORMATIONAL_NONCORE"),
    *("MAINTENANCE_CORE", "MAINTENANCE_NONCORE"),
    *("MINOR_INCIDENT_CORE", "MINOR_INCIDENT_NONCORE"),
    *("MAJOR_INCIDENT_CORE", "MAJOR_INCIDENT_NONCORE"),
)


class Org(OrgState):
    """A customer: its state, what goes on in it by itself, and what can be done to it from outside."""

    # What goes on by itself.

    def tick(self) -> None:
        """Time passes: records change at the set rate, then HubSpot does a round."""
        now = self.clock()
        since, self.last_tick = min(self.last_tick, now), now
        self.changes_owed += self.records_per_second * (now - since)
        changes, self.changes_owed = divmod(self.changes_owed, 1.0)
        self.records.change_next(int(changes), now, since)
        run_round(self, now)
        write_mails(self, now)

    # What HubSpot's API and the bridge can do.

    def write_properties(self, record: Record, properties: dict[str, str]) -> None:
        """HubSpot's side of a record is written. Only a mapped property that changes makes the record sync."""
        changed = {name for name, value in properties.items() if record.written.get(name) != value}
        record.write({name: properties[name] for name in sorted(changed)}, self.clock(), "INTEGRATION")
        if changed:
            record.touch(self.clock())
        if changed & (self.settings.mapped_properties - self.unmapped):
            self.records.change(record, self.clock())

    def write_fields(self, record: Record, fields: dict[str, float]) -> None:
        """Somebody writes fields of the Salesforce record; HubSpot looks for such changes in its next round."""
        if record.salesforce_id is not None:
            self.records.in_salesforce.write(record.salesforce_id, fields, self.clock())

    def lose_syncs(self, hubspot_ids: Collection[str]) -> None:
        """From now on changes of these records get lost, without an error."""
        self.records.in_salesforce.oddities.lost_syncs = frozenset(hubspot_ids)

    def resync(self, error_ids: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
        """Accepted ids, and rejected ones with the reason. ValueError above the limit of one request.

        An accepted error leaves the list at once and costs HubSpot one call; the next round decides whether it
        comes back.
        """
        if len(error_ids) > RESYNC_LIMIT:
            raise ValueError(f"error_ids: {len(error_ids)} ids, at most {RESYNC_LIMIT} at a time")
        accepted: list[SyncError] = []
        rejected: list[tuple[str, str]] = []
        for error_id in error_ids:
            error = self.errors.get(error_id)
            if self.suspension is not None:
                rejected.append((error_id, "suspended"))
            elif error is None:
                rejected.append((error_id, "not_found"))
            else:
                self.errors.remove(error)
                accepted.append(error)
        self.resynced.extend(accepted)
        if accepted:
            self.calls.add(self.settings.connected_app, len(accepted))
        self.resyncs.note(len(error_ids), [error.hubspot_id for error in accepted])
        return [error.id for error in accepted], rejected

    def clear_suspension(self) -> str | None:
        """Press *Clear Suspension*; the reason when its cause still holds and nothing happens."""
        if self.suspension is not None and reason_holds(self, self.suspension.reason):
            return self.suspension.reason
        self.suspension = None
        write_mails(self, self.clock())
        return None

    # What can happen to the org.

    def set_field_permission(self, object_name: str, field: str, granted: bool, access: str | None = None) -> None:
        """Grant or withdraw read, edit or (None) both on a field for the integration user."""
        _one_of("access", access, (None, *ACCESSES))
        _one_of("object", object_name, tuple(self.access.objects))
        self.access.set_field(f"{object_name}.{field}", access, granted)

    def set_object_permission(self, object_name: str, granted: bool, access: str | None = None) -> None:
        """Grant or withdraw read, edit or (None) both on an object for the integration user."""
        _one_of("access", access, (None, *ACCESSES))
        _one_of("object", object_name, tuple(self.access.objects))
        self.access.set_object(object_name, access, granted)

    def set_permission_set(self, assigned: bool) -> None:
        """Assign the permission set to the integration user, or take it away."""
        self.access.permission_set_assigned = assigned

    def set_assignment(self, way: str, ends_in: float | None = None, **flags: bool) -> None:
        """Assign the permissions anew: directly, through a group or by a set of the org's own; for so many seconds, or
        (None) for good. The flags are those of `Assignment`."""
        _one_of("way", way, WAYS)
        self.access.permission_set_assigned = True
        self.access.package_installed = self.access.package_installed or way != OWN
        self.access.assignment = Assignment(way, None if ends_in is None else self.clock() + ends_in, **flags)

    def set_package(self, installed: bool) -> None:
        """Install HubSpot's package, whose set is then assigned, or uninstall it: the org's own set takes its place."""
        self.access.package_installed = installed
        self.access.assignment = Assignment(DIRECT if installed else OWN)

    def set_user(
        self,
        active: bool | None = None,
        api_enabled: bool | None = None,
        frozen: bool | None = None,
        locked: bool | None = None,
    ) -> None:
        """Change the integration user; None leaves a thing as it is. `locked`: after too many wrong passwords."""
        access = self.access
        access.user_active = access.user_active if active is None else active
        access.api_enabled = access.api_enabled if api_enabled is None else api_enabled
        access.user_frozen = access.user_frozen if frozen is None else frozen
        access.password_locked = access.password_locked if locked is None else locked

    def set_monitoring(self, **rights: bool | None) -> None:
        """Change what the monitoring app and its user may do; None leaves a thing as it is."""
        for name, granted in rights.items():
            if granted is not None:
                setattr(self.monitoring, name, granted)

    def use_api_calls(self, app: str, calls: int, seconds_ago: float = 0.0) -> None:
        """An app of the org makes calls."""
        self.calls.add(app, calls, seconds_ago)

    def use_hubspot_calls(self, calls: int, limit: int | None = None) -> None:
        """Other apps of the HubSpot account call its API; `limit` is what the account has a day, None: as it is."""
        self.hubspot_day.add(calls)
        self.hubspot_day.limit = self.hubspot_day.limit if limit is None else limit

    def set_storage(self, kind: str, used_mb: int | None, max_mb: int | None) -> None:
        """Storage of a kind (`data`, `file`); None hides it from /limits."""
        _one_of("kind", kind, tuple(self.storage))
        self.storage[kind] = Storage(used_mb, max_mb)

    def set_trust(self, status: str | None) -> None:
        """What Salesforce Status says of the org's instance: `TRUST_STATUSES` are documented, but other words are
        seen, and nothing at all. HubSpot takes no notice of it."""
        self.trust = status

    def suspend(self, reason: str, cause_holds: bool = False) -> None:
        """HubSpot suspends. `cause_holds` puts a cause of that name, which `set_cause` takes away again."""
        _one_of("reason", reason, REASONS)
        self.suspension = Suspension(reason, self.clock())
        if cause_holds:
            self.causes.add(reason)
        write_mails(self, self.clock())

    def fall_silent(self, seconds_ago: float) -> None:
        """HubSpot stopped syncing that long ago without a word; what changed since waits."""
        self.silent = True
        self.records.stop_at(self.clock() - seconds_ago, self.clock())

    def speak_again(self) -> None:
        """HubSpot syncs what has waited."""
        self.silent = False

    def change_unmapped(self, object_type: str, count: int, seconds_ago: float = 0.0) -> None:
        """A workflow, a score or somebody changes properties of linked records that are not mapped to Salesforce."""
        _one_of("object_type", object_type, OBJECT_TYPES)
        self.records.change_unmapped(object_type, count, self.clock() - seconds_ago)

    def change_in_salesforce(self, object_type: str, count: int) -> None:
        """Somebody works in Salesforce: so many linked records change there."""
        _one_of("object_type", object_type, OBJECT_TYPES)
        self.records.change_in_salesforce(object_type, count, self.clock())

    def lock_writes(self, hubspot_ids: Collection[str], times: int = 1) -> None:
        """The next writes of these records meet the lock of another program, so often each."""
        for hubspot_id in hubspot_ids:
            self.locked_writes[hubspot_id] = times

    def set_cause(self, name: str, holds: bool) -> None:
        """Put or remove a cause: one that errors were made with, or a suspension reason."""
        (self.causes.add if holds else self.causes.discard)(name)

    def add_errors(
        self,
        category: str,
        error_type: str,
        count: int,
        *,
        cause: str | None = None,
        affected_records: int = 1,
        object_type: str = "contacts",
        details: str | None = None,
    ) -> list[str]:
        """That many more linked records have changed and failed; their error ids.

        Names outside the catalogue are taken as they are, since HubSpot may invent new ones.
        """
        _one_of("object_type", object_type, OBJECT_TYPES)
        if cause is not None and not cause.startswith(("field:", "object:")):
            self.causes.add(cause)
        now = self.clock()
        ids = []
        for _ in range(count):
            record = self.records.add_linked(object_type, now)
            error = SyncError(
                number=0,
                category=category,
                error_type=error_type,
                details=details or f"{error_type.replace('_', ' ')} (simulated)",
                cause=cause,
                object_type=object_type,
                hubspot_id=record.hubspot_id,
                salesforce_id=record.salesforce_id,
                affected_records=affected_records,
                last_seen=now,
            )
            ids.append(self.errors.add(error).id)
        return ids

    def lose_changes(self, count: int) -> None:
        """HubSpot forgets so many of the changes that wait, the oldest."""
        self.records.lose(count)

    def add_records(self, object_type: str, count: int, in_segment: bool = True) -> list[str]:
        """New HubSpot records, to be created in Salesforce in the next round, or outside the inclusion segment never;
        their HubSpot ids."""
        _one_of("object_type", object_type, OBJECT_TYPES)
        now = self.clock()
        records = [self.records.add(object_type, now, in_segment) for _ in range(count)]
        for record in records:
            self.records.change(record, now)
        return [record.hubspot_id for record in records]


def _one_of(key: str, value: str | None, known: tuple[str | None, ...]) -> None:
    if value not in known:
        raise ValueError(f"{key}: {value!r} is not one of {', '.join(str(name) for name in known)}")
