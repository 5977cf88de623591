"""The headings under which checks are shown, in this order."""

CONFIGURATION = "Configuration"
CLOCK = "Clock"
SALESFORCE = "Salesforce"
USER = "HubSpot's user in Salesforce"
HUBSPOT = "HubSpot"
SYNC_HEALTH = "Sync Health"
MAILBOX = "Mailbox"
RESYNC = "Resync by touch"
CANARY = "Canary"

ORDER = (CONFIGURATION, CLOCK, SALESFORCE, USER, HUBSPOT, SYNC_HEALTH, MAILBOX, RESYNC, CANARY)
