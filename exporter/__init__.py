"""Monitoring and automatic resync for the HubSpot–Salesforce integration."""

__version__ = "0.2.0"
