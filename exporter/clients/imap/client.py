"""Reads the folder that HubSpot's e-mails come into.

A connection lasts for one poll: a login a minute costs a few round trips, and in return no session grows old, no token
is held after it was replaced, and no replica keeps a connection that another one needs (Google allows 15 an account).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import Future
from functools import lru_cache
from traceback import walk_tb

from imapclient.exceptions import IMAPClientError  # type: ignore[import-untyped]

from exporter.clients.http.client import trusting
from exporter.clients.http.secrets import secret_text, sendable_token
from exporter.clients.imap import session
from exporter.clients.imap.failures import failure_of, login_failure
from exporter.clients.imap.letters import MOST_AT_ONCE, Folder, Letter, LetterReader, Start, portions, wanted
from exporter.clients.imap.mailboxes import Mailboxes
from exporter.clients.imap.wire import BoundedClient, Line
from exporter.config.network import Network
from exporter.config.settings import Mailbox
from exporter.errors import AuthError, UpstreamTimeout

WHOLE = 25.0
"""Seconds after which a connection is broken off, whatever it does: a poll has 30."""

READS_FOR = 15.0
"""Seconds after which no further portion is fetched: the next poll goes on there."""

_GARBLED = (
    session.FolderMissing,
    OSError,
    IMAPClientError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)
"""What sockets and IMAPClient raise, the latter for bytes that are no IMAP as well."""

_trusting = lru_cache(maxsize=8)(trusting)


class MailboxClient:
    """One integration's folder."""

    def __init__(
        self, settings: Mailbox, network: Network, shared: Mailboxes, whole: float = WHOLE, reads_for: float = READS_FOR
    ) -> None:
        self.settings = settings
        self._network = network
        self._shared = shared
        self._whole = whole
        self._reads_for = reads_for
        self._account = f"{settings.username}@{settings.host.casefold()}:{settings.port}"

    async def read(self, reader: LetterReader) -> bool:
        """Hands on what ``reader`` wants; whether the end was reached. What it has taken it keeps if this fails.

        Raises ``AuthError`` for a login that is refused, ``UpstreamTimeout`` for a server that is silent or too slow,
        ``ConnectError``, ``InvalidAnswer`` (no such folder, no IMAP), ``RateLimited`` or ``ServerError``.
        """
        secret = self._secret()
        self._shared.pauses.check(self._account, secret)
        line = Line()
        try:
            async with asyncio.timeout(self._whole), self._shared.turn(self._account):
                work = self._shared.threads.submit(self._read, line, secret, reader)
                work.add_done_callback(_look_at)
                return await asyncio.wrap_future(work)
        except TimeoutError:
            raise UpstreamTimeout(f"{self.settings.host}: not done within {self._whole:g} s") from None
        finally:
            line.break_off()

    async def look(self) -> Folder:
        """The folder as it is, without a message of it; raises the same."""
        seen = _Onlooker()
        await self.read(seen)
        return seen.folder

    def _secret(self) -> str:
        credential = self.settings.credential
        if self.settings.is_token:
            return sendable_token(credential, "mailbox")
        return secret_text(credential, "mailbox password")

    def _read(self, line: Line, secret: str, reader: LetterReader) -> bool:
        """In a thread. Nothing that a server says gets past here but as an ``UpstreamError``."""
        try:
            with session.Session(self.settings, _trusting(self._network.authorities), line).open() as client:
                self._log_in(client, secret)
                folder = session.examine(client, self.settings.folder)
                return _hand_on(client, folder, reader, time.monotonic() + self._reads_for)
        except _GARBLED as error:
            if _is_the_readers(error, reader):
                raise
            raise failure_of(error, self.settings) from error
        finally:
            line.close()

    def _log_in(self, client: BoundedClient, secret: str) -> None:
        try:
            with self._explained():
                session.log_in(client, self.settings, secret)
        except AuthError as error:
            raise self._shared.pauses.refused(self._account, secret, error) from error
        self._shared.pauses.accepted(self._account)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except _GARBLED as error:
            # Of the cause's own text nothing must be seen: some servers repeat what they were sent.
            raise login_failure(error, self.settings) from None


def _hand_on(client: BoundedClient, folder: Folder, reader: LetterReader, until: float) -> bool:
    start = reader.begin(folder)
    found = [] if _is_empty(folder, start) else wanted(session.uids(client, start.uid, start.since), start)
    for at in range(0, len(found), MOST_AT_ONCE):
        asked = found[at : at + MOST_AT_ONCE]
        heads = session.heads(client, asked)
        fetched = [reader.wants(head.letter) for head in heads]
        for portion in portions([head.size if fetch else 0 for head, fetch in zip(heads, fetched, strict=True)]):
            if time.monotonic() >= until:
                return False
            letters = session.letters(client, [heads[place].letter.uid for place in portion if fetched[place]])
            letters += [heads[place].letter for place in portion if not fetched[place]]
            reader.take(sorted(letters, key=lambda letter: letter.uid), heads[portion[-1]].letter.uid + 1)
        reader.take((), asked[-1] + 1)
    reader.end(max(folder.next_uid or 1, found[-1] + 1 if found else start.uid))
    return True


def _is_empty(folder: Folder, start: Start) -> bool:
    """Whether nothing can be there to read, so that nobody need be asked."""
    return folder.messages == 0 or (folder.next_uid is not None and folder.next_uid <= start.uid)


def _is_the_readers(error: BaseException, reader: LetterReader) -> bool:
    """Whether it was raised where a message is read: that is a mistake of ours, and no server's."""
    return any(frame.f_locals.get("self") is reader for frame, _line in walk_tb(error.__traceback__))


def _look_at(work: Future[bool]) -> None:
    """An error that comes after nobody waits any more is no news."""
    if not work.cancelled():
        work.exception()


class _Onlooker:
    folder: Folder

    def begin(self, folder: Folder) -> Start:
        self.folder = folder
        return Start(at_most=0)

    def wants(self, _head: Letter) -> bool:
        """Nothing comes."""
        return False

    def take(self, _letters: object, _next_uid: int) -> None:
        """Nothing comes."""

    def end(self, _next_uid: int) -> None:
        """Nothing is remembered."""
