"""The id of a request: in its answer, in what is logged of it, with the job that it makes."""

from __future__ import annotations

import re

import httpx
import pytest
import structlog

from exporter.demo.simulator.org import Org
from exporter.web.app import in_front_of
from tests.conftest import WEBHOOK_TOKEN
from tests.remediation.at_work import permission_errors
from tests.remediation.bench import Bench
from tests.remediation.payloads import alert, notification

HEADERS = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
HEADER = "X-Request-ID"


@pytest.mark.parametrize("good", ["abc-1.2_3", "x" * 64])
async def test_a_good_id_is_kept(http: httpx.AsyncClient, good: str) -> None:
    """A proxy in front has given it: its log has the same."""
    assert (await http.get("/-/healthy", headers={HEADER: good})).headers[HEADER] == good


@pytest.mark.parametrize("bad", ["", "x" * 65, "a b", "a\x1b[31m", 'a"', "a=b"])
async def test_a_bad_or_missing_one_is_replaced(http: httpx.AsyncClient, bad: str) -> None:
    """By one of our own, another each time."""
    ids = {(await http.get("/-/healthy", headers={HEADER: bad})).headers[HEADER] for _ in range(2)}
    assert len(ids) == 2
    assert all(re.fullmatch(r"[0-9a-f]{16}", each) for each in ids)


async def test_all_lines_of_a_job_carry_the_id_of_its_request(bench: Bench, acme: Org) -> None:
    """From the notification to what is sent for it; and so does the job, for whoever asks."""
    permission_errors(acme, 15)
    lines: list[dict[str, object]] = []

    def kept(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        lines.append(dict(event))
        raise structlog.DropEvent

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, kept])
    try:
        await bench.poll()
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(in_front_of(bench.app)), base_url="http://exporter", headers=HEADERS
        ) as api:
            sent = {HEADER: "from-alertmanager"}
            answer = await api.post("/alertmanager/webhook", json=notification(alert()), headers=sent)
            await bench.work()
            (job,) = (await api.get("/api/v1/resyncs")).json()["jobs"]
    finally:
        structlog.configure(processors=before)
    assert answer.json()["job_ids"] == [job["id"]]
    assert job["request_id"] == "from-alertmanager"
    told = [line["event"] for line in lines if line.get("request_id") == "from-alertmanager"]
    assert told == ["notification accepted", "resync request ended", "resync job ended"]
    assert {line["job"] for line in lines if "job" in line} == {job["id"]}
