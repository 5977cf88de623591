"""One client of the mail server, from its greeting to its end."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import ClassVar

from exporter.demo.simulator.imap.message import day_of, fetched, received_on
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.state.outbox import Mail
from exporter.demo.simulator.world import World

UIDVALIDITY = 1
LONGEST_LINE = 65_536
_CAPABILITIES = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2"
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(\([^()]*(?:\([^()]*\)[^()]*)*\))|(\S+)')
_BEARER = re.compile(r"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01")


class Refused(Exception):
    """A command that is answered with this instead of OK."""


def address_of(org: Org) -> str:
    """Who logs in to read what HubSpot writes to an org's owner."""
    return f"crm-alerts@{org.name}.example"


class Session:
    """Commands come one after the other. Each method of `_commands` yields what is said before the OK."""

    def __init__(self, world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._world = world
        self._reader = reader
        self._writer = writer
        self._org: Org | None = None
        self._is_open = False

    async def run(self) -> None:
        """Until it logs out or hangs up."""
        self._say(f"* OK [CAPABILITY {_CAPABILITIES}] simulated mailbox")
        await self._writer.drain()
        while line := await self._line():
            tag, _, command = line.partition(" ")
            await self._answer(tag, command)
            await self._writer.drain()
            if command.upper() == "LOGOUT":
                return

    async def _line(self) -> str:
        try:
            return (await self._reader.readuntil(b"\r\n")).decode("utf-8", "replace").rstrip("\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return ""

    def _say(self, text: str | bytes) -> None:
        self._writer.write((text.encode() if isinstance(text, str) else text) + b"\r\n")

    async def _answer(self, tag: str, command: str) -> None:
        words = [match[1] if match[1] is not None else match[0] for match in _TOKEN.finditer(command)]
        is_uid = bool(words) and words[0].upper() == "UID"
        name, arguments = " ".join(words[: 1 + is_uid]).upper(), words[1 + is_uid :]
        try:
            if name == "AUTHENTICATE":
                await self._authenticate(arguments)
            else:
                for said in self._commands.get(name, Session._unknown)(self, arguments):
                    self._say(said)
        except Refused as refusal:
            self._say(f"{tag} {refusal}")
        except (ValueError, IndexError):
            self._say(f"{tag} BAD arguments")
        else:
            self._say(f"{tag} OK {'[READ-ONLY] ' if name in ('EXAMINE', 'SELECT') else ''}{name} completed")

    # Who it is.

    async def _authenticate(self, arguments: list[str]) -> None:
        mechanism = arguments[0].upper()
        self._say("+ ")
        await self._writer.drain()
        try:
            said = base64.b64decode(await self._line(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Refused("BAD no base64") from None
        if mechanism == "PLAIN":
            _authorized, username, password = said.split("\0")
            self._let_in(username, password, self._world.settings.mailbox_password)
        elif mechanism == "XOAUTH2":
            bearer = _BEARER.fullmatch(said)
            username, token = bearer.groups() if bearer else ("", "")
            self._let_in(username, token, self._world.settings.mailbox_token)
        else:
            raise Refused("NO unknown mechanism")

    def _let_in(self, username: str, secret: str, expected: str) -> None:
        org = next((one for one in self._world.orgs.values() if address_of(one) == username), None)
        if org is None or secret != expected:
            raise Refused("NO [AUTHENTICATIONFAILED] Invalid credentials")
        self._org = org

    def _login(self, arguments: list[str]) -> Iterator[str]:
        username, password = arguments
        self._let_in(username, re.sub(r"\\(.)", r"\1", password), self._world.settings.mailbox_password)
        return iter(())

    # What is there.

    def _capability(self, _arguments: list[str]) -> Iterator[str]:
        yield f"* CAPABILITY {_CAPABILITIES}"

    def _unknown(self, _arguments: list[str]) -> Iterator[str]:
        raise Refused("BAD unknown command")

    def _noop(self, _arguments: list[str]) -> Iterator[str]:
        return iter(())

    def _logout(self, _arguments: list[str]) -> Iterator[str]:
        yield "* BYE"

    def _list(self, _arguments: list[str]) -> Iterator[str]:
        self._known()
        yield '* LIST (\\HasNoChildren) "/" "INBOX"'

    def _examine(self, arguments: list[str]) -> Iterator[str]:
        org = self._known()
        self._is_open = arguments[0].upper() == "INBOX"
        if not self._is_open:
            raise Refused("NO [NONEXISTENT] no such mailbox")
        yield "* FLAGS (\\Seen)"
        yield f"* {len(org.outbox)} EXISTS"
        yield "* 0 RECENT"
        yield f"* OK [UIDVALIDITY {UIDVALIDITY}] UIDs valid"
        yield f"* OK [UIDNEXT {org.outbox.last + 1}] predicted"

    def _search(self, arguments: list[str]) -> Iterator[str]:
        found = list(self._mails())
        criteria = iter(arguments)
        for criterion in criteria:
            if criterion.upper() == "UID":
                wanted = next(criteria, "")
                found = [mail for mail in found if _is_in(mail, wanted, found)]
            elif criterion.upper() == "SINCE":
                day = day_of(next(criteria, ""))
                found = [mail for mail in found if received_on(mail) >= day]
            elif criterion.upper() != "ALL":
                raise Refused("BAD unknown criterion")
        yield " ".join(["* SEARCH", *(str(mail.number) for mail in found)])

    def _fetch(self, arguments: list[str]) -> Iterator[bytes]:
        wanted, items = arguments
        mails = list(self._mails())
        for place, mail in enumerate(mails, start=1):
            if _is_in(mail, wanted, mails):
                yield f"* {place} FETCH (".encode() + fetched(mail, items.removeprefix("(").removesuffix(")")) + b")"

    def _known(self) -> Org:
        if self._org is None:
            raise Refused("BAD log in first")
        return self._org

    def _mails(self) -> Iterator[Mail]:
        if not self._is_open:
            raise Refused("BAD open a mailbox first")
        return iter(self._known().outbox)

    _commands: ClassVar[dict[str, Callable[[Session, list[str]], Iterator[str | bytes]]]] = {
        "CAPABILITY": _capability,
        "NOOP": _noop,
        "LOGOUT": _logout,
        "LOGIN": _login,
        "LIST": _list,
        "EXAMINE": _examine,
        "SELECT": _examine,
        "UID SEARCH": _search,
        "UID FETCH": _fetch,
    }


def _is_in(mail: Mail, numbers: str, mails: list[Mail]) -> bool:
    """Whether its UID is in `1:5,7,9:*`; `*` is the last one, and a range may be written either way round."""
    last = mails[-1].number if mails else 0
    for part in numbers.split(","):
        first, _, end = part.partition(":")
        ends = [last if bound == "*" else int(bound) for bound in (first, end or first)]
        if min(ends) <= mail.number <= max(ends):
            return True
    return False
