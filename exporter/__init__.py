"""Monitoring and automatic resync for the HubSpot–Salesforce integration."""

__version__ = "0.1.0"
