"""Who takes what is read."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.clients.imap.letters import Folder, Letter, Start


class Listener:
    """Takes everything from a UID on, and remembers it."""

    def __init__(self, start: Start | None = None) -> None:
        self.start = start or Start()
        self.folder: Folder | None = None
        self.letters: list[Letter] = []
        self.next_uid = 0
        self.portions = 0

    def begin(self, folder: Folder) -> Start:
        self.folder = folder
        return self.start

    def wants(self, head: Letter) -> bool:
        return b"hubspot.com" in (head.raw or b"")

    def take(self, letters: Sequence[Letter], next_uid: int) -> None:
        self.letters += letters
        self.next_uid = next_uid
        self.portions += bool(letters)

    def end(self, next_uid: int) -> None:
        self.next_uid = next_uid
