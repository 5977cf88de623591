"""The properties of HubSpot's records that tell of Salesforce, by object type. Pure.

Facts: HubSpot knowledge base, *HubSpot's default properties*: the modification date is ``lastmodifieddate`` on contacts
and ``hs_lastmodifieddate`` elsewhere; the ids of Salesforce records are those of the group ``salesforceinformation``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

LINKS: Mapping[str, Sequence[str]] = {
    "contacts": ("salesforcecontactid", "salesforceleadid"),
    "companies": ("salesforceaccountid",),
    "deals": ("hs_salesforceopportunityid",),
}
"""The properties that say to which Salesforce record a record is linked; a contact has either of two."""

CREATED = "createdate"


def changed_property(object_type: str) -> str:
    """The property that holds when a record of this type was modified last."""
    return "lastmodifieddate" if object_type == "contacts" else "hs_lastmodifieddate"
