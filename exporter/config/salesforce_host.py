"""What the host of a Salesforce URL tells: whether an API answers there, and whether the org is a sandbox.

Facts: Salesforce Help, *My Domain URL Formats* and *Partitioned Domains*: ``MyDomain.my.salesforce.com``, sandboxes
``MyDomain--Name.sandbox.my.salesforce.com`` (before enhanced domains ``MyDomain--Name.my.salesforce.com``), scratch
orgs ``….scratch.my.salesforce.com``; Lightning ``….lightning.force.com``, setup ``….my.salesforce-setup.com``,
Visualforce ``….vf.force.com``. *OAuth 2.0 JWT Bearer Flow*: the audience of sandboxes is ``https://test.salesforce.com``,
of all others ``https://login.salesforce.com``; the My Domain URL itself does for both.
"""

from __future__ import annotations

from exporter.config.urls import host_of

PRODUCTION = "https://login.salesforce.com"
SANDBOX = "https://test.salesforce.com"

_MY_DOMAIN = ".my.salesforce.com"
_GOVERNMENT = ".my.salesforce.mil"
_TEST_PARTITIONS = tuple(part + domain for domain in (_MY_DOMAIN, _GOVERNMENT) for part in (".sandbox", ".scratch"))
_LOGIN_HOSTS = ("login.salesforce.com", "test.salesforce.com")
_PAGES = {
    ".lightning.force.com": "of Lightning pages",
    ".my.salesforce-setup.com": "of setup pages",
    ".vf.force.com": "of Visualforce pages",
    ".visual.force.com": "of Visualforce pages",
    ".visualforce.com": "of Visualforce pages",
    ".my.site.com": "of an Experience site",
    ".my.salesforce-sites.com": "of a site",
    ".documentforce.com": "of files",
    ".file.force.com": "of files",
    ".force.com": "of pages for people",
}
"""The first ending that fits says which pages live there. None of these hosts answers API calls."""

_HAS_MY_DOMAIN = (".lightning.force.com", ".my.salesforce-setup.com")


def is_salesforce(host: str) -> bool:
    """Whether this is one of Salesforce's own hosts: of others, such as a stand-in, nothing is known."""
    return host.endswith(".salesforce.com") or kind_of_pages(host) is not None


def is_my_domain(host: str) -> bool:
    """Whether an org's API answers there."""
    return host.endswith(_MY_DOMAIN)


def is_sandbox(host: str) -> bool:
    """Whether tokens for this org come from the login host of sandboxes. Scratch orgs are of this kind."""
    if host == "test.salesforce.com" or host.endswith(_TEST_PARTITIONS):
        return True
    # No name of a My Domain holds two hyphens in a row: they set off a sandbox's name.
    return is_my_domain(host) and "--" in host.split(".", maxsplit=1)[0]


def is_login_host(host: str) -> bool:
    """Whether this is one of the hosts at which the users of every org log in."""
    return host in _LOGIN_HOSTS


def audience_of(url: str) -> str:
    """The audience of a JWT assertion for the org at this URL, when none is configured."""
    return SANDBOX if is_sandbox(host_of(url)) else PRODUCTION


def kind_of_pages(host: str) -> str | None:
    """Which pages live at a host that answers no API calls; ``None`` for every other host."""
    return next((kind for ending, kind in _PAGES.items() if host.endswith(ending)), None)


def my_domain_behind(host: str) -> str | None:
    """The My Domain URL of the same org, where the host of its pages tells it."""
    ending = next((ending for ending in _HAS_MY_DOMAIN if host.endswith(ending)), None)
    return None if ending is None else f"https://{host.removesuffix(ending)}{_MY_DOMAIN}"
