"""What the source keeps between its polls, as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from exporter.schemas.json_schema import first_problem
from exporter.sources.usage_log.app_calls import AppCalls
from exporter.sources.usage_log.identity import Identity
from exporter.sources.usage_log.log_file import LogFile, Trouble

SCHEMA = "salesforce_usage_log"


@dataclass(frozen=True, slots=True)
class Memory:
    """Of which ``org`` and ``user`` the ``files`` are, and how the integration is told.

    ``matched``: some call was the integration's, now or before, so that none is a known 0. ``shown`` are the apps that
    have a series. ``without`` are columns that EventLogFile did not have ``asked_at``. ``failing_since``: since when no
    file has been read that is newer than all that were, although there are some; ``None`` while there are none.
    """

    org: str
    user: str | None
    identity: Identity
    files: tuple[LogFile, ...] = ()
    matched: bool = False
    shown: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    asked_at: float = 0.0
    failing_since: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "org": self.org,
            "user": self.user,
            "apps": list(self.identity.apps),
            "ids": sorted(self.identity.ids),
            "files": [_file_as_json(file) for file in self.files],
            "matched": self.matched,
            "shown": list(self.shown),
            "without": sorted(self.without),
            "asked_at": self.asked_at,
            "failing_since": self.failing_since,
        }


def memory_of(told: Mapping[str, Any]) -> Memory:
    """Of a payload that fits the schema."""
    return Memory(
        org=told["org"],
        user=told["user"],
        identity=Identity(tuple(told["apps"]), frozenset(told["ids"])),
        files=tuple(_file(entry) for entry in told["files"]),
        matched=told["matched"],
        shown=tuple(told["shown"]),
        without=frozenset(told["without"]),
        asked_at=told["asked_at"],
        failing_since=told.get("failing_since"),
    )


def remembered_memory(previous: Any, org: str, user: str | None, apps: tuple[str, ...]) -> Memory:
    """What still holds of the last payload: nothing of another org or user; of other apps the files, which tell of
    every app, and not whose calls they were."""
    new = Memory(org, user, Identity(apps))
    if previous is None or first_problem(previous, SCHEMA) is not None:
        return new
    old = memory_of(previous)
    if (old.org, old.user) != (org, user):
        return new
    if old.identity.apps == apps:
        return old
    return Memory(org, user, Identity(apps), old.files, without=old.without, asked_at=old.asked_at)


def _file_as_json(file: LogFile) -> dict[str, Any]:
    entry = {name: getattr(file, name) for name in ("id", "interval", "start", "sequence", "created", "length")}
    calls = file.calls and [
        {"name": app.name, "id": app.id, "user": app.user, "hours": {str(hour): n for hour, n in app.hours.items()}}
        for app in file.calls
    ]
    return {
        **entry,
        "calls": list(calls) if calls else None if file.calls is None else [],
        "trouble": file.trouble and asdict(file.trouble),
    }


def _file(entry: Mapping[str, Any]) -> LogFile:
    calls, trouble = entry["calls"], entry["trouble"]
    return LogFile(
        id=entry["id"],
        interval=entry["interval"],
        start=int(entry["start"]),
        sequence=int(entry["sequence"]),
        created=entry["created"],
        length=entry["length"],
        calls=None if calls is None else tuple(_app(app) for app in calls),
        trouble=trouble and Trouble(trouble["message"], trouble["at"], int(trouble["tries"]), trouble["passing"]),
    )


def _app(entry: Mapping[str, Any]) -> AppCalls:
    hours = {int(hour): int(calls) for hour, calls in entry["hours"].items()}
    return AppCalls(entry["name"], entry["id"], entry["user"], hours)
