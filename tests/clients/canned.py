"""Transports that answer as a test says, without a network."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass(frozen=True)
class Canned:
    """An answer; ``body`` is sent as it is if it is bytes, else as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> httpx.Response:
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        # As a stream it reaches the client as it is, packed or not.
        headers = {"Content-Length": str(len(content)), **self.headers}
        return httpx.Response(self.status, stream=httpx.ByteStream(content), headers=headers)


class CannedTransport(httpx.AsyncBaseTransport):
    """Gives its answers in turn, the last one for ever; an exception is raised. Keeps the requests."""

    def __init__(self, *answers: Canned | Exception) -> None:
        self._answers = deque(answers)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        answer = self._answers.popleft() if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer.response()
