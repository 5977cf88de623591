"""The properties of HubSpot's records that tell of Salesforce, by object type. Pure.

Facts: HubSpot knowledge base, *HubSpot's default properties*: the modification date is ``lastmodifieddate`` on contacts
and ``hs_lastmodifieddate`` elsewhere; the ids of Salesforce records are those of the group ``salesforceinformation``.
"""

from __future__ import annotations

from collections.abc import Mapping

LINKS: Mapping[str, Mapping[str, str]] = {
    "contacts": {"salesforcecontactid": "Contact", "salesforceleadid": "Lead"},
    "companies": {"salesforceaccountid": "Account"},
    "deals": {"hs_salesforceopportunityid": "Opportunity"},
}
"""The properties that say to which Salesforce record a record is linked, and of which object that is; a contact has
either of two."""

CREATED = "createdate"


def changed_property(object_type: str) -> str:
    """The property that holds when a record of this type was modified last."""
    return "lastmodifieddate" if object_type == "contacts" else "hs_lastmodifieddate"
