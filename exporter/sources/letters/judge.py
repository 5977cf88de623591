"""By what the messages of one integration are judged: patterns, senders, and whose e-mails are its own. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from exporter.mail.message import Message
from exporter.mail.patterns import Patterns
from exporter.mail.sender import check
from exporter.mail.verdict import MATCHED, UNMATCHED, Verdict, judge

_WHOSE = "several integrations read this folder, and it does not say which HubSpot account it is about"


@dataclass(frozen=True)
class Judge:
    """``account`` is an id or a regular expression, ``None`` where all of HubSpot's e-mails are this integration's.
    ``shared``: others read the folder. ``written`` is what the patterns were read from, as one text."""

    patterns: Patterns
    account: str | None
    shared: bool
    written: str

    @property
    def mark(self) -> str:
        """Another one where messages may be judged otherwise."""
        told = "\0".join((self.written, repr(self.patterns.senders), self.account or "", str(self.shared)))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def wants(self, head: Message) -> bool:
        """Whether the sender is one whose messages are read."""
        senders = self.patterns.senders
        return any(check(head, senders, known).known for known in (senders.patterns, senders.forwarders))

    def verdict(self, message: Message) -> Verdict:
        """In a folder of several a statement without an account is nobody's."""
        found = judge(message, self.patterns, () if self.account is None else (self.account,))
        if self.shared and found.result == MATCHED and found.account is None:
            return replace(found, result=UNMATCHED, why=(*found.why, _WHOSE))
        return found
