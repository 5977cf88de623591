"""The headings under which checks are shown, in this order."""

CONFIGURATION = "Configuration"
CLOCK = "Clock"
SALESFORCE = "Salesforce"
USER = "HubSpot's user in Salesforce"
HUBSPOT = "HubSpot"
SYNC_HEALTH = "Sync Health"
RESYNC = "Resync by touch"

ORDER = (CONFIGURATION, CLOCK, SALESFORCE, USER, HUBSPOT, SYNC_HEALTH, RESYNC)
