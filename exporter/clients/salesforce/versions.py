"""Which versions of its API an org serves: told without a login, and no API call of the org.

Facts: Salesforce REST API Developer Guide, *Versions*: ``GET /services/data/`` → ``[{"label": "Winter '25", "url":
"/services/data/v62.0", "version": "62.0"}, …]``, the oldest first.
"""

from __future__ import annotations

import re

from exporter.clients.http.answer import Answer
from exporter.clients.http.upstream import Upstream
from exporter.clients.salesforce.maintenance import not_the_api
from exporter.clients.salesforce.refusals import failure_of
from exporter.errors import InvalidAnswer

_VERSION = re.compile(r"[0-9]{1,3}\.0")


async def served_versions(url: str, upstream: Upstream) -> tuple[str, ...]:
    """Such as ``("61.0", "62.0")``; raises ``UpstreamError``, also for what is no Salesforce org."""

    def judge(answer: Answer) -> tuple[str, ...]:
        elsewhere = not_the_api(answer, url, upstream.asked_pause(answer))
        if elsewhere is not None:
            raise elsewhere
        if answer.status != 200:  # noqa: PLR2004
            failure = failure_of(answer, None, "", upstream.asked_pause(answer))
            raise failure or upstream.failure(answer)
        body = answer.json()
        found = [one.get("version") for one in body if isinstance(one, dict)] if isinstance(body, list) else []
        versions = tuple(one for one in found if isinstance(one, str) and _VERSION.fullmatch(one))
        if not versions:
            raise InvalidAnswer(f"{answer.where}: no list of API versions: is this the URL of a Salesforce org?")
        return versions

    return await upstream.call("GET", f"{url}/services/data/", judge, headers={"Accept": "application/json"})
