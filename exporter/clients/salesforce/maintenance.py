"""Answers that come from in front of an org: maintenance pages, another domain, a portal in between. Pure.

Facts, from reports: during maintenance Salesforce answers 503, or 200 with HTML, or 302 to a page that says so; after a
change of My Domain the old host answers 302 with the new one. The page may be in any language.
"""

from __future__ import annotations

import html
import re

from exporter.clients.http.answer import SAME_HOST, WEB_PAGE, Answer
from exporter.clients.salesforce.refusals import MAINTENANCE
from exporter.config.salesforce_host import STATUS_PAGES, is_my_domain, is_salesforce
from exporter.config.urls import host_of
from exporter.errors import Again, InvalidAnswer, ServerError, UpstreamError

_WORDS = ("maintenance", "unavailable", "not available", "down for", "be right back", "be back", "upgrade in progress")
_WORDS_ELSEWHERE = (
    "wartung", "nicht verfügbar", "indisponible", "mantenimiento", "no disponible", "manutenzione", "non disponibile",
    "manutenção", "indisponível", "onderhoud", "niet beschikbaar", "underhåll", "vedligehold", "vedlikehold", "huolto",
    "konserwac", "niedostępn", "údržb", "karbantart", "bakım", "обслуживан", "メンテナンス", "利用できません",
    "维护", "維護", "점검",
)  # fmt: skip
"""The same in the languages of Salesforce's pages: de fr es it pt nl sv da no fi pl cs hu tr ru ja zh ko."""

_PORTAL_WORDS = ("captive", "portal", "proxy", "firewall", "blocked", "access denied", "hotspot", "wi-fi", "wispaccess")
_PORTAL_WORDS_ELSEWHERE = (
    "gesperrt",
    "blockiert",
    "bloqué",
    "bloquead",
    "bloccat",
    "geblokkeerd",
    "zablokowan",
    "拒绝",
)
_ASKS = re.compile(r"<form\b|\btype\s*=\s*[\"']?password\b")
"""What wants something of a person is no maintenance page, in whatever language."""

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
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
        return _directed(answer, host, host_of(org_url))
    if not answer.is_web_page or answer.status not in _PAGES:
        return None
    where = f"{answer.where}: status {answer.status}"
    if _is_maintenance(_text(answer)):
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
            code=WEB_PAGE,
        )
    return None


def _text(answer: Answer) -> str:
    """The beginning of a page in small letters, in whatever way it is written."""
    charset = _CHARSET.search(answer.headers.get("content-type", ""))
    try:
        text = answer.body[:20_000].decode(charset[1] if charset else "utf-8", "replace")
    except (LookupError, ValueError):  # no charset of this name, or one that is none for text
        text = answer.body[:20_000].decode("utf-8", "replace")
    return html.unescape(text).lower()


def _is_maintenance(text: str) -> bool:
    """A page that says so, or leads to where Salesforce does; not one that wants something, or tells of what blocks."""
    if _ASKS.search(text) or _has(text, _PORTAL_WORDS) or _has(text, _PORTAL_WORDS_ELSEWHERE):
        return False
    return _has(text, _WORDS) or _has(text, _WORDS_ELSEWHERE) or _has(text, STATUS_PAGES)


def _directed(answer: Answer, host: str, own_host: str) -> UpstreamError:
    where = answer.told()
    # What follows the path is left out: a portal repeats there what was asked for.
    place = answer.headers["location"].partition("?")[0].partition("#")[0].lower()
    salesforces_own = host in (SAME_HOST, own_host) or is_salesforce(host)
    if "maintenance" in place or host in STATUS_PAGES or (salesforces_own and _has(place, _WORDS)):
        page = SAME_HOST if host == SAME_HOST else f"a page at {host}"
        reason = f"{where}: sends to {page}, as during maintenance"
        return ServerError(reason, code=MAINTENANCE, again=Again.SOON)
    if is_my_domain(host) and host != own_host:
        return InvalidAnswer(
            f"{where}: the org answers at {host}, not at {own_host}: put https://{host} into salesforce.url",
            code="OTHER_DOMAIN",
            again=Again.LATER,
        )
    remedy = "that salesforce.url is the org's My Domain URL" if host == SAME_HOST else "salesforce.url"
    reason = f"{where}: {answer.redirect}: check {remedy}, or a proxy or portal in between"
    return InvalidAnswer(reason, code="REDIRECTED")


def _has(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)
