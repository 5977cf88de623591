"""Whether Salesforce's API answers at the URL of an org, and whether an assertion is addressed to the right host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from exporter.config.draft import Draft, value_at
from exporter.config.finding import Finding
from exporter.config.masking import shown
from exporter.config.salesforce_host import (
    audience_of,
    is_login_host,
    is_my_domain,
    is_salesforce,
    is_sandbox,
    is_wrong_audience,
    kind_of_pages,
    my_domain_behind,
)
from exporter.config.urls import host_of

_MY_DOMAIN = "the My Domain URL of the org, https://MYDOMAIN.my.salesforce.com"


def wrong_hosts(draft: Draft) -> Iterator[Finding]:
    """Every URL of an org is its My Domain's, not that of pages for people or of everybody's login."""
    for path, entry in draft.sections("salesforce"):
        url = entry.get("url")
        if isinstance(url, str) and is_salesforce(host_of(url)):
            expected = _expected(url, entry.get("auth"))
            if expected:
                yield Finding((*path, "url"), f"got {shown(url)}", expected)


def _expected(url: str, auth: Any) -> str | None:
    host = host_of(url)
    pages = kind_of_pages(host)
    if pages is not None:
        known = my_domain_behind(host)
        remedy = f"{_MY_DOMAIN}, which is {known}" if known else _MY_DOMAIN
        return f"{remedy} (this is the host {pages}, where no API answers)"
    if not is_my_domain(host) and isinstance(auth, dict) and "client_credentials" in auth:
        whose = "everybody's login host" if is_login_host(host) else "not a My Domain"
        return f"{_MY_DOMAIN}: client credentials are refused on other hosts (this is {whose})"
    if urlsplit(url).path.strip("/"):
        return f"{_MY_DOMAIN}, without a path"
    return None


def shortened_client_ids(draft: Draft) -> Iterator[Finding]:
    """No client id is what a page or an example shows of one."""
    for path, entry in draft.sections("salesforce"):
        for flow in ("client_credentials", "jwt_bearer"):
            client_id = value_at(entry, ("auth", flow, "client_id"))
            if isinstance(client_id, str) and is_shortened(client_id):
                got = f"got {shown(client_id)}, which is not whole"
                yield Finding((*path, "auth", flow, "client_id"), got, "the whole Consumer Key of the app")


def is_shortened(text: str) -> bool:
    """Whether dots stand for its end, as where a page or an example shows a part of it."""
    return text.rstrip().endswith(("…", "..."))


def wrong_audiences(draft: Draft) -> Iterator[Finding]:
    """No assertion for a sandbox is addressed to the login host of production, and none the other way round."""
    for path, entry in draft.sections("salesforce"):
        auth = entry.get("auth")
        flow = auth.get("jwt_bearer") if isinstance(auth, dict) else None
        audience, url = (flow.get("audience"), entry.get("url")) if isinstance(flow, dict) else (None, None)
        if not isinstance(audience, str) or not isinstance(url, str):
            continue
        if is_wrong_audience(audience, url):
            what = "a sandbox" if is_sandbox(host_of(url)) else "no sandbox"
            yield Finding(
                (*path, "auth", "jwt_bearer", "audience"),
                f"got {shown(audience)} for an org that is {what}",
                f"{audience_of(url)}, which is the default, or the My Domain URL",
            )
