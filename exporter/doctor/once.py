"""An answer that several checks look at and that is asked for once, good or bad."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from exporter.errors import UpstreamError

T = TypeVar("T")


class Once(Generic[T]):
    """Asks when it is first wanted; whoever comes later gets the same answer, or the same error."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._answers: list[T] = []
        self._error: UpstreamError | None = None

    async def get(self) -> T:
        """Raises the ``UpstreamError`` that was met when it was asked."""
        if self._error is not None:
            raise self._error
        if not self._answers:
            try:
                self._answers.append(await self._ask())
            except UpstreamError as error:
                self._error = error
                raise
        return self._answers[0]
