"""The HTTP side: metrics, health, status page, webhook, API, reload. ``app`` puts it together."""
