"""What the mailboxes of all integrations share. Where there is none nothing else of IMAP is imported: 3 MiB, with what
reads e-mails."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from exporter.clients.imap.login_pauses import LoginPauses
from exporter.clock import Clock

MOST_THREADS = 16
AT_A_TIME = 2
"""Connections to one account: several integrations may read it."""


class Mailboxes:
    """Threads, and what was refused to whom."""

    def __init__(self, clock: Clock) -> None:
        self.pauses = LoginPauses(clock)
        self.threads = ThreadPoolExecutor(MOST_THREADS, "mailbox")
        self._turns: dict[str, asyncio.Semaphore] = {}

    def turn(self, account: str) -> asyncio.Semaphore:
        """Held while there is a connection to this account."""
        return self._turns.setdefault(account, asyncio.Semaphore(AT_A_TIME))

    def close(self) -> None:
        """No thread is begun any more; nobody waits for those that are at work."""
        self.threads.shutdown(wait=False, cancel_futures=True)
