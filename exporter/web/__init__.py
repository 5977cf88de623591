"""The HTTP side. ``app`` puts it together: ``pages`` for people, ``api`` for programs, metrics, health, webhook, reload, and
who is let in."""
