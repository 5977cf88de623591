"""The commands that the README shows for ordering resyncs."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import httpx

from exporter.demo.simulator.org import Org
from tests.conftest import WEBHOOK_TOKEN
from tests.markdown import BLOCK
from tests.remediation.bench import Bench

README = (Path(__file__).resolve().parents[2] / "exporter" / "README.md").read_text(encoding="utf-8")
CHAPTER = README.partition("### Ordering resyncs\n")[2].partition("\n#")[0]
COMMANDS = [
    shlex.split(command.replace("$TOKEN", WEBHOOK_TOKEN))
    for language, block in BLOCK.findall(CHAPTER)
    if language == "sh"
    for command in block.replace("\\\n", "").splitlines()
]


async def run(http: httpx.AsyncClient, command: list[str]) -> httpx.Response:
    """What curl would send."""
    (url,) = (word for word in command if word.startswith("http://127.0.0.1:9951/"))
    options = list(pairwise(command))
    headers = [(name, value) for flag, text in options if flag == "-H" for name, value in [text.split(": ", 1)]]
    body = next((text for flag, text in options if flag == "-d"), None)
    method = next((text for flag, text in options if flag == "-X"), "GET" if body is None else "POST")
    return await http.request(method, re.sub("^http://[^/]+", "", url), headers=headers, content=body)


async def test_they_plan_order_follow_and_cancel(bench: Bench, api: httpx.AsyncClient, acme: Org) -> None:
    """One after the other, as they stand there; the order is one job, however often it is sent."""
    acme.add_errors("picklists", "option_limit_exceeded", 3)
    plan, order, follow, cancel = COMMANDS
    assert (await run(api, plan)).json()["plan"]["records"] == 3
    assert [(await run(api, order)).status_code for _ in range(2)] == [202, 200]
    assert (await run(api, follow)).json()["records"] == []
    assert (await run(api, cancel)).json()["job"]["state"] == "cancelled"
    assert await bench.work() == 0
