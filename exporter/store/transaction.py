"""What stores do with a transaction, whichever database it is of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa

T = TypeVar("T", bound=Any)
P = ParamSpec("P")


class Transaction(Protocol):
    """SQLAlchemy's own for asyncio is one; to import that takes 6 MiB, most of it for objects that nobody maps here."""

    async def execute(self, statement: sa.Executable, parameters: Any = None, /) -> sa.CursorResult[*tuple[Any, ...]]:
        """All rows of the result have been read by then."""

    async def run_sync(self, fn: Callable[Concatenate[sa.Connection, P], T], *arg: P.args, **kw: P.kwargs) -> T:
        """What ``fn`` returned, which gets the connection itself."""
