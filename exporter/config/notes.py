"""What in a configuration is doubtful, or accepted but not acted on: said aloud rather than ignored."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exporter.bundled.rule_files import alert_names
from exporter.config.canary import calls_a_day
from exporter.config.defaults import MAILBOX_PORTS, MAILBOX_TLS, MAX_API_CALLS_PER_DAY, OFF, STORE
from exporter.config.draft import value_at
from exporter.config.intervals import HEARTBEAT, intervals_of
from exporter.config.masking import has_password, shown
from exporter.config.network import NO_PROXY, PROXY_VARIABLES, UNUSED_VARIABLE, variables
from exporter.config.no_proxy import entries_of, exemption
from exporter.config.proxy import full_url
from exporter.config.store_url import SQLITE

_ASKING_SALESFORCE = (
    ("salesforce_limits", ("salesforce",)),
    ("salesforce_heartbeat", ("salesforce", "integration_user")),
    ("salesforce_access", ("salesforce", "integration_user")),
    ("salesforce_usage_log", ("hubspot",)),
)
"""Sources whose polls cost API calls of the org, one or more each, and the key without which there are none."""
_DAY = 86400.0
_NOBODY_KNOWS = "nobody knows whether HubSpot suspended it"
_HEARTBEATS = 4
"""Intervals after which the heartbeat is polled in any case: ``exporter/polling/schedule.py``."""


def notes_of(data: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    """One sentence for each, first those that are about all integrations."""
    yield from _store_notes(data)
    yield from _network_notes(data.get("http", {}), environment)
    yield from _policy_notes(data.get("remediation", {}).get("policies"))
    for entry in data["integrations"]:
        yield from _blindness(entry)
        yield from _unused_export_keys(entry)
        yield from _mailbox_notes(entry)
        yield from _touch_notes(entry)
        yield from _hook_notes(entry, data.get("remediation", {}).get("policies", ()))
        yield from _call_notes(entry)


def _store_notes(data: Mapping[str, Any]) -> Iterator[str]:
    keys = [key for key in ("store_password_file", "store_password_env") if key in data]
    if keys and data.get("store", STORE).startswith(SQLITE):
        yield f"{keys[0]} is not used: the store is a file"


def _network_notes(section: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    if "proxy" in section and has_password(full_url(section["proxy"])):
        yield "http.proxy holds a password: in the variable HTTPS_PROXY it does not stand in a file"
    if "no_proxy" not in section:
        for name, text in variables([NO_PROXY], environment):
            yield from _meaningless(name, entries_of(text))
    other = [name for name, _text in variables([UNUSED_VARIABLE], environment)]
    if other and "proxy" not in section and not list(variables(PROXY_VARIABLES, environment)):
        yield (
            f"environment variable {other[0]} is not used, as all outside APIs are asked over TLS: "
            "HTTPS_PROXY or http.proxy names their proxy"
        )


def _meaningless(name: str, entries: Sequence[str]) -> Iterator[str]:
    for entry in entries:
        if exemption(entry) is None:
            yield f"environment variable {name}: {shown(entry)} is no host, domain, address or network, and left out"


def _policy_notes(policies: Sequence[Mapping[str, Any]] | None) -> Iterator[str]:
    """Alerts of the user's own may have policies too, so a strange name is no mistake for certain."""
    if policies == []:
        yield "remediation.policies is empty, so nothing is resynced: leave the key out for the default policies"
    shipped = alert_names() if policies else frozenset()
    for index, policy in enumerate(policies or ()):
        if policy["alert"] not in shipped:
            near = difflib.get_close_matches(policy["alert"], shipped, n=1)
            yield (
                f"remediation.policies[{index}].alert: no shipped alert has the name {shown(policy['alert'])}"
                f"{f' (perhaps {near[0]}?)' if near else ''}: nothing is resynced unless an alert of your own has it"
            )


def _unused_export_keys(entry: Mapping[str, Any]) -> Iterator[str]:
    """A bridge states errors by name, and as of now."""
    feed = entry.get("sync_health", {})
    unused = [key for key in ("mapping", "titles_file", "good_for") if key in feed and "url" in feed]
    if unused:
        yield f"{entry['name']}: sync_health.{unused[0]} is not used: it is about exported files, and there is a bridge"


def _blindness(entry: Mapping[str, Any]) -> Iterator[str]:
    """Salesforce and the records do not show what HubSpot's page says, and without the page only what is found by
    search is resynced, by touch. Exported errors say nothing of suspensions."""
    missing = "" if "sync_health" in entry else "sync_health is left out"
    if not missing and entry.get("intervals", {}).get("sync_health") == OFF:
        missing = "intervals.sync_health is off"
    told = "mailbox" in entry and entry.get("intervals", {}).get("mailbox") != OFF
    if not missing:
        if not told and "url" not in entry["sync_health"]:
            yield f"{entry['name']}: {_untold(entry['sync_health'])}"
        return
    touched = "sync_health" not in entry and value_at(entry, ("remediation", "touch")) and not _untouchable(entry)
    consequences = [
        *([] if told else [f"{_NOBODY_KNOWS} unless it is reported"]),
        *([] if touched else [_unresynced(entry)]),
    ]
    if consequences:
        yield f"{entry['name']}: {missing}, so {', and '.join(consequences)}"


def _untold(feed: Mapping[str, Any]) -> str:
    """What exported errors and no mailbox come to. A file in the directory, if there is one, may tell."""
    if "directory" in feed:
        return f"{_NOBODY_KNOWS} unless sync-health.json in sync_health.directory says so, or it is reported"
    return f"sync_health.uploads are exported errors alone, so {_NOBODY_KNOWS} unless it is reported"


def _unresynced(entry: Mapping[str, Any]) -> str:
    """What it takes is said where nothing of it is there."""
    if "sync_health" in entry or value_at(entry, ("remediation", "touch")):
        return "nothing is resynced"
    return "nothing is resynced: it takes remediation.touch.property or a bridge (sync_health.url)"


def _mailbox_notes(entry: Mapping[str, Any]) -> Iterator[str]:
    """Each way of TLS has its own port, and servers seldom offer the other there."""
    mailbox = entry.get("mailbox", {})
    tls, port = mailbox.get("tls", MAILBOX_TLS), mailbox.get("port")
    other = {kind: usual for kind, usual in MAILBOX_PORTS.items() if kind in ("implicit", "starttls") and kind != tls}
    for kind, usual in other.items():
        if tls != OFF and port == usual:
            yield f"{entry['name']}: mailbox.port {port} is usually that of tls: {kind}, and mailbox.tls is {tls}"


def _touch_notes(entry: Mapping[str, Any]) -> Iterator[str]:
    """What a touch needs beside its property."""
    if value_at(entry, ("remediation", "touch")) is None:
        return
    missing = _untouchable(entry)
    if missing:
        yield f"{entry['name']}: remediation.touch writes nothing without {' and without '.join(missing)}"


def _untouchable(entry: Mapping[str, Any]) -> Sequence[str]:
    """What a touch lacks."""
    token = [key for key in ("token_file", "token_env") if value_at(entry, ("hubspot", key)) is not None]
    searched = value_at(entry, ("hubspot", "unsynced", "objects")) != []
    return [
        *([] if token else ["hubspot.token_file, to write with"]),
        *(
            []
            if searched or value_at(entry, ("sync_health",))
            else ["sync_health or hubspot.unsynced.objects, to know the records by"]
        ),
    ]


def _hook_notes(entry: Mapping[str, Any], policies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if value_at(entry, ("remediation", "hook")) is None:
        return
    named = {value_at(entry, ("remediation", "action")), *(policy.get("action") for policy in policies)}
    if "hook" not in named:
        yield f"{entry['name']}: remediation.hook is not used: neither remediation.action nor a policy names it"
    elif value_at(entry, ("sync_health",)) is None:
        yield f"{entry['name']}: remediation.hook is not used: without sync_health nobody lists errors to tell it of"


def _call_notes(entry: Mapping[str, Any]) -> Iterator[str]:
    if "salesforce" not in entry:
        return
    needed = _calls_needed(entry)
    cap = int(entry["salesforce"].get("max_api_calls_per_day", MAX_API_CALLS_PER_DAY))
    if needed > cap:
        yield (
            f"{entry['name']}: salesforce.max_api_calls_per_day is {cap}, and its intervals need {needed} or more: "
            "raise it or lengthen them, else these sources fail once the cap is used up"
        )


def _calls_needed(entry: Mapping[str, Any]) -> int:
    """A day, at one call a poll: what is needed at the least. The heartbeat is polled when no other has been for an
    interval of it, and every fourth time in any case."""
    intervals = intervals_of(entry)
    polls = {
        source: _DAY / intervals[source]
        for source, needs in _ASKING_SALESFORCE
        if source in intervals and value_at(entry, needs) is not None
    }
    heartbeats = polls.pop(HEARTBEAT, 0.0)
    others = sum(polls.values()) + calls_a_day(entry.get("canary"))
    return round(others + max(heartbeats - others, heartbeats / _HEARTBEATS))
