"""The e-mails HubSpot writes to the owner of an integration.

The wording of the real ones is not public. These are made up from the titles HubSpot prints; the exporter's patterns
know nothing of them.
"""
