"""A quiet half day, and a day on which much goes wrong.

On the bad day acme's org runs out of API calls because a data loader runs wild, emea's integration user has permissions
until next week only, loses one at once and the sync is suspended for it, apac imports so much that its allocation will
not last, resyncs there cure nothing, its bridge fails for a while and users are no longer shown to the exporter, a
resync of acme is so large that it waits for approval, and at last a HubSpot scope of acme is withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from exporter.demo.simulator.faults import Fault
from tests.dashboards.story import DAY, Event, Story
from tests.remediation.payloads import alert, notification, sync_errors

QUIET, BAD = 12.0, 24.0
"""Hours of each."""


async def a_few_errors(story: Story) -> None:
    story.orgs["acme"].add_errors("property_values", "invalid_email", 3)
    story.orgs["emea"].add_errors("duplicates", "email_already_in_use", 2)


async def owner_missing(story: Story) -> None:
    story.orgs["acme"].add_errors("picklists", "inactive_salesforce_owner", 9, cause="owner", affected_records=2)


async def data_loader_runs_wild(story: Story) -> None:
    story.burst["acme"] = 480


async def data_loader_stopped(story: Story) -> None:
    story.burst["acme"] = 0


async def scrapes_fail(story: Story) -> None:
    story.scraped = False


async def scrapes_work(story: Story) -> None:
    story.scraped = True


async def option_missing(story: Story) -> None:
    story.orgs["acme"].add_errors(
        "picklists", "missing_salesforce_picklist_option", 128, cause="option", affected_records=3
    )


async def accounts_to_come(story: Story) -> None:
    story.orgs["acme"].add_errors("associations", "waiting_for_account_to_sync", 24)
    story.orgs["apac"].add_errors("associations", "waiting_for_account_to_sync", 7)


async def alerts_on_associations(story: Story) -> None:
    firing = [
        sync_errors("associations", fingerprint=f"associations-{name}", integration=name) for name in ("acme", "apac")
    ]
    await story.post(notification(*firing), 202)
    await story.post(notification(*firing), 200)


async def alert_on_picklists(story: Story) -> None:
    await story.post(notification(sync_errors("picklists", integration="acme")), 200)


async def strangers_post(story: Story) -> None:
    await story.post(b"{}", 401, token="of somebody else")
    await story.post(b"{}", 400)


async def alert_on_errors_nobody_knows(story: Story) -> None:
    story.orgs["apac"].add_errors("other", "unknown", 12, cause="not known to HubSpot either")
    await story.post(notification(sync_errors("other", integration="apac", fingerprint="other-apac")), 202)


async def acme_asks_for_many(story: Story) -> None:
    await story.post(notification(sync_errors("associations", integration="acme", fingerprint="many-acme")), 202)


async def salesforce_raises_the_limit(story: Story) -> None:
    story.orgs["acme"].daily_limit = 125_000
    story.orgs["acme"].add_errors("other", "unknown", 5)


async def acme_cleared(story: Story) -> None:
    assert story.orgs["acme"].clear_suspension() is None
    ended = alert("HubSpotSalesforceOrgApiLimitExceeded", integration="acme", fingerprint="acme-org-limit")
    await story.post(notification(ended), 202)


async def permissions_until_next_week(story: Story) -> None:
    story.orgs["emea"].set_assignment("direct", ends_in=6 * DAY)


async def users_not_shown(story: Story) -> None:
    story.orgs["apac"].hidden = frozenset({"UserLogin"})


async def phone_permission_withdrawn(story: Story) -> None:
    story.orgs["emea"].set_field_permission("Contact", "Phone", granted=False)


async def alert_while_suspended(story: Story) -> None:
    emea = story.orgs["emea"]
    assert emea.suspension is not None
    emea.add_errors("associations", "waiting_for_account_to_sync", 4)


async def emea_asks_in_vain(story: Story) -> None:
    await story.post(
        notification(sync_errors("associations", integration="emea", fingerprint="associations-emea")), 200
    )
    resolved = alert("HubSpotSalesforceOrgLocked", integration="emea", fingerprint="emea-locked")
    await story.post(notification(resolved), 202)


async def salesforce_incident(story: Story) -> None:
    story.orgs["apac"].set_trust("MINOR_INCIDENT_CORE")


async def incident_over(story: Story) -> None:
    story.orgs["apac"].set_trust("OK")


async def apac_imports(story: Story) -> None:
    story.rush["apac"] = 4.5


async def bridge_fails(story: Story) -> None:
    story.orgs["apac"].faults.put(Fault("bridge", "server_error"))


async def bridge_works(story: Story) -> None:
    story.orgs["apac"].faults.clear()


async def scope_withdrawn(story: Story) -> None:
    story.orgs["acme"].faults.put(Fault("hubspot", "missing_scopes"))


async def storage_fills(story: Story) -> None:
    story.orgs["emea"].set_storage("data", 870, 1_024)


EVENTS: Sequence[Event] = (
    (3.0, a_few_errors),
    (7.0, owner_missing),
    (QUIET + 1.0, data_loader_runs_wild),
    (QUIET + 2.0, scrapes_fail),
    (QUIET + 2.4, scrapes_work),
    (QUIET + 6.0, option_missing),
    (QUIET + 7.0, accounts_to_come),
    (QUIET + 7.3, alerts_on_associations),
    (QUIET + 7.6, alert_on_picklists),
    (QUIET + 8.0, strangers_post),
    (QUIET + 9.0, storage_fills),
    (QUIET + 10.0, permissions_until_next_week),
    (QUIET + 11.0, phone_permission_withdrawn),
    (QUIET + 12.0, salesforce_incident),
    (QUIET + 13.5, data_loader_stopped),
    (QUIET + 14.0, salesforce_raises_the_limit),
    (QUIET + 14.5, acme_cleared),
    (QUIET + 15.0, incident_over),
    (QUIET + 16.0, alert_on_errors_nobody_knows),
    (QUIET + 17.0, users_not_shown),
    (QUIET + 18.0, apac_imports),
    (QUIET + 18.0, alert_while_suspended),
    (QUIET + 18.3, emea_asks_in_vain),
    (QUIET + 19.0, bridge_fails),
    (QUIET + 20.5, bridge_works),
    (QUIET + 21.3, acme_asks_for_many),
    (QUIET + 23.5, scope_withdrawn),
)
