"""A mail server on loopback that takes every mail and keeps it."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
from collections.abc import AsyncIterator
from email.message import EmailMessage


class Mailbox:
    """Listens at ``port``; ``mails`` in the order they came."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """As much SMTP as it takes to deliver a mail without encryption or authentication."""
        writer.write(b"220 mailbox\r\n")
        while command := (await reader.readline()).strip().upper():
            if command.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                text = await reader.readuntil(b"\r\n.\r\n")
                message = email.message_from_bytes(text, EmailMessage, policy=email.policy.default)
                self.mails.append(message)
            writer.write(b"221 bye\r\n" if command.startswith(b"QUIT") else b"250 mailbox\r\n")
            await writer.drain()
            if command.startswith(b"QUIT"):
                break
        writer.close()


@contextlib.asynccontextmanager
async def open_mailbox() -> AsyncIterator[Mailbox]:
    """Listens on a free port until the block ends."""
    mailbox = Mailbox()
    server = await asyncio.start_server(mailbox.serve, "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mailbox
