"""The mailbox that HubSpot's notification e-mails come into: login, folder, and how what lies there is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.clock import format_timestamp
from exporter.doctor import sections
from exporter.doctor.check import Check
from exporter.doctor.configured import has_hubspot
from exporter.doctor.finding import Finding, doubtful, good, not_tried
from exporter.doctor.patient import Patient
from exporter.errors import UpstreamError
from exporter.model import MailboxNews
from exporter.sources.source import configured

_TLS = {"implicit": "over TLS", "starttls": "over STARTTLS", "off": "without TLS, on this machine"}
_NOTIFICATIONS = (
    "HubSpot → Marketplace → Connected apps → Salesforce → Sync Health → Manage notifications, for a user whose "
    "e-mails come into this mailbox"
)


async def folder(patient: Patient) -> Sequence[Finding]:
    client = configured(patient.connection.mailbox, "mailbox")
    settings, seen = client.settings, await client.look()
    where = f"{seen.messages} messages in {settings.folder}"
    return (good(f"logged in as {settings.username} {_TLS.get(settings.tls, settings.tls)}; {where}"),)


async def news(patient: Patient) -> Sequence[Finding]:
    settings = configured(patient.settings.mailbox, "mailbox")
    if settings.account is None and has_hubspot(patient):
        try:
            await patient.account.get()
        except UpstreamError:
            return (not_tried("HubSpot does not say which account's e-mails they are; mailbox.account can"),)
    return tuple(_read(await patient.news.get()))


def _read(news: MailboxNews) -> Iterator[Finding]:
    totals = dict(news.totals)
    if not totals.get("matched") and not news.unmatched:
        yield doubtful("no e-mail of HubSpot's about the integration within 30 days", _NOTIFICATIONS)
    if news.suspension is not None:
        state = "suspended" if news.suspension.suspended else "not suspended any more"
        yield good(f"the newest statement is of {format_timestamp(news.stated_at)}: {state}")
    elif totals.get("matched"):
        yield good(f"{totals['matched']} e-mails of HubSpot's are understood; none speaks of a suspension")
    if news.unmatched:
        newest = max(news.unmatched, key=lambda one: one.received_at or 0.0)
        yield doubtful(
            f'{len(news.unmatched)} e-mails are not understood, such as "{newest.subject}": {newest.why}',
            "hubspot-salesforce-exporter mail-test FILE.eml says what one is read as; mailbox.patterns_file mends it",
        )


def _has_mailbox(patient: Patient) -> bool:
    return patient.connection.mailbox is not None and patient.reads("mailbox")


CHECKS = (
    Check("mailbox", sections.MAILBOX, "the mailbox cannot be read", _has_mailbox, folder),
    Check("e-mails", sections.MAILBOX, "the e-mails cannot be read", _has_mailbox, news, needs=("mailbox",)),
)
