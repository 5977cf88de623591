"""HubSpot's public CRM API over the records of an org."""
