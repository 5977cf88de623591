"""The HTTP side: metrics, health, webhook, API."""
