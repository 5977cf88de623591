"""What keeps what back: asked of a real Alertmanager for every pair of alerts, then seen in what it delivers."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.catalog.catalog import CATALOG
from exporter.sources import SOURCES
from tests.alertmanager.conftest import DEADLINE, Running, Start, running_alertmanager, until
from tests.alertmanager.inbox import Inbox
from tests.alertmanager.labels import PREFIX, Labels, all_label_sets
from tests.alertmanager.shipped import WEBHOOK_RECEIVER, shipped

pytestmark = pytest.mark.binaries

DOWN = f"{PREFIX}ExporterDown"
OUTAGE = f"{PREFIX}OrgUnavailable"
SUSPENSIONS = {reason.alert for reason in CATALOG.suspension_reasons}
ERRORS = {f"{PREFIX}{name}" for name in ("SyncErrors", "SyncErrorsSurge", "SyncErrorsAboveBulkLimit")}
PREDICTIONS = {f"{PREFIX}{name}Predicted" for name in ("OrgApiLimit", "ApiAllocation", "Storage")}
CANARY, BUDGET = f"{PREFIX}CanaryFailing", f"{PREFIX}SyncBudgetBurn"
CURES_NOTHING, FAILING = f"{PREFIX}ResyncCuresNothing", f"{PREFIX}ResyncFailing"
BACKLOG = f"{PREFIX}RecordsUnsynced"
STANDS_STILL = {f"{PREFIX}SyncStale", f"{PREFIX}UnknownError"}
FOLLOW_SUSPENSION = ERRORS | PREDICTIONS | {f"{PREFIX}SyncStale", BACKLOG, f"{PREFIX}ErrorRetriesPaused", CURES_NOTHING}
FOLLOW_SUSPENSION |= {CANARY, BUDGET}
FOLLOW_OUTAGE = ERRORS | {BACKLOG} | {f"{PREFIX}{name}" for name in ("SyncStale", "ServerError", "UnknownError")}
FOLLOW_OUTAGE |= {FAILING, CURES_NOTHING, CANARY, BUDGET}
ABOUT_SOURCES = {f"{PREFIX}{name}" for name in ("SourceFailing", "DataStale")}
FACTOR = 200
LAST = "the last"
ASK_THE_ORG = {source.name for source in SOURCES if source.asks_salesforce}


def inhibits(source: Labels, target: Labels) -> bool:
    """What the rules for inhibition mean, for two alerts of one integration."""
    cause, follower = source["alertname"], target["alertname"]
    reported = source["severity"] == "critical"
    only_a_warning = target["severity"] == "warning"
    return (
        (cause == follower and reported and only_a_warning)
        or (cause in SUSPENSIONS and reported and follower in FOLLOW_SUSPENSION)
        or (cause == OUTAGE and only_a_warning and follower in FOLLOW_OUTAGE)
        or (cause == OUTAGE and follower in ABOUT_SOURCES and target["source"] in ASK_THE_ORG)
        or (cause == BUDGET and reported and follower == CANARY)
        or (cause == CURES_NOTHING and follower == FAILING)
        or (cause in STANDS_STILL and follower == BACKLOG)
    )


def one_of_each() -> list[Labels]:
    """Every alert of the rules; of the settings of `notify` and the categories of errors one."""
    return [
        labels
        for labels in all_label_sets()
        if labels.get("notify") == "immediate" and labels.get("category", "picklists") == "picklists"
    ]


async def inhibited(alerts: Iterable[Labels], folder: Path) -> list[tuple[Labels, Labels]]:
    """Each inhibited alert with what inhibits it, when all these fire at once; nobody is told of them."""
    silent = [{"name": receiver["name"]} for receiver in shipped()["receivers"]]
    async with running_alertmanager({**shipped(), "receivers": silent}, folder) as alertmanager:
        await alertmanager.fire(*alerts)
        await all_are_taken_in(alertmanager)
        held = [alert for alert in await alertmanager.alerts() if alert["labels"].get("integration") != LAST]
    labels = {alert["fingerprint"]: alert["labels"] for alert in held}
    return [(alert["labels"], labels[by]) for alert in held for by in alert["status"]["inhibitedBy"]]


async def all_are_taken_in(alertmanager: Running) -> None:
    """Returns once what inhibits has been read out of every alert so far.

    Alertmanager answers the post of an alert before that: it hands alerts on one by one, in their order, to the part
    that inhibits. So once one of a last pair is inhibited, by the other or by one before it, all before it have effect.
    """
    last = {"alertname": f"{PREFIX}SyncStale", "integration": LAST}
    await alertmanager.fire({**last, "severity": "critical"}, {**last, "severity": "warning"})
    async with asyncio.timeout(DEADLINE):
        while not [alert for alert in await alertmanager.alerts() if is_inhibited_last(alert)]:  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.01)


def is_inhibited_last(alert: Mapping[str, Any]) -> bool:
    """Whether it is the one of the last pair that is inhibited, whatever else fires."""
    labels, status = alert["labels"], alert["status"]
    return labels.get("integration") == LAST and labels["severity"] == "warning" and bool(status["inhibitedBy"])


def told(pairs: Iterable[tuple[Labels, Labels]]) -> set[str]:
    """Pairs of target and source as text, to be compared and to be read when they differ."""
    return {f"{sorted(target.items())} inhibited by {sorted(source.items())}" for target, source in pairs}


async def test_each_pair_of_alerts_inhibits_as_it_is_meant_to(tmp_path: Path) -> None:
    """Every alert with every other of its integration: what is meant, nothing else, and never a page for a warning."""
    alerts = [labels for labels in one_of_each() if "integration" in labels]
    pairs = [
        ({**one, "integration": f"pair-{number}"}, {**other, "integration": f"pair-{number}"})
        for number, (one, other) in enumerate(itertools.combinations(alerts, 2))
    ]
    found = await inhibited(itertools.chain(*pairs), tmp_path)
    both_ways = itertools.chain(pairs, ((other, one) for one, other in pairs))
    assert told(found) == told((target, source) for target, source in both_ways if inhibits(source, target))
    assert ("critical", "warning") not in {(target["severity"], source["severity"]) for target, source in found}


def apart() -> list[Labels]:
    """Every alert, each for an integration of its own; those that belong to none as they are."""
    return [
        {**labels, "integration": f"alone-{number}"} if "integration" in labels else labels
        for number, labels in enumerate(one_of_each())
    ]


def all_down(labels: Labels) -> bool:
    """Whether it says that nothing of the exporter is reached, rather than no part of a fleet."""
    return labels["alertname"] == DOWN and "shard" not in labels


async def test_alerts_of_other_integrations_are_left_alone(tmp_path: Path) -> None:
    """All fire at once and none inhibits another, while the exporter is up, be it without one part of a fleet."""
    assert not await inhibited((labels for labels in apart() if not all_down(labels)), tmp_path)


async def test_exporter_down_inhibits_everything_else(tmp_path: Path) -> None:
    """Of every integration and part, and what belongs to none; not itself, and no alert of others."""
    alerts = apart()
    found = await inhibited([*alerts, {"alertname": "SomethingElse", "integration": "acme"}], tmp_path)
    (down,) = filter(all_down, alerts)
    assert told(found) == told((labels, down) for labels in alerts if labels != down)


def test_every_alert_that_is_spoken_of_exists() -> None:
    """A name that no rule has would inhibit nothing, in silence."""
    existing = {labels["alertname"] for labels in one_of_each()}
    assert existing >= {DOWN} | SUSPENSIONS | FOLLOW_SUSPENSION | FOLLOW_OUTAGE | ABOUT_SOURCES
    spoken_of = re.findall(rf"{PREFIX}(?:\(([A-Za-z|]+)\)|([A-Za-z]+))", yaml.safe_dump(shipped(), width=10_000))
    assert {PREFIX + name for names in spoken_of for name in "".join(names).split("|")} <= existing


async def test_what_an_outage_explains_is_told_when_the_outage_is_over(start: Start, inbox: Inbox) -> None:
    """Held back while it lasts, from people and the exporter; what still fires afterwards reaches both."""
    outage = {"alertname": OUTAGE, "integration": "acme", "severity": "warning", "remediation": "resync"}
    errors = {
        "alertname": f"{PREFIX}SyncErrors",
        "severity": "warning",
        "remediation": "resync",
        "category": "picklists",
    }
    failing = {"alertname": f"{PREFIX}SourceFailing", "severity": "warning", "source": "salesforce_limits"}
    explained = [{**labels, "integration": "acme"} for labels in (errors, failing)]
    unexplained = [{**labels, "integration": "beta"} for labels in (errors, failing)]
    async with start(FACTOR) as alertmanager:
        await alertmanager.fire(outage)
        await until(lambda: inbox.of("ticket", alertname=OUTAGE))
        await alertmanager.fire(*explained)
        await alertmanager.fire(*unexplained)
        await until(lambda: inbox.of(WEBHOOK_RECEIVER, integration="beta"))
        await until(lambda: inbox.of("sync-errors", integration="beta"))
        await until(lambda: inbox.of("ticket", integration="beta"))
        for receiver, labels in (
            (WEBHOOK_RECEIVER, explained[0]),
            ("sync-errors", explained[0]),
            ("ticket", explained[1]),
        ):
            assert not inbox.of(receiver, **labels)
        await alertmanager.resolve(outage)
        await until(lambda: inbox.of("sync-errors", **explained[0]))
        await until(lambda: inbox.of(WEBHOOK_RECEIVER, **explained[0]))
        await until(lambda: inbox.of("ticket", **explained[1]))


async def test_while_the_exporter_is_down_only_that_is_told(start: Start, inbox: Inbox) -> None:
    """Neither the pages nor the errors of any integration; somebody else's alerts, begun later, go out as ever."""
    down = {"alertname": DOWN, "severity": "critical"}
    suspended = {"alertname": f"{PREFIX}OrgApiLimitExceeded", "severity": "critical", "remediation": "resync"}
    errors = {
        "alertname": f"{PREFIX}SyncErrors",
        "severity": "warning",
        "remediation": "resync",
        "category": "picklists",
    }
    async with start(FACTOR) as alertmanager:
        await alertmanager.fire(down)
        await until(lambda: inbox.of("page", alertname=DOWN))
        await alertmanager.fire(*({**labels, "integration": "acme"} for labels in (suspended, errors)))
        await alertmanager.fire({"alertname": "Other", "severity": "critical", "remediation": "resync"})
        await alertmanager.fire({"alertname": "Other", "severity": "warning", "remediation": "resync"})
        await until(lambda: inbox.of("page", alertname="Other"))
        await until(lambda: inbox.of("ticket", alertname="Other"))
        await until(lambda: len(inbox.of(WEBHOOK_RECEIVER, alertname="Other")) == 2)
    assert not [notification for notification in inbox.notifications if notification.tells_of(integration="acme")]
