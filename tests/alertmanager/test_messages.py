"""What people read: the shipped templates, through the shipped examples, rendered by a real Alertmanager."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alertmanager.conftest import Running, retention, running_alertmanager, until
from tests.alertmanager.inbox import Inbox
from tests.alertmanager.labels import PREFIX, SYNC_ERRORS, Labels
from tests.alertmanager.mailbox import Mailbox, open_mailbox
from tests.alertmanager.shipped import SILENT_RECEIVER, TEXT, WEBHOOK_RECEIVER, shorter, uncommented

pytestmark = pytest.mark.binaries

PICKLISTS = (
    "Sync errors of acme in category picklists: 5; records they keep from syncing: 42. Do first: Align the options."
)
PERMISSIONS = (
    "Sync errors of acme in category permissions: 1; records they keep from syncing: 1. Do first: Give read and edit."
)
LOCKED = "HubSpot reports the Salesforce sync of acme suspended. Do first: Press Clear Suspension afterwards."
RUNBOOKS = "https://runbooks.example/hubspot-salesforce"
DASHBOARD = "https://grafana.example/d/hubspot-salesforce-sync-health?var-integration=acme"


def notes(summary: str, description: str, runbook: str, dashboard: str = DASHBOARD) -> Mapping[str, str]:
    runbook_url = f"{RUNBOOKS}/{PREFIX}{runbook}.md"
    return {"summary": summary, "description": description, "runbook_url": runbook_url, "dashboard_url": dashboard}


def sync_errors(category: str, notify: str) -> Labels:
    labels = {"alertname": SYNC_ERRORS, "integration": "acme", "severity": "warning", "remediation": "resync"}
    return {**labels, "category": category, "notify": notify}


def locked() -> Labels:
    return {"alertname": f"{PREFIX}OrgLocked", "integration": "acme", "severity": "critical", "remediation": "resync"}


ERRORS = "HubSpot reports sync errors with Salesforce."
OF_PICKLISTS = notes(ERRORS, PICKLISTS, "SyncErrors-picklists")
OF_PERMISSIONS = notes(ERRORS, PERMISSIONS, "SyncErrors-permissions")
OF_LOCKED = notes("HubSpot suspended the sync because the org is locked.", LOCKED, "OrgLocked")


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """Where the mail server of the examples is."""
    async with open_mailbox() as opened:
        yield opened


@contextlib.asynccontextmanager
async def running_examples(folder: Path, inbox: Inbox, mailbox: Mailbox) -> AsyncIterator[Running]:
    """Every example in force, with waits of milliseconds: Slack, PagerDuty and the mail server are the test's own."""
    config = shorter(yaml.safe_load(uncommented()), 10_000)
    for name, content in (("slack-url", f"{inbox.url}/slack"), ("routing-key", "a-routing-key\n")):
        (folder / name).write_text(content, encoding="utf-8")
    config["global"] |= {"slack_api_url_file": str(folder / "slack-url"), "pagerduty_url": f"{inbox.url}/pagerduty"}
    config["global"] |= {"smtp_smarthost": f"127.0.0.1:{mailbox.port}", "smtp_require_tls": False}
    for receiver in config["receivers"]:
        for pagerduty in receiver.get("pagerduty_configs", ()):
            pagerduty["routing_key_file"] = str(folder / "routing-key")
    config["receivers"] = [{"name": WEBHOOK_RECEIVER}, *config["receivers"][1:]]
    async with running_alertmanager(config, folder, retention()) as alertmanager:
        yield alertmanager


def test_the_examples_are_good_once_they_are_uncommented(tmp_path: Path) -> None:
    """amtool accepts them; every receiver of people has one, and Slack, PagerDuty and e-mail are among them."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(uncommented(), encoding="utf-8")
    checked = subprocess.run(["amtool", "check-config", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    examples = {receiver["name"]: set(receiver) - {"name"} for receiver in yaml.safe_load(uncommented())["receivers"]}
    assert not examples.pop(SILENT_RECEIVER)
    assert all(examples.values())
    assert set().union(*examples.values()) == {"webhook_configs", "slack_configs", "pagerduty_configs", "email_configs"}


def test_nothing_but_examples_is_uncommented() -> None:
    """What is in force as shipped stays in force as it is."""
    shipped, examples = yaml.safe_load(TEXT), yaml.safe_load(uncommented())
    assert {key: value for key, value in examples.items() if key not in ("global", "receivers")} == {
        key: value for key, value in shipped.items() if key != "receivers"
    }
    assert examples["receivers"][0] == shipped["receivers"][0]


async def test_a_message_in_slack(tmp_path: Path, inbox: Inbox, mailbox: Mailbox) -> None:
    """What, how many, what resolves it, its runbook, the dashboard; and when it is over, what is over."""
    async with running_examples(tmp_path, inbox, mailbox) as alertmanager:
        await alertmanager.fire(sync_errors("picklists", "immediate"), annotations=OF_PICKLISTS)
        first = (await until(lambda: inbox.notifications[:]))[0]
        await alertmanager.resolve(sync_errors("picklists", "immediate"), annotations=OF_PICKLISTS)
        last = (await until(lambda: inbox.notifications[1:]))[0]
    assert first.receiver == "slack"
    assert message(first.payload) == {
        "title": f"[WARNING] acme: {ERRORS}",
        "title_link": DASHBOARD,
        "text": f"• {PICKLISTS}\n  Runbook: {RUNBOOKS}/{SYNC_ERRORS}-picklists.md\nDashboard: {DASHBOARD}\n",
        "fallback": f"[WARNING] acme: {ERRORS}",
        "color": "danger",
    }
    assert message(last.payload) == {
        "title": f"[RESOLVED] acme: {ERRORS}",
        "title_link": DASHBOARD,
        "text": f"• Resolved: SyncErrors, picklists\nDashboard: {DASHBOARD}\n",
        "fallback": f"[RESOLVED] acme: {ERRORS}",
        "color": "good",
    }


async def test_a_message_of_what_is_left_and_what_is_over(tmp_path: Path, inbox: Inbox, mailbox: Mailbox) -> None:
    """What still fires comes first; a dashboard that is not everybody's stands beside the alert it belongs to."""
    picklists, permissions = sync_errors("picklists", "immediate"), sync_errors("permissions", "immediate")
    of_permissions = {**OF_PERMISSIONS, "dashboard_url": f"{DASHBOARD}&var-category=permissions"}
    async with running_examples(tmp_path, inbox, mailbox) as alertmanager:
        await alertmanager.fire_each((picklists, OF_PICKLISTS), (permissions, of_permissions))
        await until(lambda: inbox.notifications[:])
        await alertmanager.resolve(picklists, annotations=OF_PICKLISTS)
        left = (await until(lambda: inbox.notifications[1:]))[0]
    assert message(left.payload)["title"] == f"[WARNING] acme: {ERRORS}"
    assert message(left.payload)["text"] == (
        f"• {PERMISSIONS}\n  Runbook: {RUNBOOKS}/{SYNC_ERRORS}-permissions.md\n"
        f"  Dashboard: {DASHBOARD}&var-category=permissions\n• Resolved: SyncErrors, picklists\n"
    )


def message(payload: Mapping[str, Any]) -> dict[str, str]:
    (attachment,) = payload["attachments"]
    return {name: attachment.get(name) for name in ("title", "title_link", "text", "fallback", "color")}


async def test_a_page(tmp_path: Path, inbox: Inbox, mailbox: Mailbox) -> None:
    """One line to read on the phone, what to do in the details, both links."""
    async with running_examples(tmp_path, inbox, mailbox) as alertmanager:
        await alertmanager.fire(locked(), annotations=OF_LOCKED)
        page = (await until(lambda: inbox.notifications[:]))[0]
    runbook = f"{RUNBOOKS}/HubSpotSalesforceOrgLocked.md"
    assert (page.receiver, page.payload["event_action"]) == ("pagerduty", "trigger")
    assert page.payload["routing_key"] == "a-routing-key"
    assert page.payload["payload"]["severity"] == "critical"
    assert page.payload["payload"]["summary"] == (
        "[CRITICAL] acme: HubSpot suspended the sync because the org is locked."
    )
    assert page.payload["payload"]["custom_details"]["firing"] == (
        f"• {LOCKED}\n  Runbook: {runbook}\nDashboard: {DASHBOARD}\n"
    )
    assert page.payload["links"] == [{"href": DASHBOARD, "text": "Dashboard"}, {"href": runbook, "text": "Runbook"}]


async def test_a_page_that_belongs_to_no_integration(tmp_path: Path, inbox: Inbox, mailbox: Mailbox) -> None:
    """Nothing stands where the integration's name would."""
    of_down = notes("No replica is up.", "Do first: start it.", "ExporterDown", dashboard="")
    async with running_examples(tmp_path, inbox, mailbox) as alertmanager:
        await alertmanager.fire({"alertname": f"{PREFIX}ExporterDown", "severity": "critical"}, annotations=of_down)
        page = (await until(lambda: inbox.notifications[:]))[0]
    assert page.payload["payload"]["summary"] == "[CRITICAL] No replica is up."
    assert [link["text"] for link in page.payload["links"]] == ["Runbook"]


@pytest.mark.parametrize("notify", ["daily", "weekly"])
async def test_a_digest_by_mail(tmp_path: Path, inbox: Inbox, mailbox: Mailbox, notify: str) -> None:
    """The subject says what it is and of how many; every category has its lines, the dashboard stands once."""
    async with running_examples(tmp_path, inbox, mailbox) as alertmanager:
        both = sync_errors("permissions", notify), sync_errors("picklists", notify)
        await alertmanager.fire_each((both[0], OF_PERMISSIONS), (both[1], OF_PICKLISTS))
        mail = (await until(lambda: mailbox.mails))[0]
    assert mail["Subject"] == f"[{notify.upper()} DIGEST] acme: {ERRORS} (2 alerts)"
    assert (mail["To"], mail["From"]) == ("hubspot-admins@acme.example", "alertmanager@acme.example")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == (
        f"• {PERMISSIONS}\n  Runbook: {RUNBOOKS}/HubSpotSalesforceSyncErrors-permissions.md\n"
        f"• {PICKLISTS}\n  Runbook: {RUNBOOKS}/HubSpotSalesforceSyncErrors-picklists.md\n"
        f"Dashboard: {DASHBOARD}\n"
    )


async def test_the_retention_outlasts_every_repeat_interval(tmp_path: Path) -> None:
    """With the flag of the header Alertmanager has no complaint; with its default it says what would happen."""
    warning = "greater than the data retention period"
    config = yaml.safe_load(TEXT)
    async with running_alertmanager(config, tmp_path, retention()) as alertmanager:
        assert warning not in alertmanager.log.read_text()
    async with running_alertmanager(config, tmp_path) as alertmanager:
        assert warning in alertmanager.log.read_text()
