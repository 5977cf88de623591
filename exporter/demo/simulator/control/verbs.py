"""What can be done to an org from outside: a table of verbs, the keys of each, and the method it calls.

A key is read by a function that raises ValueError for a wrong value. A missing key, an unknown key and an unknown
verb are errors too, each naming what was wrong.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exporter.demo.simulator import faults
from exporter.demo.simulator.login_faults import LOGIN_FAULTS
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.settings import NOTIFY
from exporter.demo.simulator.spoiled import GONE, LOG_FILES
from exporter.demo.simulator.state.access import WAYS
from exporter.demo.simulator.state.org_state import ACCOUNT_RESOURCES, BRIDGE_PARTS
from exporter.demo.simulator.state.records import OBJECT_TYPES

REQUIRED = object()

Reader = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Verb:
    """`keys` says how each is read, and what it is when left out; `act` may answer with something to report."""

    act: Callable[..., dict[str, Any] | None]
    keys: Mapping[str, tuple[Reader, Any]]

    def perform(self, org: Org, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Check the body, then act. ValueError names the key and the value that are wrong."""
        unknown = sorted(set(body) - set(self.keys))
        if unknown:
            raise ValueError(f"unknown key {unknown[0]!r}; known: {', '.join(self.keys) or 'none'}")
        values = {}
        for key, (read, default) in self.keys.items():
            if key not in body and default is REQUIRED:
                raise ValueError(f"missing key {key!r}")
            values[key] = _read(key, read, body[key]) if key in body else default
        return self.act(org, **values)


def text(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError("expected a text")
    return value


def flag(value: Any) -> bool:
    """true or false"""
    if not isinstance(value, bool):
        raise ValueError("expected true or false")  # noqa: TRY004 - one kind of error for all wrong values
    return value


def whole(value: Any) -> int:
    """A whole number, 0 or more."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("expected a whole number, 0 or more")
    return value


def number(value: Any) -> float:
    """A number, 0 or more."""
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise ValueError("expected a number, 0 or more")
    return float(value)


def signed(value: Any) -> float:
    """A number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError("expected a number")  # noqa: TRY004
    return float(value)


def texts_by_name(value: Any) -> dict[str, str]:
    """An object of texts."""
    if not isinstance(value, dict):
        raise ValueError("expected an object")  # noqa: TRY004
    return {text(name): text(one) for name, one in value.items()}


def or_null(read: Reader) -> Reader:
    """The same, or null."""
    return lambda value: None if value is None else read(value)


def one_of(known: tuple[str, ...]) -> Reader:
    """One of these texts."""

    def read(value: Any) -> str:
        if value not in known:
            raise ValueError(f"expected one of {', '.join(known)}")
        return str(value)

    return read


def list_of(read: Reader) -> Reader:
    """A list of such values, as a set."""

    def read_all(value: Any) -> frozenset[Any]:
        if not isinstance(value, list):
            raise ValueError("expected a list")  # noqa: TRY004
        return frozenset(read(item) for item in value)

    return read_all


def _read(key: str, read: Reader, value: Any) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{key}: {value!r}: {error}") from error


def _put_fault(org: Org, api: str, fault: str, count: int | None, retry_after: int | None) -> None:
    org.faults.put(faults.Fault(api, fault, count, retry_after))


def _field_permission(org: Org, **keys: Any) -> None:
    org.set_field_permission(keys["object"], keys["field"], keys["granted"], keys["access"])


def _object_permission(org: Org, **keys: Any) -> None:
    org.set_object_permission(keys["object"], keys["granted"], keys["access"])


def _add_errors(org: Org, **keys: Any) -> dict[str, Any]:
    ids = org.add_errors(keys.pop("category"), keys.pop("error_type"), keys.pop("count"), **keys)
    return {"added": len(ids), "first": ids[0] if ids else None, "last": ids[-1] if ids else None}


def _add_records(org: Org, object_type: str, count: int, in_segment: bool) -> dict[str, Any]:
    return {"hubspot_ids": org.add_records(object_type, count, in_segment)}


def _tick(org: Org, rounds: int) -> None:
    for _ in range(rounds):
        org.tick()


def _set(name: str) -> Callable[..., None]:
    """A verb with one key that is one attribute of the org."""

    def act(org: Org, **keys: Any) -> None:
        (value,) = keys.values()
        setattr(org, name, value)

    return act


_ACCESS = (or_null(one_of(("read", "edit"))), None)
_OBJECT_TYPE = one_of(OBJECT_TYPES)

VERBS: dict[str, Verb] = {
    "fault": Verb(
        _put_fault,
        {
            "api": (one_of(faults.APIS), REQUIRED),
            "fault": (one_of((*faults.NAMES, *LOGIN_FAULTS)), REQUIRED),
            "count": (or_null(whole), None),
            "retry_after": (or_null(whole), None),
        },
    ),
    "field-permission": Verb(
        _field_permission,
        {"object": (text, REQUIRED), "field": (text, REQUIRED), "granted": (flag, REQUIRED), "access": _ACCESS},
    ),
    "object-permission": Verb(
        _object_permission, {"object": (text, REQUIRED), "granted": (flag, REQUIRED), "access": _ACCESS}
    ),
    "permission-set": Verb(Org.set_permission_set, {"assigned": (flag, REQUIRED)}),
    "assignment": Verb(
        Org.set_assignment,
        {
            "way": (one_of(WAYS), REQUIRED),
            "ends_in": (or_null(number), None),
            "active": (flag, True),
            "revoked": (flag, False),
            "session_based": (flag, False),
        },
    ),
    "package": Verb(Org.set_package, {"installed": (flag, REQUIRED)}),
    "hide": Verb(_set("hidden"), {"names": (list_of(text), REQUIRED)}),
    "user": Verb(Org.set_user, {name: (or_null(flag), None) for name in ("active", "api_enabled", "frozen", "locked")}),
    "monitoring": Verb(
        Org.set_monitoring,
        {
            name: (or_null(flag), None)
            for name in ("api_scope", "api_enabled", "view_setup", "view_event_log_files", "manage_users")
        },
    ),
    "clock-ahead": Verb(_set("clock_ahead"), {"seconds": (signed, REQUIRED)}),
    "expire-sessions": Verb(lambda org: org.sessions.expire_all(), {}),
    "use-api-calls": Verb(
        Org.use_api_calls, {"app": (text, REQUIRED), "calls": (whole, REQUIRED), "seconds_ago": (number, 0.0)}
    ),
    "allocation": Verb(_set("allocation"), {"calls": (or_null(whole), REQUIRED)}),
    "limit": Verb(_set("daily_limit"), {"calls": (whole, REQUIRED)}),
    "overage": Verb(_set("overage_allowed"), {"allowed": (flag, REQUIRED)}),
    "storage": Verb(
        Org.set_storage,
        {"kind": (text, REQUIRED), "used_mb": (or_null(whole), REQUIRED), "max_mb": (or_null(whole), REQUIRED)},
    ),
    "trust": Verb(Org.set_trust, {"status": (or_null(text), REQUIRED)}),
    "suspend": Verb(Org.suspend, {"reason": (text, REQUIRED), "cause_holds": (flag, False)}),
    "cause": Verb(Org.set_cause, {"name": (text, REQUIRED), "holds": (flag, REQUIRED)}),
    "add-errors": Verb(
        _add_errors,
        {
            "category": (text, REQUIRED),
            "error_type": (text, REQUIRED),
            "count": (whole, REQUIRED),
            "cause": (or_null(text), None),
            "affected_records": (whole, 1),
            "object_type": (_OBJECT_TYPE, "contacts"),
            "details": (or_null(text), None),
        },
    ),
    "add-records": Verb(
        _add_records,
        {"object_type": (_OBJECT_TYPE, REQUIRED), "count": (whole, REQUIRED), "in_segment": (flag, True)},
    ),
    "lose-changes": Verb(Org.lose_changes, {"count": (whole, REQUIRED)}),
    "traffic": Verb(_set("records_per_second"), {"records_per_second": (number, REQUIRED)}),
    "bridge-omits": Verb(_set("omitted_parts"), {"parts": (list_of(one_of(BRIDGE_PARTS)), REQUIRED)}),
    "refuse-writes": Verb(_set("refused_writes"), {"hubspot_ids": (list_of(text), REQUIRED)}),
    "spoil-batches": Verb(_set("batch_spoilers"), {"hubspot_ids": (list_of(text), REQUIRED)}),
    "lock-writes": Verb(Org.lock_writes, {"hubspot_ids": (list_of(text), REQUIRED), "times": (whole, 1)}),
    "read-only-properties": Verb(_set("read_only_properties"), {"names": (list_of(text), REQUIRED)}),
    "out-of-scope": Verb(_set("objects_out_of_scope"), {"object_types": (list_of(_OBJECT_TYPE), REQUIRED)}),
    "account-out-of-scope": Verb(
        _set("account_out_of_scope"), {"resources": (list_of(one_of(ACCOUNT_RESOURCES)), REQUIRED)}
    ),
    "hubspot-calls": Verb(Org.use_hubspot_calls, {"calls": (whole, REQUIRED), "limit": (or_null(whole), None)}),
    "hubspot-headers": Verb(_set("tells_daily_calls"), {"daily": (flag, REQUIRED)}),
    "lock-objects": Verb(_set("locked_objects"), {"object_types": (list_of(_OBJECT_TYPE), REQUIRED)}),
    "absent-properties": Verb(_set("absent_properties"), {"names": (list_of(text), REQUIRED)}),
    "property-types": Verb(_set("property_types"), {"types": (texts_by_name, REQUIRED)}),
    "missing-scopes": Verb(_set("missing_scopes"), {"scopes": (list_of(text), REQUIRED)}),
    "unmap": Verb(_set("unmapped"), {"properties": (list_of(text), REQUIRED)}),
    "change-unmapped": Verb(
        Org.change_unmapped,
        {"object_type": (_OBJECT_TYPE, REQUIRED), "count": (whole, REQUIRED), "seconds_ago": (number, 0.0)},
    ),
    "fall-silent": Verb(Org.fall_silent, {"seconds_ago": (number, REQUIRED)}),
    "speak-again": Verb(Org.speak_again, {}),
    "lose-syncs": Verb(Org.lose_syncs, {"hubspot_ids": (list_of(text), REQUIRED)}),
    "spoil-log-file": Verb(_set("spoiled_log_file"), {"how": (or_null(one_of((*LOG_FILES, GONE))), REQUIRED)}),
    "notify": Verb(_set("notify"), {"mode": (one_of(NOTIFY), REQUIRED)}),
    "tick": Verb(_tick, {"rounds": (whole, 1)}),
}
