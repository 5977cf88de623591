"""Orders at a running exporter: it works on the job, whether anybody watches or not."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from exporter.clients.http.answer import Answer
from exporter.clients.http.connect_failure import in_flags
from exporter.clients.http.secrets import sendable_token
from exporter.clients.http.upstream import Upstream
from exporter.commands.destination import User
from exporter.commands.output import printable
from exporter.commands.resync.job import UNFINISHED, Job, is_same, job_of
from exporter.commands.resync.plan import Plan, plan_of
from exporter.commands.resync.wanted import Wanted
from exporter.config.secret import Secret
from exporter.errors import ConnectError, InvalidAnswer, UsageError

PATH = "/api/v1/resyncs"

_NO_ORDERS = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)
_GOOD = (HTTPStatus.OK, HTTPStatus.ACCEPTED)


class Remote:
    """``token`` is what the exporter calls ``remediation.api_token``; ``user`` may read without it."""

    look_pause = 1.0
    leaving = ""

    def __init__(self, url: str, flag: str, token: Secret, upstream: Upstream, user: User | None = None) -> None:
        self.flag = flag
        self._url = url.rstrip("/")
        self._token = token
        self._upstream = upstream
        self._user = user

    async def plan(self, wanted: Wanted) -> Plan:
        answer = await self._post("", {**wanted.body, "dry_run": True})
        with _as_invalid():
            return plan_of(answer)

    async def unfinished(self, wanted: Wanted) -> Job | None:
        for state in UNFINISHED:
            listed = await self._get("", {"integration": wanted.integration, "state": state})
            with _as_invalid():
                for row in listed["jobs"]:
                    if is_same(row, wanted):
                        return job_of({"job": row})
        return None

    async def place(self, wanted: Wanted) -> int:
        # Sent again after a broken connection, it is the same order still.
        answer = await self._post("", wanted.body, {"Idempotency-Key": str(uuid.uuid4())})
        with _as_invalid():
            return int(answer["job"]["id"])

    async def job(self, job_id: int) -> Job:
        # Of the records only a few are sent along, of the refusals all that a job can have.
        answer = await self._get(f"/{job_id}", {"outcome": "failed", "limit": "100"})
        with _as_invalid():
            return job_of(answer)

    async def approve(self, job_id: int) -> None:
        await self._post(f"/{job_id}/approve")

    async def cancel(self, job_id: int) -> None:
        await self._post(f"/{job_id}/cancel")

    @contextlib.asynccontextmanager
    async def at_work(self, job: Job) -> AsyncIterator[None]:  # noqa: ARG002  it is the exporter's
        yield

    def left(self, job: Job) -> str:
        return f"Job {job.id} goes on in the exporter, unless it is ended by --cancel={job.id}."

    async def _get(self, path: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        # An exporter with users of its own lets in, to read, who may write. Others let everybody.
        if self._user is not None:
            headers = self._user.authorization()
        else:
            headers = self._authorization() if self._token.is_given else {}
        return await self._call("GET", path, headers, params=params)

    async def _post(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        return await self._call("POST", path, {**self._authorization(), **(headers or {})}, json_body=body)

    def _authorization(self) -> dict[str, str]:
        token = sendable_token(self._token, "exporter's API")
        return {"Authorization": f"Bearer {token}"}

    async def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        json_body: Any = None,
    ) -> Mapping[str, Any]:
        url, sent = self._url + PATH + path, {"Accept": "application/json", **(headers or {})}
        try:
            return await self._upstream.call(
                method, url, self._judged, headers=sent, params=params, json_body=json_body
            )
        except ConnectError as error:
            raise error.retold(in_flags(str(error))) from error

    def _judged(self, answer: Answer) -> Mapping[str, Any]:
        """A good answer; raises ``UpstreamError`` for what may pass and ``UsageError`` for what does not, in the
        exporter's own words where it has any."""
        if answer.status in _GOOD:
            body = answer.json()
            if not isinstance(body, dict):
                raise InvalidAnswer(f"{answer.where}: an answer that is not an object: is this the exporter's address?")
            return body
        if answer.status == HTTPStatus.UNAUTHORIZED and self._user is not None:
            raise UsageError(f"the exporter does not take {self._user}")
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise UsageError(
                f"the exporter does not take the token of {self._token}: it has to be the one of its "
                "remediation.api_token_file, or of webhook_token_file where there is none"
            )
        said = answer.object.get("error")
        if isinstance(said, str) and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UsageError(f"the exporter refuses: {printable(said)} (status {answer.status})")
        if answer.status in _NO_ORDERS:
            raise UsageError(
                f"{answer.where}: status {answer.status}: no exporter that takes orders is at {self._url}; "
                "check the address, the path in front of /api/v1, and the exporter's version"
            )
        failure = self._upstream.failure(answer)
        raise (
            failure.retold(f"the exporter says: {printable(said)} ({answer.told()})")
            if isinstance(said, str)
            else failure
        )


@contextlib.contextmanager
def _as_invalid() -> Iterator[None]:
    """What is missing in an answer, or of another kind, as ``InvalidAnswer``."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InvalidAnswer(f"{PATH}: an answer that is none of this exporter's: is it of another version?") from error
