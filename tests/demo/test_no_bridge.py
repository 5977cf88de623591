"""The steps of the story without a bridge: when each counts as seen, on hand-made looks; and the configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.config.file import load_config
from exporter.demo.mailbox import Mailbox
from exporter.demo.no_bridge import ALERT, NO_BRIDGE, REASON
from exporter.demo.observer import PREFIX, Alert, View
from exporter.demo.scenario import POLLED
from exporter.demo.stage import write_exporter_config
from tests.demo.views import STAGE, labelled

FIRING = Alert(ALERT, "critical", "firing", "")
SOURCES = (*(name for name in POLLED if name != "sync_health"), "mailbox", "canary")


def job(state: str, succeeded: int = 0) -> dict[str, Any]:
    counts = {"pending": 0, "sending": 0, "succeeded": succeeded, "failed": 0}
    return {"id": 1, "alert": ALERT, "status": "resolved", "action": "touch", "state": state, "records": counts}


def view(
    *alerts: Alert,
    suspended: bool | None = None,
    canary: int = 1,
    stale: int = 0,
    cured: int = 0,
    jobs: tuple[dict[str, Any], ...] = (),
) -> View:
    """What a look shows; ``suspended`` as the mailbox says it, if it has said anything."""
    metrics = {
        "source_up": {labelled(source=name): 1.0 for name in SOURCES},
        "canary_success": {labelled(direction="to_salesforce"): float(canary)},
        "unsynced_records": {labelled(object="contacts", kind="stale"): float(stale)},
        "resync_verified_records_total": {labelled(action="touch", outcome="cured"): float(cured)},
        "webhook_notifications_total": {labelled(result="ignored"): float(bool(alerts))},
    }
    if suspended is not None:
        metrics |= {
            "suspended": {labelled(): float(suspended)},
            "suspension_reason": {labelled(reason=REASON): float(suspended)},
            "fact_timestamp_seconds": {labelled(fact="suspension", source="mailbox"): 1.0},
        }
    notified = frozenset({ALERT} if alerts else ())
    return View({PREFIX + name: samples for name, samples in metrics.items()}, alerts, notified, jobs)


TIMELINE = (
    view(),
    view(suspended=True),
    view(FIRING, suspended=True),
    view(FIRING, suspended=True, stale=3),
    view(FIRING, suspended=True, stale=3, canary=0),
    view(suspended=False, stale=3, canary=0),
    view(suspended=False, stale=3),
    view(suspended=False, stale=3, jobs=(job("done", 3),)),
    view(suspended=False, jobs=(job("done", 3),), cured=3),
    view(suspended=False, jobs=(job("done", 3),), cured=3),
)
"""What is seen when each step has happened, in turn."""


def test_the_timeline_tells_every_step() -> None:
    """Each is seen when it has happened, and but for the last not before; its proof can be told."""
    assert [step.seen(look) for step, look in zip(NO_BRIDGE.steps, TIMELINE, strict=True)] == [True] * len(TIMELINE)
    before = [step.seen(look) for step, look in zip(NO_BRIDGE.steps[1:-1], TIMELINE, strict=False)]
    assert before == [False] * (len(TIMELINE) - 2)
    assert all(step.proof(look) for step, look in zip(NO_BRIDGE.steps, TIMELINE, strict=True))


@pytest.mark.parametrize("number", range(len(NO_BRIDGE.steps) - 1))
def test_an_empty_look_proves_nothing(number: int) -> None:
    """When Prometheus has no series yet, nothing has happened."""
    assert not NO_BRIDGE.steps[number].seen(View())


def test_a_job_that_is_under_way_is_no_cure() -> None:
    """Nor is one that found less than was lost."""
    touched = NO_BRIDGE.steps[7]
    assert not touched.seen(view(suspended=False, jobs=(job("queued"),)))
    assert not touched.seen(view(suspended=False, jobs=(job("done", 2),)))


def test_its_stage_has_a_mailbox_a_touch_and_a_canary_in_place_of_the_bridge(tmp_path: Path) -> None:
    """And no note says that anything is missing for it."""
    stage = replace(STAGE, folder=tmp_path, mailbox=Mailbox(1143, "crm@acme.example", "secret", "a server"))
    (entry,) = load_config(write_exporter_config(stage)).integrations
    assert entry.sync_health is None
    assert entry.remediation.touch_property == "salesforce_resync_requested_at"
    assert {"mailbox", "canary", "hubspot_unsynced"} <= entry.intervals.keys()
