"""Which versions an org serves, and what answers instead of one."""

from __future__ import annotations

import httpx
import pytest

from exporter.clients.http.upstream import Upstream
from exporter.clients.salesforce.versions import served_versions
from exporter.errors import InvalidAnswer, ServerError, UpstreamError
from tests.clocks import LoneClock

URL = "https://acme.my.salesforce.com"


async def versions(answer: httpx.Response) -> tuple[str, ...]:
    def respond(request: httpx.Request) -> httpx.Response:
        assert (str(request.url), "authorization" in request.headers) == (f"{URL}/services/data/", False)
        return answer

    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as http:
        return await served_versions(URL, Upstream(http, LoneClock(), lambda: None))


class TestVersions:
    async def test_they_are_told_without_a_login(self) -> None:
        """In the order of the answer; what is no version is left out."""
        told = [{"version": "61.0"}, {"version": "62.0", "label": "Winter '25"}, {"version": "next"}, {}, 7]
        assert await versions(httpx.Response(200, json=told)) == ("61.0", "62.0")

    @pytest.mark.parametrize(
        ("answer", "kind", "said"),
        [
            (httpx.Response(200, json={"version": "62.0"}), InvalidAnswer, "is this the URL of a Salesforce org?"),
            (httpx.Response(200, json=[]), InvalidAnswer, "is this the URL of a Salesforce org?"),
            (httpx.Response(200, html="<p>Hello"), InvalidAnswer, "a web page instead of an answer"),
            (httpx.Response(404), InvalidAnswer, "status 404"),
            (httpx.Response(503, text="down"), ServerError, "status 503"),
            (
                httpx.Response(302, headers={"Location": "https://other.my.salesforce.com/"}),
                InvalidAnswer,
                "put https://other.my.salesforce.com into salesforce.url",
            ),
        ],
    )
    async def test_what_is_no_org(self, answer: httpx.Response, kind: type[UpstreamError], said: str) -> None:
        """Said as such, with the remedy where it is known."""
        with pytest.raises(kind, match=said.replace("?", r"\?")):
            await versions(answer)
