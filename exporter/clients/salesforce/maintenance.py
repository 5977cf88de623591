"""Answers that come from in front of an org: maintenance pages, another domain, a portal in between. Pure.

Facts, from reports: during maintenance Salesforce answers 503, or 200 with HTML, or 302 to a page that says so; after a
change of My Domain the old host answers 302 with the new one.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from exporter.clients.http.upstream import Answer
from exporter.clients.salesforce.refusals import MAINTENANCE
from exporter.errors import Again, InvalidAnswer, ServerError, UpstreamError

WEB_PAGE = "WEB_PAGE"
"""Our word for a page in place of an answer: it says nothing of what was asked for."""

_ORG_DOMAINS = (".my.salesforce.com", ".my.salesforce.mil", ".my.sfcrmproducts.cn")
_WORDS = ("maintenance", "unavailable", "down for", "be right back")


def not_the_api(answer: Answer, org_url: str) -> UpstreamError | None:
    """What an answer from in front of the API means, ``None`` for one of its own; ``org_url`` is the configured URL."""
    where = f"{answer.where}: status {answer.status}"
    host = answer.sent_to
    if host is not None:
        return _directed(where, host, urlsplit(org_url).hostname or "", answer.headers.get("location", ""))
    if answer.is_web_page and answer.status == 200:  # noqa: PLR2004
        if _is_maintenance(answer.body[:20_000].decode("utf-8", "replace")):
            return ServerError(f"{where} with a maintenance page", code=MAINTENANCE, again=Again.SOON)
        return InvalidAnswer(
            f"{where} with a web page instead of an answer: a proxy or portal in between, or salesforce.url is not the "
            "org's My Domain URL",
            code=WEB_PAGE,
        )
    return None


def _directed(where: str, host: str, own_host: str, location: str) -> UpstreamError:
    if host.endswith(_ORG_DOMAINS) and host != own_host:
        return InvalidAnswer(
            f"{where}: the org answers at {host}, not at {own_host}: put https://{host} into salesforce.url",
            code="OTHER_DOMAIN",
            again=Again.LATER,
        )
    if _is_maintenance(location) or host.endswith(".salesforce.com"):
        reason = f"{where}: sends to a page at {host}, as during maintenance"
        return ServerError(reason, code=MAINTENANCE, again=Again.SOON)
    return InvalidAnswer(
        f"{where}: sends to {host}, where no token goes: check salesforce.url, or a proxy or portal in between",
        code="REDIRECTED",
    )


def _is_maintenance(text: str) -> bool:
    return any(word in text.lower() for word in _WORDS)
