"""Snapshots as exposition text. An integration is rendered when its Snapshot changes, not when it is scraped.

Samples read the same in the Prometheus text format 0.0.4 and in OpenMetrics 1.0, so one rendering serves both. What is
said of a family differs in one thing: OpenMetrics calls a counter by its name without ``_total``. The exporter's own
counters come from prometheus-client in the format asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import exposition as text_format
from prometheus_client.openmetrics import exposition as openmetrics

from exporter.clock import Clock
from exporter.exposition.escaping import escape
from exporter.exposition.families import FAMILIES
from exporter.exposition.families.entry import COUNTER, GAUGE, Known
from exporter.self_metrics import PREFIX, SelfMetrics
from exporter.state.conditions import conditions_change_at
from exporter.state.snapshot import Snapshot

OPENMETRICS, PLAIN = "application/openmetrics-text", "text/plain"
_WEIGHT = re.compile(r";\s*q=([01](?:\.[0-9]{0,3})?)\s*(?:;|$)")


@dataclass(frozen=True, slots=True)
class _Rendered:
    """The lines of one integration by family; ``stale_at`` is when they must be rendered anew."""

    lines: Mapping[str, str]
    stale_at: float


class Exposition:
    """The text of ``/metrics``."""

    def __init__(self, metrics: SelfMetrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._snapshots: dict[str, Snapshot] = {}
        self._rendered: dict[str, _Rendered] = {}

    def update(self, snapshot: Snapshot) -> None:
        """Renders a new Snapshot in place of the old one of its integration."""
        self._snapshots[snapshot.integration] = snapshot
        self._rendered[snapshot.integration] = _render(snapshot, self._clock.time())

    def forget(self, integration: str) -> None:
        """Drops an integration that is no longer configured."""
        self._snapshots.pop(integration, None)
        self._rendered.pop(integration, None)

    def page(self, accept: str) -> tuple[bytes, str]:
        """Body and content type for an ``Accept`` header."""
        openly = 0 < _weight(accept, OPENMETRICS) >= _weight(accept, PLAIN)
        if openly:
            own = openmetrics.generate_latest(self._metrics.registry)  # type: ignore[no-untyped-call]
            content_type = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"
        else:
            own = text_format.generate_latest(self._metrics.registry)
            content_type = text_format.CONTENT_TYPE_PLAIN_0_0_4
        return b"".join((self._integrations(openly).encode(), own)), content_type

    def _integrations(self, openly: bool) -> str:
        now = self._clock.time()
        for name, rendered in self._rendered.items():
            if now >= rendered.stale_at:
                self._rendered[name] = _render(self._snapshots[name], now)
        text: list[str] = []
        for family, explanation in FAMILIES.help.items():
            lines = [rendered.lines[family] for rendered in self._rendered.values() if family in rendered.lines]
            if lines:
                kind = FAMILIES.kinds.get(family, GAUGE)
                name = PREFIX + (family.removesuffix("_total") if openly and kind == COUNTER else family)
                text.append(f"# HELP {name} {explanation}\n# TYPE {name} {kind}\n")
                text += lines
        return "".join(text)


def _render(snapshot: Snapshot, now: float) -> _Rendered:
    lines: dict[str, list[str]] = {}
    owner = f'integration="{escape(snapshot.integration)}"'
    for sample, labels, value in FAMILIES.samples(Known.of(snapshot, now)):
        more = "".join([f',{name}="{escape(text)}"' for name, text in labels.items()])
        line = f"{PREFIX}{sample}{{{owner}{more}}} {value!r}\n"
        lines.setdefault(FAMILIES.family_of(sample), []).append(line)
    rendered = {family: "".join(entries) for family, entries in lines.items()}
    return _Rendered(rendered, conditions_change_at(snapshot, now))


def _weight(accept: str, media_type: str) -> float:
    """How much a media type is wanted by an ``Accept`` header (RFC 9110), from 0 to 1: the best of its mentions."""
    weights = [0.0]
    for choice in accept.lower().split(","):
        if choice.split(";")[0].strip() == media_type:
            stated = _WEIGHT.search(choice)
            weights.append(float(stated[1]) if stated else 1.0)
    return max(weights)
