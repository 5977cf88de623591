"""What a mail server's refusal means, and what to do about it. Pure.

Facts: RFC 5530 (response codes), RFC 9051; Google, *IMAP, POP and SMTP* and *Sign in with app passwords* (no account
passwords since 2025, XOAUTH2 with the scope ``https://mail.google.com/``); Microsoft, *Deprecation of Basic
authentication in Exchange Online* (no passwords over IMAP since 2023) and *Authenticate an IMAP, POP or SMTP
connection using OAuth* (``IMAP.AccessAsUser.All``, for apps ``IMAP.AccessAsApp``; an account that may log in, but has
no such mailbox, is told "User is authenticated but not connected"). The English of a server is matched where it has no
code, and never shown.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from imapclient.exceptions import CapabilityError, IMAPClientAbortError  # type: ignore[import-untyped]

from exporter.clients.http.connect_failure import reason_of
from exporter.clients.imap.session import STEP, FolderMissing
from exporter.config.settings import Mailbox
from exporter.errors import (
    Again,
    AuthError,
    ConnectError,
    InvalidAnswer,
    RateLimited,
    ServerError,
    UpstreamError,
    UpstreamTimeout,
)

_CODE = re.compile(r"\[([A-Z]{2,40})[\] ]")
_MOST_NAMES = 10

_FOR_A_WHILE = frozenset({"UNAVAILABLE", "INUSE", "SERVERBUG"})
_TOO_MUCH = re.compile(
    r"\[(?:LIMIT|THROTTLED|OVERQUOTA)\b|too many|rate limit|bandwidth limit|request is throttled", re.IGNORECASE
)
_NOT_CONNECTED = re.compile(r"authenticated but not connected", re.IGNORECASE)
_APP_PASSWORD = re.compile(r"application-specific password|app password", re.IGNORECASE)

_GOOGLE = (
    "Google takes no password of the account: make an app password for mailbox.password_file (2-step verification "
    "must be on), or use mailbox.access_token_file"
)
_MICROSOFT = (
    "Microsoft takes no passwords over IMAP: use mailbox.access_token_file, and see that IMAP is switched on for this "
    "mailbox"
)
_LOGIN = "check mailbox.username and the password; some providers want an app password, or IMAP switched on"
_GOOGLE_BEARER = "it has expired, is another user's, or lacks the scope https://mail.google.com/"
_MICROSOFT_BEARER = (
    "it has expired, is another user's, or lacks IMAP.AccessAsUser.All (for an app: IMAP.AccessAsApp, and the right to "
    "this mailbox)"
)
_BEARER = "it has expired, is another user's, or has no scope for IMAP"

_IN_OTHER_WORDS = (
    ("port and https:// in the URL", "mailbox.port and mailbox.tls"),
    ("write the host name into the URL", "write the host name into mailbox.host"),
    ("the host name in the URL", "mailbox.host"),
    ("check the port", "check mailbox.port"),
)


def failure_of(error: BaseException, settings: Mailbox) -> UpstreamError:
    """What went wrong after or before the login, in words that name the setting to change."""
    if isinstance(error, UpstreamError):
        return error
    if isinstance(error, FolderMissing):
        return _no_folder(error, settings)
    other = f"it does not answer as an IMAP server does ({type(error).__name__})"
    return _passing(error, settings) or _of_connection(error, settings) or InvalidAnswer(f"{settings.host}: {other}")


def _of_connection(error: BaseException, settings: Mailbox) -> UpstreamError | None:
    host = settings.host
    if any(isinstance(one, TimeoutError) for one in _chain(error)):
        return UpstreamTimeout(f"{host}: silent for {STEP:g} s")
    if isinstance(error, CapabilityError):
        return InvalidAnswer(f"{host}: it offers no STARTTLS on this port: check mailbox.tls and mailbox.port")
    reason = reason_of(error)
    if reason is not None:
        return ConnectError(f"{host}: {_in_our_words(reason)}", again=Again.SOON)
    garbled = isinstance(error, IMAPClientAbortError) and "unexpected" in str(error)
    if isinstance(error, OSError | IMAPClientAbortError) and not garbled:
        return ConnectError(f"{host}: it hung up in the middle", again=Again.SOON)
    return None


def login_failure(error: BaseException, settings: Mailbox) -> UpstreamError:
    """Why the login was refused. Whoever breaks off in the middle of it has refused nothing."""
    if any(isinstance(one, OSError | IMAPClientAbortError) for one in _chain(error)):
        return failure_of(
            next(one for one in _chain(error) if isinstance(one, OSError | IMAPClientAbortError)), settings
        )
    passing = _passing(error, settings)
    if passing is not None:
        return passing
    what = "bearer token" if settings.is_token else "login"
    told = f"{settings.host}: the {what} of {settings.username} is refused: {_remedy(str(error), settings)}"
    return AuthError(told, code=_code(error))


def _remedy(said: str, settings: Mailbox) -> str:
    google, microsoft = _is_google(settings.host), _is_microsoft(settings.host)
    if settings.is_token:
        return _GOOGLE_BEARER if google else _MICROSOFT_BEARER if microsoft else _BEARER
    if google or _APP_PASSWORD.search(said):
        return _GOOGLE if google else "it wants an app password in mailbox.password_file"
    return _MICROSOFT if microsoft else _LOGIN


def _passing(error: BaseException, settings: Mailbox) -> UpstreamError | None:
    """A refusal that passes by itself."""
    said, code = str(error), _code(error)
    if _TOO_MUCH.search(said):
        return RateLimited(f"{settings.host}: too many connections, or too much read, for now", code=code)
    if code in _FOR_A_WHILE:
        return ServerError(f"{settings.host}: it cannot let anybody in for now", code=code, again=Again.SOON)
    return None


def _no_folder(error: FolderMissing, settings: Mailbox) -> UpstreamError:
    passing = _passing(error, settings)
    if passing is not None:
        return passing
    if _NOT_CONNECTED.search(error.code):
        return AuthError(
            f"{settings.host}: {settings.username} may log in, but has no such mailbox: check mailbox.username, its "
            "licence, and for an app its right to this mailbox"
        )
    near = difflib.get_close_matches(settings.folder, error.there, n=1) or [
        name for name in error.there if name.casefold() == settings.folder.casefold()
    ]
    names = ", ".join(f"“{name}”" for name in sorted(error.there)[:_MOST_NAMES])
    more = ", …" if len(error.there) > _MOST_NAMES else ""
    hint = f"perhaps “{near[0]}”? There are {names}{more}" if near else f"there are {names}{more}"
    return InvalidAnswer(
        f"{settings.host}: there is no folder “{settings.folder}” that {settings.username} may read (mailbox.folder)"
        + (f": {hint}" if names else ""),
        code=_code(error),
        again=Again.LATER,
    )


def _code(error: BaseException) -> str | None:
    found = _CODE.search(str(error))
    return found[1] if found else None


def _in_our_words(reason: str) -> str:
    for theirs, ours in _IN_OTHER_WORDS:
        reason = reason.replace(theirs, ours)
    return reason


def _is_google(host: str) -> bool:
    return host.casefold().endswith((".gmail.com", ".googlemail.com", ".google.com"))


def _is_microsoft(host: str) -> bool:
    return host.casefold().endswith((".office365.com", ".outlook.com", ".office.com", ".partner.outlook.cn"))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from."""
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
