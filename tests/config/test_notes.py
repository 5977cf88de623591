"""What a configuration asks for in vain is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.cli import main
from tests.config.conftest import FULL, SMALL, Load

MAILBOX = {"host": "imap.example", "username": "me", "password_file": "secret"}


def test_what_this_version_does_not_use_is_said_aloud(load: Load) -> None:
    """Nothing that was asked for is dropped in silence; what is used has no note."""
    noted = {note.removesuffix(" is accepted, but this version does not use it yet") for note in load(FULL).notes}
    used = (
        "acme: salesforce.url",
        "acme: sync_health.url",
        "acme: intervals.sync_health",
        "acme: remediation.action",
        "beta: remediation.action",
    )
    assert not [note for note in noted if note.startswith(used)]
    assert load(SMALL).notes == ()


def test_check_config_prints_the_notes_and_still_says_good(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Notes go to standard error, one line each; the verdict stands alone on standard output."""
    config = load(FULL)
    assert main(["check-config", str(tmp_path / "exporter.yml")]) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'exporter.yml'}: good, 2 integrations\n"
    assert said.err.splitlines() == [f"note: {note}" for note in config.notes]


def test_a_bridge_that_is_not_read_resyncs_nothing(load: Load) -> None:
    """Switching it off is allowed, and what follows from it is said."""
    off = {**SMALL["integrations"][0], "intervals": {"sync_health": "off", "mailbox": "off"}}
    (note,) = load({"integrations": [off]}).notes
    assert note.startswith("acme: intervals.sync_health is off, so ")


@pytest.mark.parametrize("intervals", [{}, {"sync_health": "off"}])
def test_without_a_bridge_nobody_knows_and_nothing_is_resynced(intervals: dict[str, str], load: Load) -> None:
    """Leaving it out is allowed as switching it off is, and said once."""
    entry = {"name": "acme", "hubspot": {"token_file": "secret"}, "intervals": intervals}
    (note,) = load({"integrations": [entry]}).notes
    assert note == (
        "acme: sync_health is left out, so nobody knows whether HubSpot suspended it unless it is reported,"
        " and nothing is resynced: it takes remediation.touch.property or a bridge (sync_health.url)"
    )


@pytest.mark.parametrize(
    ("port", "tls", "noted"),
    [
        (143, None, "mailbox.port 143 is usually that of tls: starttls, and mailbox.tls is implicit"),
        (993, "starttls", "mailbox.port 993 is usually that of tls: implicit, and mailbox.tls is starttls"),
        (143, "starttls", None),
        (993, "implicit", None),
        (1993, "implicit", None),
    ],
)
def test_a_port_that_goes_by_the_other_tls_is_said(load: Load, port: int, tls: str | None, noted: str | None) -> None:
    """A server may offer it all the same, so it is no mistake for certain."""
    mailbox = {"host": "imap.example", "username": "me", "password_file": "secret", "port": port}
    entry = {**SMALL["integrations"][0], "mailbox": {**mailbox, **({"tls": tls} if tls else {})}}
    assert load({"integrations": [entry]}).notes == (() if noted is None else (f"acme: {noted}",))


def test_a_touch_says_what_it_lacks(load: Load) -> None:
    """The property alone is not enough: somebody has to list the records, or they are searched for, and a token has to
    write."""
    touch = {"action": "touch", "touch": {"property": "resync_requested_at"}}
    bridge = SMALL["integrations"][0]["sync_health"]
    token = {"token_file": "secret"}
    nowhere = {**token, "unsynced": {"objects": []}}
    entries = [
        {"name": "neither", "hubspot": {"allocated_api_calls": 1}, "remediation": touch},
        {"name": "listed", "sync_health": bridge, "hubspot": {"allocated_api_calls": 1}, "remediation": touch},
        {"name": "both", "sync_health": bridge, "hubspot": token, "remediation": touch},
        {"name": "blind", "hubspot": nowhere, "remediation": touch},
        {"name": "searched", "sync_health": {"directory": "dropped"}, "hubspot": token, "remediation": touch},
    ]
    said = "remediation.touch writes nothing without"
    notes = [note for note in load({"integrations": entries}).notes if said in note]
    assert notes == [
        f"neither: {said} hubspot.token_file, to write with",
        f"listed: {said} hubspot.token_file, to write with",
        f"blind: {said} sync_health or hubspot.unsynced.objects, to know the records by",
    ]


def test_without_a_bridge_what_is_found_by_search_is_touched(load: Load) -> None:
    """Then only one thing is missing: somebody who tells of a suspension."""
    touch = {"touch": {"property": "resync_requested_at"}}
    entry = {"name": "acme", "hubspot": {"token_file": "secret"}, "remediation": touch}
    (note,) = load({"integrations": [entry]}).notes
    assert note == "acme: sync_health is left out, so nobody knows whether HubSpot suspended it unless it is reported"
    assert load({"integrations": [{**entry, "mailbox": MAILBOX}]}).notes == ()


@pytest.mark.parametrize(
    ("feed", "said"),
    [
        ({"uploads": True}, "sync_health.uploads are exported errors alone, so nobody knows"),
        ({"directory": "dropped"}, "nobody knows whether HubSpot suspended it unless sync-health.json in sync_health."),
    ],
)
def test_exported_errors_tell_of_no_suspension(feed: dict[str, Any], said: str, load: Load) -> None:
    """A mailbox would."""
    entry = {"name": "acme", "sync_health": feed}
    (note,) = load({"integrations": [entry]}).notes
    assert note.startswith(f"acme: {said}")
    assert load({"integrations": [{**entry, "mailbox": MAILBOX}]}).notes == ()


@pytest.mark.parametrize(
    ("alert", "near"),
    [("HubSpotSalesforceSyncError", " (perhaps HubSpotSalesforceSyncErrors?)"), ("CrmFixed", "")],
)
def test_a_policy_for_an_alert_that_does_not_ship_is_said(load: Load, alert: str, near: str) -> None:
    """It may be an alert of the user's own, so it is no mistake; a name that is nearly a shipped one is shown it."""
    policies = [{"alert": name, "on": "firing"} for name in ("HubSpotSalesforceOrgLocked", alert)]
    assert load({**SMALL, "remediation": {"policies": policies}}).notes == (
        f'remediation.policies[1].alert: no shipped alert has the name "{alert}"{near}: '
        "nothing is resynced unless an alert of your own has it",
    )


def test_an_empty_list_of_policies_is_said(load: Load) -> None:
    """It replaces the default policies by none."""
    (note,) = load({**SMALL, "remediation": {"policies": []}}).notes
    assert note == "remediation.policies is empty, so nothing is resynced: leave the key out for the default policies"


SALESFORCE = {
    "url": "https://acme.my.salesforce.com",
    "auth": {"client_credentials": {"client_id": "an-id", "client_secret_file": "secret"}},
}


@pytest.mark.parametrize(
    ("salesforce", "rest", "told"),
    [
        ({"max_api_calls_per_day": 287}, {}, "is 287, and its intervals need 288 or more"),
        ({"max_api_calls_per_day": 288}, {}, ""),
        (
            {"max_api_calls_per_day": 249, "integration_user": "a@b.example"},
            {"hubspot": {}},
            "is 249, and its intervals need 250 or more",
        ),
        ({"max_api_calls_per_day": 250, "integration_user": "a@b.example"}, {"hubspot": {}}, ""),
        (
            {"max_api_calls_per_day": 378, "integration_user": "a@b.example"},
            {"hubspot": {}, "intervals": {"salesforce_limits": "5m"}},
            "is 378, and its intervals need 379 or more",
        ),
        ({}, {"intervals": {"salesforce_limits": "1m"}}, "is 500, and its intervals need 1440 or more"),
        ({"max_api_calls_per_day": 1}, {"intervals": {"salesforce_limits": "off"}}, ""),
    ],
)
def test_a_cap_below_what_the_intervals_need_is_said(
    load: Load, salesforce: dict[str, Any], rest: dict[str, Any], told: str
) -> None:
    """Both figures: one call for each poll of what asks the org, and is not switched off."""
    bridge = SMALL["integrations"][0]["sync_health"]
    entry = {"name": "acme", "salesforce": {**SALESFORCE, **salesforce}, "sync_health": bridge, **rest}
    notes = load({"integrations": [entry]}).notes
    assert len(notes) == bool(told)
    assert told in "".join(notes)
