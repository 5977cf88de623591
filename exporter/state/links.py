"""Where people open a record: HubSpot's web application, and Salesforce's Lightning pages. Pure.

Facts: HubSpot's record pages are ``https://{uiDomain}/contacts/{portalId}/record/{objectTypeId}/{id}`` for every type
of object, with the object type ids of its developer documentation (*Understanding the CRM*; ``2-…`` are an account's
own); ``uiDomain`` is ``app.hubspot.com``, or that of a data centre (``app-eu1.hubspot.com``). Activities have ids too,
but not on every plan a page of their own. Salesforce's *Lightning Experience URL formats*: ``/lightning/r/{id}/view``
finds the object by the id, of 15 or 18 letters and digits; the host follows from My Domain, see ``salesforce_host``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.config.salesforce_host import lightning_host
from exporter.config.settings import Integration
from exporter.config.urls import host_of
from exporter.model import HubSpotAccount, SyncError
from exporter.state.snapshot import Snapshot
from exporter.state.statement import sources_of

OBJECT_TYPE_IDS: Mapping[str, str] = {
    **dict.fromkeys(("contacts", "contact"), "0-1"),
    **dict.fromkeys(("companies", "company"), "0-2"),
    **dict.fromkeys(("deals", "deal"), "0-3"),
    **dict.fromkeys(("tickets", "ticket"), "0-5"),
}
"""By the name a bridge may give the type, in small letters."""

_OBJECT_TYPE_ID = re.compile(r"[02]-[0-9]{1,12}")
_HUBSPOT_ID = re.compile(r"[0-9]{1,20}")
_HUBSPOT_HOST = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\.hubspot\.com")
_SALESFORCE_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


def hubspot_link(
    portal_id: int | None, ui_domain: str | None, object_type: str | None, hubspot_id: str | None
) -> str | None:
    """The page of a record in HubSpot; ``None`` where something is not known, or is not what it should be."""
    name = (object_type or "").lower()
    type_id = OBJECT_TYPE_IDS.get(name) or (name if _OBJECT_TYPE_ID.fullmatch(name) else None)
    if portal_id is None or portal_id < 1 or type_id is None:
        return None
    if not _HUBSPOT_HOST.fullmatch(ui_domain or "") or not _HUBSPOT_ID.fullmatch(hubspot_id or ""):
        return None
    return f"https://{ui_domain}/contacts/{portal_id}/record/{type_id}/{hubspot_id}"


def salesforce_link(my_domain_url: str | None, salesforce_id: str | None) -> str | None:
    """The page of a record in the org at this URL; ``None`` if that is no My Domain, or the id is none."""
    host = lightning_host(host_of(my_domain_url or ""))
    if host is None or not _SALESFORCE_ID.fullmatch(salesforce_id or ""):
        return None
    return f"https://{host}/lightning/r/{salesforce_id}/view"


@dataclass(frozen=True, slots=True)
class Links:
    """Where the records of one integration are: in which HubSpot account and in the org at which URL, as far as that is
    known."""

    account: HubSpotAccount | None = None
    my_domain_url: str | None = None

    def hubspot(self, error: SyncError) -> str | None:
        """The record of an error in HubSpot."""
        account = self.account
        if account is None:
            return None
        return hubspot_link(account.portal_id, account.ui_domain, error.object_type, error.hubspot_id)

    def salesforce(self, error: SyncError) -> str | None:
        """The record of an error in Salesforce."""
        return salesforce_link(self.my_domain_url, error.salesforce_id)


def links_of(integration: Integration, account: HubSpotAccount | None) -> Links:
    """By what the configuration says of the org, and HubSpot of its account."""
    return Links(account, integration.salesforce.url if integration.salesforce else None)


def account_of(snapshot: Snapshot, now: float) -> HubSpotAccount | None:
    """Which account it is, as HubSpot last said."""
    return next((account for account, _source in sources_of(snapshot, now, HubSpotAccount)), None)
