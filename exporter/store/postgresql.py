"""PostgreSQL, shared by several replicas: one that hangs rather than fails is not waited for without end.

It takes a statement and never answers: somebody holds a lock for minutes, the server is frozen, the network swallows
packets. The first the server ends itself (``statement_timeout``); for the others only a clock on this side counts.
Nothing is called off from here: PgBouncer 1.18 ends for good when that meets a frozen server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Self, TypeVar, cast

import psycopg
import sqlalchemy as sa
from psycopg.abc import PQGen
from sqlalchemy.dialects import postgresql as dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from exporter.config.secret import UNREADABLE, Secret, why_unreadable
from exporter.errors import StoreError
from exporter.store.health import NoAnswer

CONNECT_SECONDS = 3
"""For a connection, and for the first sign of life on one that was idle."""
GRACE_SECONDS = 1.0
"""So much later than the server a statement is given up on this side."""
IDLE_SECONDS = 3
"""A transaction may wait so long for the next statement of its process, which may be frozen itself: then its replicas
have again what it has locked, before they give up."""
CONNECTIONS = 10

_CONNECTING = {
    # A pooler such as PgBouncer may hand each transaction to another server, which knows no prepared statement.
    "prepare_threshold": None,
    "connect_timeout": CONNECT_SECONDS,
    # An idle connection is neither kept when its other end is gone, nor forgotten by a firewall in between.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}

# In one piece: a process that stood still after its BEGIN alone would keep a connection of PgBouncer's from everybody
# else, and it has as many of those queued there as it has connections. For this transaction only: PgBouncer refuses
# limits as parameters of a connection, which is not ours alone behind it.
_BEGIN = "BEGIN; SET LOCAL statement_timeout = {statement}; SET LOCAL idle_in_transaction_session_timeout = {idle}"

T = TypeVar("T")


class ServerSilent(NoAnswer, psycopg.OperationalError):
    """As psycopg and SQLAlchemy know it."""


class PatientConnection(psycopg.AsyncConnection[Any]):
    """Waits for an answer as long as ``patience`` says, in seconds; then it raises ``ServerSilent``."""

    patience = float(CONNECT_SECONDS)
    _why_hung_up = ""

    @classmethod
    async def connect(cls, conninfo: str = "", **parameters: Any) -> Self:
        try:
            return await super().connect(conninfo, **parameters)
        except psycopg.errors.ConnectionTimeout:
            raise ServerSilent(f"no answer within {parameters['connect_timeout']} s") from None

    async def wait(self, gen: PQGen[T], *arguments: Any, **keywords: Any) -> T:
        """Every exchange with the server comes here."""
        timer = asyncio.get_running_loop().call_later(self.patience, self._give_up)
        try:
            return await super().wait(gen, *arguments, **keywords)
        except psycopg.errors.QueryCanceled as error:
            raise ServerSilent(f"no answer within {self.patience - GRACE_SECONDS:g} s") from error
        except psycopg.OperationalError as error:
            if self._why_hung_up:
                raise ServerSilent(self._why_hung_up) from error
            raise
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        # We may be late ourselves: after a pause of this process the answer is there, and is only to be read.
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        if not poll.poll(0):
            self.hang_up(f"no answer within {self.patience:g} s")

    def hang_up(self, why: str) -> None:
        """Ends the connection; who waits for an answer is told why."""
        self._why_hung_up = why
        # It may be closed already.
        with (
            contextlib.suppress(OSError, psycopg.OperationalError),
            socket.socket(fileno=os.dup(self.pgconn.socket)) as line,
        ):
            line.shutdown(socket.SHUT_RDWR)


class Server:
    """A store that is a database of a server; ``password`` is read for every connection."""

    AT_ONCE = CONNECTIONS

    def __init__(self, url: sa.URL, password: Secret | None) -> None:
        # Without BEGIN and COMMIT around what is sent.
        self._engine = engine_of(url, password).execution_options(isolation_level="AUTOCOMMIT")

    def insert(self, table: sa.Table) -> Any:
        return dialect.insert(table)

    def begun(self, patience: float) -> AbstractAsyncContextManager[AsyncConnection]:
        return begun(self._engine, patience)

    def plain(self, patience: float) -> AbstractAsyncContextManager[AsyncConnection]:
        """Every statement commits by itself."""
        return plain(self._engine, patience)

    async def close(self) -> None:
        await self._engine.dispose()


def engine_of(url: sa.URL, password: Secret | None) -> AsyncEngine:
    """``password`` is read for every connection."""
    connecting = {name: value for name, value in _CONNECTING.items() if name not in url.query}
    engine = create_async_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=CONNECTIONS,
        max_overflow=0,
        connect_args={**connecting, "async_creator_fn": PatientConnection.connect},
    )
    if password is not None:
        sa.event.listen(engine.sync_engine, "do_connect", _password_of(password))
    return engine


def _password_of(secret: Secret) -> Callable[..., None]:
    def add(_dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]) -> None:
        try:
            parameters["password"] = secret.read()
        except UNREADABLE as error:
            raise StoreError(f"store: cannot read the password ({why_unreadable(error)})") from None

    return add


@contextlib.asynccontextmanager
async def begun(engine: AsyncEngine, patience: float) -> AsyncIterator[AsyncConnection]:
    """A transaction that may take ``patience`` seconds until its commit, and each of its statements half of them. The
    engine is one that begins none by itself."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + patience
    try:
        # A resolver of names that hangs is bounded by nothing else.
        async with asyncio.timeout_at(ends_at):
            connection = await _limited(engine, patience)
    except TimeoutError:
        raise ServerSilent(f"no answer within {patience:g} s") from None
    async with contextlib.aclosing(connection):
        line = await _line_of(connection)
        line.patience = patience / 2 + GRACE_SECONDS
        timer = loop.call_at(ends_at, line.hang_up, f"not finished within {patience:g} s")
        try:
            yield connection
        finally:
            timer.cancel()
        await connection.commit()


@contextlib.asynccontextmanager
async def plain(engine: AsyncEngine, patience: float) -> AsyncIterator[AsyncConnection]:
    """A connection of an engine that commits every statement by itself; each may take half of ``patience`` seconds."""
    try:
        async with asyncio.timeout(patience):
            connection = await engine.connect()
    except TimeoutError:
        raise ServerSilent(f"no answer within {patience:g} s") from None
    async with contextlib.aclosing(connection):
        (await _line_of(connection)).patience = patience / 2 + GRACE_SECONDS
        yield connection


async def _limited(engine: AsyncEngine, patience: float) -> AsyncConnection:
    """A connection with a transaction that the server ends as well if it takes too long."""
    begin = _BEGIN.format(statement=round(patience * 500), idle=round(IDLE_SECONDS * 1000))
    for once_more in (True, False):
        connection = await engine.connect()
        try:
            (await _line_of(connection)).patience = CONNECT_SECONDS
            await connection.exec_driver_sql(begin)
        except BaseException as error:
            await connection.close()
            # One that was idle may have been gone for long; then all of them are thrown away, and the next is new.
            if not (once_more and isinstance(error, DBAPIError) and error.connection_invalidated):
                raise
        else:
            return connection
    raise AssertionError


async def _line_of(connection: AsyncConnection) -> PatientConnection:
    return cast("PatientConnection", (await connection.get_raw_connection()).driver_connection)
