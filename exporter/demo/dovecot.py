"""A real IMAP server for the demo and the tests: Debian's Dovecot, on loopback, with a folder of its own.

Written for Dovecot 2.3 (Debian 12). Nothing of the machine's own configuration is read. Everybody may run it: who is
not root runs all of it as himself, which Dovecot calls rootless; for root the mail belongs to ``nobody``, as Dovecot
gives no mail to root. Its sockets have paths that are too long in most folders, so it makes its own below ``/tmp``.
"""

from __future__ import annotations

import contextlib
import getpass
import grp
import itertools
import os
import pwd
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from exporter.demo.processes import Program, find_binary, free_port, running

BINARY = ("dovecot", "/usr/sbin/dovecot")
PACKAGE = "dovecot-imapd"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the server shows: PEM files of the certificate and its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Account:
    """Who may log in; with ``token_info_url`` a bearer token is asked for there, beside the password."""

    username: str = "crm@acme.example"
    password: str = "demo-mailbox-password"  # noqa: S105  of a server that lives for a demo
    token_info_url: str | None = None


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A server that runs; ``deliver`` puts messages into its mail."""

    port: int
    tls_port: int | None
    account: Account
    home: Path
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def maildir(self) -> Path:
        """The inbox; folders are beside it, with a dot in front (Maildir++)."""
        return self.home / "mail"

    def deliver(self, message: bytes, received_at: float | None = None, folder: str = "") -> Path:
        """Puts one message into the inbox, or a folder by its name on disk (``.Alerts``, made if it is not there), as
        received now or at this epoch second."""
        maildir = self.maildir / folder
        for part in ("", "tmp", "new", "cur"):
            _make_folder(maildir / part)
        name = f"{time.time():.6f}.{os.getpid()}_{next(self._numbers)}.demo"
        written = maildir / "tmp" / name
        written.write_bytes(message)
        _give(written)
        if received_at is not None:
            os.utime(written, (received_at, received_at))
        return written.rename(maildir / "new" / name)


def is_installed() -> bool:
    """Whether there is one to start, of the version that it is configured for."""
    return any(map(shutil.which, BINARY))


@contextlib.asynccontextmanager
async def running_dovecot(
    log_folder: Path, account: Account | None = None, tls: Certificate | None = None
) -> AsyncIterator[Dovecot]:
    """Runs one until the block ends; its log goes into ``log_folder``. Raises ``ProcessError`` if it does not start.

    It speaks plain IMAP on ``port``, with ``tls`` also STARTTLS there, and TLS from the first byte on ``tls_port``.
    """
    binary = find_binary(BINARY, PACKAGE)
    home = _new_home()
    try:
        server = Dovecot(free_port(), free_port() if tls else None, account or Account(), home)
        _make_folder(server.maildir)
        configuration = home / "dovecot.conf"
        configuration.write_text(_configuration(server, tls), encoding="utf-8")
        program = Program("dovecot", (binary, "-F", "-c", str(configuration)), f"tcp://127.0.0.1:{server.port}")
        async with running(program, log_folder / "dovecot.log"):
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _new_home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
    home.chmod(0o755)
    return home


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir()
        _give(folder)


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, _owner().pw_uid, _owner().pw_gid)


def _owner() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _configuration(server: Dovecot, tls: Certificate | None) -> str:
    owner = _owner()
    account = server.account
    users = server.home / "users"
    users.write_text(f"{account.username}:{{PLAIN}}{account.password}\n", encoding="utf-8")
    users.chmod(0o644)
    lines = [
        f"base_dir = {server.home}/run",
        f"state_dir = {server.home}/state",
        "log_path = /dev/stderr",
        "protocols = imap",
        "listen = 127.0.0.1",
        "disable_plaintext_auth = no",
        "auth_mechanisms = plain login xoauth2 oauthbearer"
        if account.token_info_url
        else "auth_mechanisms = plain login",
        "auth_failure_delay = 0",
        "mail_location = maildir:~/mail",
        "mail_fsync = never",
        f"first_valid_uid = {owner.pw_uid}",
        f"first_valid_gid = {owner.pw_gid}",
        # Whoever asks often from one address with a wrong password is made to wait; here that is a test.
        "service anvil {\n  chroot =\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}",
        "mail_max_userip_connections = 100",
        _listeners(server),
        f"passdb {{\n  driver = passwd-file\n  args = scheme=PLAIN username_format=%u {users}\n}}",
        *_bearer_tokens(server),
        f"userdb {{\n  driver = static\n  args = uid={owner.pw_uid} gid={owner.pw_gid} home={server.home}\n}}",
        *_tls(tls),
    ]
    if os.geteuid() != 0:
        lines += [f"default_internal_user = {getpass.getuser()}", f"default_login_user = {getpass.getuser()}"]
        lines += [f"default_internal_group = {grp.getgrgid(os.getegid()).gr_name}"]
    return "\n".join(lines) + "\n"


def _listeners(server: Dovecot) -> str:
    return (
        "service imap-login {\n  chroot =\n"
        f"  inet_listener imap {{\n    port = {server.port}\n  }}\n"
        f"  inet_listener imaps {{\n    port = {server.tls_port or 0}\n    ssl = yes\n  }}\n}}"
    )


def _bearer_tokens(server: Dovecot) -> list[str]:
    if server.account.token_info_url is None:
        return []
    settings = server.home / "oauth2.conf"
    settings.write_text(
        f"tokeninfo_url = {server.account.token_info_url}\nusername_attribute = email\n", encoding="utf-8"
    )
    settings.chmod(0o644)
    return [f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {settings}\n}}"]


def _tls(tls: Certificate | None) -> list[str]:
    if tls is None:
        return ["ssl = no"]
    return ["ssl = yes", f"ssl_cert = <{tls.certificate}", f"ssl_key = <{tls.key}"]
