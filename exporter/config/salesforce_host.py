"""What the host of a Salesforce URL tells: in which cloud it is, whether an API answers there, whether it is a sandbox.

Facts: Salesforce Help, *My Domain URL Formats* and *Partitioned Domains*: ``MyDomain.my.salesforce.com``, sandboxes
``MyDomain--Name.sandbox.my.salesforce.com`` (before enhanced domains ``MyDomain--Name.my.salesforce.com``), scratch
orgs ``….scratch.my.salesforce.com``; Lightning ``….lightning.force.com``, setup ``….my.salesforce-setup.com``,
Visualforce ``….vf.force.com``. Government Cloud has these domains too, but for the military's:
``.my.salesforce.mil`` with pages at ``.crmforce.mil``. Salesforce on Alibaba Cloud has ``.my.sfcrmproducts.cn`` with
pages at ``.sfcrmapps.cn``, and logins at ``login.`` and ``test.sfcrmproducts.cn``; a set of alternative domains is
``.my-salesforce.com`` with pages at ``.my-lightning.com`` (these as Salesforce's own command line and its users have
them). *OAuth 2.0 JWT Bearer Flow*: the audience of sandboxes is ``https://test.salesforce.com``, of all others
``https://login.salesforce.com``; the My Domain URL itself does for both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.config.urls import host_of

PRODUCTION = "https://login.salesforce.com"


@dataclass(frozen=True, slots=True)
class Cloud:
    """``my_domain`` ends the hosts at which orgs' APIs answer, ``domains`` all that are Salesforce's own.

    ``lightning`` ends the hosts of the pages at which people see records, after the same name as ``my_domain``.
    ``pages`` end hosts of pages for people, where no API answers, and say which pages; the first that fits decides.
    Those in ``named`` begin with the name of the org's My Domain. ``logins`` are the hosts at which everybody logs in,
    of production and of sandboxes, where they are known; ``documented``: Salesforce says that they are audiences, too.
    """

    my_domain: str
    lightning: str
    domains: tuple[str, ...]
    pages: Mapping[str, str]
    named: tuple[str, ...]
    logins: tuple[str, ...] = ()
    documented: bool = False


CLOUDS = (
    Cloud(
        my_domain=".my.salesforce.com",
        lightning=".lightning.force.com",
        domains=(".salesforce.com", ".force.com", ".cloudforce.com"),
        pages={
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
        },
        named=(".lightning.force.com", ".my.salesforce-setup.com"),
        logins=("login.salesforce.com", "test.salesforce.com"),
        documented=True,
    ),
    Cloud(
        my_domain=".my.salesforce.mil",
        lightning=".lightning.crmforce.mil",
        domains=(".salesforce.mil", ".force.mil", ".crmforce.mil", ".cloudforce.mil"),
        pages={
            ".lightning.crmforce.mil": "of Lightning pages",
            ".my.salesforce-setup.mil": "of setup pages",
            ".visualforce.mil": "of Visualforce pages",
            ".crmforce.mil": "of pages for people",
            ".force.mil": "of pages for people",
        },
        named=(".lightning.crmforce.mil", ".my.salesforce-setup.mil"),
    ),
    Cloud(
        my_domain=".my.sfcrmproducts.cn",
        lightning=".lightning.sfcrmapps.cn",
        domains=(".sfcrmproducts.cn", ".sfcrmapps.cn"),
        pages={
            ".lightning.sfcrmapps.cn": "of Lightning pages",
            ".lightning.sfcrmproducts.cn": "of Lightning pages",
            ".setup.sfcrmproducts.cn": "of setup pages",
            ".sfcrmapps.cn": "of pages for people",
        },
        named=(".lightning.sfcrmapps.cn", ".lightning.sfcrmproducts.cn"),
        logins=("login.sfcrmproducts.cn", "test.sfcrmproducts.cn"),
    ),
    Cloud(
        my_domain=".my-salesforce.com",
        lightning=".my-lightning.com",
        domains=(".my-salesforce.com", ".my-lightning.com"),
        pages={".my-lightning.com": "of Lightning pages"},
        named=(".my-lightning.com",),
    ),
)
"""The one table of Salesforce's hosts: what is asked of a host is asked of it."""

STATUS_PAGES = ("status.salesforce.com", "trust.salesforce.com")
"""Hosts at which Salesforce tells everybody about outages and maintenance."""

_SANDBOX_HOST = re.compile(r"(test|cs[0-9]{1,3})\.(salesforce\.com|sfcrmproducts\.cn)")
"""The login hosts of sandboxes, and instances that hold nothing else."""

_INSTANCE = re.compile(r"\.cs[0-9]{1,3}\Z")
_TEST_PARTITIONS = (".sandbox", ".scratch")
_REWRITTEN = ".mcas.ms"
"""Ends the hosts of a session that Microsoft Defender for Cloud Apps reads along: what people copy from a browser."""


def is_salesforce(host: str) -> bool:
    """Whether this is one of Salesforce's own hosts: of others, such as a stand-in, nothing is known."""
    return _cloud_of(host) is not None or kind_of_pages(host) is not None


def is_my_domain(host: str) -> bool:
    """Whether an org's API answers there."""
    return any(host.endswith(cloud.my_domain) for cloud in CLOUDS)


def is_sandbox(host: str) -> bool:
    """Whether tokens for this org come from the login host of sandboxes. Scratch orgs are of this kind."""
    if _SANDBOX_HOST.fullmatch(host):
        return True
    cloud = _cloud_of(host)
    if cloud is None or not host.endswith(cloud.my_domain):
        return False
    # No name of a My Domain holds two hyphens in a row: they set off a sandbox's name.
    return host.removesuffix(cloud.my_domain).endswith(_TEST_PARTITIONS) or "--" in host.split(".", maxsplit=1)[0]


def is_login_host(host: str) -> bool:
    """Whether this is one of the hosts at which the users of every org log in."""
    return any(host in cloud.logins for cloud in CLOUDS)


def audience_of(url: str) -> str:
    """The audience of a JWT assertion for the org at this URL, when none is configured: the login host of its kind, or,
    where Salesforce does not say that this does, the My Domain URL, which does everywhere."""
    host = host_of(url)
    cloud = _cloud_of(host)
    if cloud is None:
        return PRODUCTION
    return f"https://{cloud.logins[is_sandbox(host)] if cloud.documented else host}"


def is_wrong_audience(audience: str, url: str) -> bool:
    """Whether an assertion for the org at ``url`` is addressed to the login host of another kind of org, or cloud."""
    host, given = host_of(url), host_of(audience)
    cloud = _cloud_of(host)
    if cloud is None or not is_login_host(given):
        return False
    return (cloud.documented or given in cloud.logins) and given != cloud.logins[is_sandbox(host)]


def kind_of_pages(host: str) -> str | None:
    """Which pages live at a host that answers no API calls; ``None`` for every other host."""
    if host.endswith(_REWRITTEN) and is_salesforce(host.removesuffix(_REWRITTEN)):
        return "of a browser session that Microsoft Defender reads along"
    found = (kind for cloud in CLOUDS for ending, kind in cloud.pages.items() if host.endswith(ending))
    return next(found, None)


def lightning_host(host: str) -> str | None:
    """The host of the pages at which people see the records of the org whose API answers at ``host``; ``None`` where
    that is no My Domain. The instance that the API's host of an old sandbox names stands in no host of pages."""
    for cloud in CLOUDS:
        if host.endswith(cloud.my_domain):
            return _INSTANCE.sub("", host.removesuffix(cloud.my_domain)) + cloud.lightning
    return None


def my_domain_behind(host: str) -> str | None:
    """The My Domain URL of the same org, where the host of its pages tells it."""
    plain = host.removesuffix(_REWRITTEN)
    if plain != host and is_my_domain(plain):
        return f"https://{plain}"
    behind = (
        f"https://{plain.removesuffix(ending)}{cloud.my_domain}"
        for cloud in CLOUDS
        for ending in cloud.named
        if plain.endswith(ending)
    )
    return next(behind, None)


def _cloud_of(host: str) -> Cloud | None:
    return next((cloud for cloud in CLOUDS if host.endswith(cloud.domains)), None)
