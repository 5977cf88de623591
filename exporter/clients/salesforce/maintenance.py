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
_SALESFORCE = (".salesforce.com", ".force.com", ".salesforce.mil", ".sfcrmproducts.cn")
_STATUS_PAGES = ("status.salesforce.com", "trust.salesforce.com")
_WORDS = ("maintenance", "unavailable", "not available", "down for", "be right back", "be back", "upgrade in progress")
_PORTAL_WORDS = ('type="password"', "captive", "portal", "proxy", "firewall", "blocked", "access denied")
_PAGES = (200, 403, 500)
"""Statuses under which a web page says more than the status does."""


def not_the_api(answer: Answer, org_url: str, asked_pause: float | None = None) -> UpstreamError | None:
    """What an answer from in front of the API means, ``None`` for one of its own; ``org_url`` is the configured URL."""
    error = _what_it_is(answer, org_url)
    if error is not None:
        error.retry_after = asked_pause
    return error


def _what_it_is(answer: Answer, org_url: str) -> UpstreamError | None:
    host = answer.sent_to
    if host is not None:
        return _directed(answer.told(), host, urlsplit(org_url).hostname or "", answer.headers.get("location", ""))
    if not answer.is_web_page or answer.status not in _PAGES:
        return None
    where = f"{answer.where}: status {answer.status}"
    text = answer.body[:20_000].decode("utf-8", "replace").lower()
    if _has(text, _WORDS) and not _has(text, _PORTAL_WORDS):
        return ServerError(f"{where} with a maintenance page", code=MAINTENANCE, again=Again.SOON)
    if answer.status == 200:  # noqa: PLR2004
        return InvalidAnswer(
            f"{where} with a web page instead of an answer: a proxy or portal in between, or salesforce.url is not the "
            "org's My Domain URL",
            code=WEB_PAGE,
        )
    if answer.status == 403:  # noqa: PLR2004
        return InvalidAnswer(
            f"{where} with a web page: a firewall or proxy in between refuses, not Salesforce, and not the credential",
            code="WEB_PAGE",
        )
    return None


def _directed(where: str, host: str, own_host: str, location: str) -> UpstreamError:
    # What follows the path is left out: a portal repeats there what was asked for.
    place = location.partition("?")[0].partition("#")[0].lower()
    salesforces_own = host in ("the same host", own_host) or host.endswith(_SALESFORCE)
    if "maintenance" in place or host in _STATUS_PAGES or (salesforces_own and _has(place, _WORDS)):
        reason = f"{where}: sends to a page at {host}, as during maintenance"
        return ServerError(reason, code=MAINTENANCE, again=Again.SOON)
    if host.endswith(_ORG_DOMAINS) and host != own_host:
        return InvalidAnswer(
            f"{where}: the org answers at {host}, not at {own_host}: put https://{host} into salesforce.url",
            code="OTHER_DOMAIN",
            again=Again.LATER,
        )
    return InvalidAnswer(
        f"{where}: sends to {host}, where no token goes: check salesforce.url, or a proxy or portal in between",
        code="REDIRECTED",
    )


def _has(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)
