"""The HTTP side, held together by ``app``: ``pages`` for people, ``api`` for programs, metrics, webhook, and guards."""
