"""Of which categories of sync errors HubSpot's e-mails told, and when the newest of each came. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exporter.catalog.catalog import CATALOG
from exporter.clock import format_timestamp
from exporter.model import MailboxNews
from exporter.state.snapshot import Snapshot
from exporter.state.statement import sources_of
from exporter.web.pages.source_lines import age


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One category, and how long ago the newest e-mail came that told of it."""

    title: str
    received: str


def error_notices(snapshot: Snapshot, now: float) -> tuple[tuple[str, float], ...] | None:
    """Category and when (epoch seconds), the newest first; ``None`` where no mailbox is read."""
    found = [news for news, _source in sources_of(snapshot, now, MailboxNews)]
    if not found:
        return None
    return tuple(sorted((notice for news in found for notice in news.notices), key=lambda one: (-one[1], one[0])))


def notice_lines(snapshot: Snapshot, now: float) -> tuple[NoticeLine, ...]:
    """For people."""
    titles = {category.name: category.title for category in CATALOG.categories}
    return tuple(NoticeLine(titles.get(name, name), age(now - at)) for name, at in error_notices(snapshot, now) or ())


def notices_json(snapshot: Snapshot, now: float) -> list[dict[str, Any]] | None:
    """As ``/api/v1/integrations`` has them."""
    found = error_notices(snapshot, now)
    if found is None:
        return None
    return [{"category": name, "received_at": format_timestamp(at)} for name, at in found]
