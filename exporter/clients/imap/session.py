"""One connection to a mail server, from login to logout. It blocks, so threads work with it.

The folder is opened with EXAMINE and messages are fetched with BODY.PEEK, so nothing is changed there, not even what
has been seen. It raises what sockets and IMAPClient raise; ``failures.py`` says what that means.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from imapclient.exceptions import (  # type: ignore[import-untyped]
    IMAPClientAbortError,
    IMAPClientError,
    LoginError,
)

from exporter.clients.imap.letters import LARGEST, Folder, Head, Letter
from exporter.clients.imap.wire import BoundedClient, Line, is_here
from exporter.config.settings import Mailbox
from exporter.errors import AuthError

STEP = 10.0
"""Seconds without a byte after which a server is silent."""

_PLAIN_ELSEWHERE = "mailbox.tls is off, and {host} is not this machine: no password is sent there"
_NO_TOKENS = (
    "the server takes no bearer tokens (it does not offer XOAUTH2): use mailbox.password_file, or check mailbox.host"
)
_NO_PASSWORDS = "the server takes no passwords: name a file with a bearer token in mailbox.access_token_file"


class FolderMissing(Exception):
    """The folder cannot be opened; ``there`` are the names of some that could, ``code`` is what the server named."""

    def __init__(self, code: str, there: tuple[str, ...]) -> None:
        super().__init__(code)
        self.code = code
        self.there = there


class Session:
    """Made without a word; ``line`` can be broken off by another thread."""

    def __init__(self, settings: Mailbox, tls: ssl.SSLContext, line: Line) -> None:
        self._settings = settings
        self._tls = tls
        self._line = line

    @contextlib.contextmanager
    def open(self) -> Iterator[BoundedClient]:
        """Connected until the block ends. Its end is polite, unless it failed."""
        settings = self._settings
        implicit = self._tls if settings.tls == "implicit" else None
        client = BoundedClient(settings.host, settings.port, self._line, implicit, STEP)
        try:
            if settings.tls == "starttls":
                client.begin_tls(self._tls)
            _check_way(client, settings)
            yield client
        except BaseException:
            _hang_up(client)
            raise
        with contextlib.suppress(OSError, IMAPClientError):
            client.logout()
        _hang_up(client)


def _check_way(client: BoundedClient, settings: Mailbox) -> None:
    """A name that is this machine's may lead elsewhere all the same."""
    if settings.tls == "off" and not is_here(client.socket()):
        raise AuthError(_PLAIN_ELSEWHERE.format(host=settings.host))


def _hang_up(client: BoundedClient) -> None:
    with contextlib.suppress(OSError, IMAPClientError):
        client.shutdown()


def log_in(client: BoundedClient, settings: Mailbox, secret: str) -> None:
    """With a bearer token or a password; raises ``LoginError``, or ``AuthError`` where the server takes none such."""
    if settings.is_token:
        if not client.has_capability("AUTH=XOAUTH2"):
            raise AuthError(_NO_TOKENS)
        client.sasl_login("XOAUTH2", _bearer(settings.username, secret))
    elif client.has_capability("AUTH=PLAIN"):
        # Unlike LOGIN it takes characters that are not ASCII.
        client.plain_login(settings.username, secret)
    elif client.has_capability("LOGINDISABLED"):
        raise AuthError(_NO_PASSWORDS)
    else:
        with _encoded():
            client.login(settings.username, secret)


def _bearer(username: str, token: str) -> Any:
    """What XOAUTH2 sends first; to a challenge, which says why the token is refused, the answer is empty."""
    answers = iter([f"user={username}\1auth=Bearer {token}\1\1"])
    return lambda _challenge: next(answers, "")


@contextlib.contextmanager
def _encoded() -> Iterator[None]:
    """The codec's own error would carry the password."""
    try:
        yield
    except UnicodeError:
        raise LoginError("user name or password is not ASCII, and the server has no AUTH=PLAIN") from None


def examine(client: BoundedClient, name: str) -> Folder:
    """Opens the folder to read in it; raises ``FolderMissing``."""
    try:
        said = client.select_folder(name, readonly=True)
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        raise FolderMissing(str(error), _names(client)) from error
    return Folder(int(said[b"UIDVALIDITY"]), said.get(b"UIDNEXT"), int(said.get(b"EXISTS", 0)))


def _names(client: BoundedClient) -> tuple[str, ...]:
    try:
        return tuple(name for flags, _delimiter, name in client.list_folders() if b"\\Noselect" not in flags)
    except (IMAPClientError, ValueError):
        return ()


def uids(client: BoundedClient, first: int, since: date | None) -> Sequence[int]:
    """Of the messages from a UID on, or received since a day."""
    criteria: list[Any] = ["UID", f"{first}:*"] if since is None else ["SINCE", since]
    return [int(uid) for uid in client.search(criteria)]


def heads(client: BoundedClient, wanted: Sequence[int]) -> list[Head]:
    """Who wrote the messages and how large they are, without those that are gone."""
    answer = client.fetch(wanted, ["RFC822.SIZE", "INTERNALDATE", "BODY.PEEK[HEADER.FIELDS (FROM)]"])
    return [
        Head(_letter(uid, answer[uid]), int(answer[uid].get(b"RFC822.SIZE", LARGEST)))
        for uid in wanted
        if uid in answer
    ]


def letters(client: BoundedClient, wanted: Sequence[int]) -> list[Letter]:
    """The messages, or their beginnings, without those that are gone.

    What the server cannot hand out with others is asked for alone.
    """
    try:
        return _fetched(client, wanted) if wanted else []
    except IMAPClientAbortError:
        raise
    except IMAPClientError:
        if len(wanted) == 1:
            return [Letter(wanted[0], None, None)]
    return [letter for uid in wanted for letter in letters(client, [uid])]


def _fetched(client: BoundedClient, wanted: Sequence[int]) -> list[Letter]:
    answer = client.fetch(wanted, ["INTERNALDATE", f"BODY.PEEK[]<0.{LARGEST}>"])
    return [_letter(uid, answer[uid]) for uid in wanted if uid in answer]


def _letter(uid: int, items: Mapping[bytes, Any]) -> Letter:
    body = next((value for name, value in items.items() if name.startswith(b"BODY[")), None)
    received = items.get(b"INTERNALDATE")
    return Letter(
        uid,
        _moment(received) if isinstance(received, datetime) else None,
        body if isinstance(body, bytes) else None,
    )


def _moment(received: datetime) -> float:
    return (received if received.tzinfo else received.replace(tzinfo=UTC)).timestamp()
