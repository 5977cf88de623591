"""HubSpot properties that mean something to somebody, so that nothing is written to them."""

from __future__ import annotations

MEANINGFUL = frozenset(
    {
        *("createdate", "closedate", "lastmodifieddate", "notes_last_contacted", "notes_last_updated"),
        *("salesforceaccountid", "salesforcecampaignids", "salesforcecontactid", "salesforcedeleted"),
        *("salesforcelastsynctime", "salesforceleadid", "salesforceopportunitystage", "salesforceownerid"),
    }
)
"""Properties that HubSpot and its integration write themselves. What else is HubSpot's own shows when it is asked."""
