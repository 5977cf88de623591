"""What became of the e-mails in the mailbox."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.exposition.families.entry import COUNTER, Families, Known, Sample
from exporter.model import MailboxNews


def _samples(known: Known) -> Iterator[Sample]:
    """All three from the first reading on, so that the first increase of each is seen as one."""
    for news in known.parts(MailboxNews):
        for result, count in news.totals:
            yield "mailbox_messages_total", {"result": result}, float(count)


FAMILIES = Families(
    help={"mailbox_messages_total": "E-mails read in the mailbox, by what they were taken for."},
    samples=_samples,
    kinds={"mailbox_messages_total": COUNTER},
)
