"""An integration in which everything goes wrong at once: what each exported metric shows of it for a day."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter.catalog.catalog import CATALOG
from exporter.self_metrics import CIRCUIT_OPEN, OUTCOMES, PREFIX, PROOFS, WEBHOOK_RESULTS
from exporter.sources import SOURCES
from exporter.sources.letters.memory import RESULTS

MINUTES = 2
"""Between two scrapes, and two evaluations: the longest that the rules are made for."""
STEPS = 27 * 60 // MINUTES
"""27 hours: queries look back by a day, rules by an hour or two more."""


@dataclass(frozen=True)
class Series:
    """A metric, its labels beside those of the scrape, and its values in promtool's notation."""

    metric: str
    labels: Mapping[str, str]
    values: str

    def selector(self) -> str:
        """As promtool takes it, with the labels of the scrape."""
        labels = {"job": "hubspot-salesforce", "instance": "exporter-a", **self.labels}
        return f"{self.metric}{{{', '.join(f'{name}={json.dumps(value)}' for name, value in labels.items())}}}"


def incident() -> Sequence[Series]:
    """Every series there is to see."""
    told = (*_calls(), *_errors(), *_suspension(), *_access(), *_sources(), *_mailbox(), *_canary(), *_resyncs())
    return (*_prometheus(), *told)


def _of_acme(family: str, values: str, **labels: str) -> Series:
    return Series(PREFIX + family, {"integration": "acme", **labels}, values)


def _at(value: float) -> str:
    return f"{value:.0f}x{STEPS}"


def _from(value: float, step: float) -> str:
    """More by so much at every scrape."""
    return f"{value:.0f}+{step:.0f}x{STEPS}"


def _calls() -> Iterator[Series]:
    yield _of_acme("org_api_calls_used", _from(40_000, 40))
    yield _of_acme("org_api_calls_limit", _at(100_000))
    for app in ("Data Loader", "HubSpot", "other", "unnamed"):
        yield _of_acme("org_api_calls_by_app", _from(10_000, 8), app=app)
    yield _of_acme("integration_api_calls_used", _from(20_000, 24))
    yield _of_acme("integration_api_calls_allocated", _at(60_000))
    for kind in ("data", "file"):
        yield _of_acme("storage_used_bytes", _from(1e9, 4e5), kind=kind)
        yield _of_acme("storage_limit_bytes", _at(1.1e9), kind=kind)


def _errors() -> Iterator[Series]:
    for category, error_type in CATALOG.pairs:
        for family in ("sync_errors", "sync_error_affected_records"):
            yield _of_acme(family, _from(1, 1), category=category, error_type=error_type)


def _suspension() -> Iterator[Series]:
    yield _of_acme("suspended", _at(1))
    yield _of_acme("suspension_start_timestamp_seconds", _at(0))
    for reason in CATALOG.reason_names:
        yield _of_acme("suspension_reason", _at(1), reason=reason)
        yield _of_acme("suspension_condition", _at(1), reason=reason)
    for name in ("contacts", "companies", "deals"):
        yield _of_acme("last_sync_timestamp_seconds", _at(0), object=name)
        yield _of_acme("last_change_timestamp_seconds", _at(1000), object=name)
        for kind in ("stale", "never_synced"):
            yield _of_acme("unsynced_records", _from(100, 10), object=name, kind=kind)
    yield _of_acme("last_write_timestamp_seconds", _at(0), object="Contact")


def _mailbox() -> Iterator[Series]:
    for result in RESULTS:
        yield _of_acme("mailbox_messages_total", _from(0, 1), result=result)


def _access() -> Iterator[Series]:
    for family in ("integration_user_active", "integration_user_api_enabled", "permission_set_assigned"):
        yield _of_acme(family, _at(0))
    yield _of_acme("integration_user_frozen", _at(1))
    yield _of_acme("permission_assignment_expiry_timestamp_seconds", _at(172_800))
    yield _of_acme("object_permission", _at(0), object="Contact", access="edit")
    yield _of_acme("field_permission", _at(0), object="Contact", field="Email", access="edit")
    yield _of_acme("trust_status", _at(1), status="MAJOR_INCIDENT_CORE")
    yield _of_acme("integration_info", _at(1), notify="daily", salesforce_instance="NA1")


def _prometheus() -> Iterator[Series]:
    """What Prometheus writes itself."""
    yield Series("up", {}, _at(1))
    for family in ("store_up", "config_last_reload_successful"):
        yield Series(PREFIX + family, {}, _at(0))
    labels = {"alertname": "HubSpotSalesforceSyncStale", "alertstate": "firing", "severity": "warning"}
    yield Series("ALERTS", {"integration": "acme", **labels}, _at(1))


def _sources() -> Iterator[Series]:
    yield _of_acme("source_part_up", _at(0), source="hubspot_heartbeat", part="companies")
    for source in SOURCES:
        yield _of_acme("source_up", _at(0), source=source.name)
        yield _of_acme("source_last_success_timestamp_seconds", _at(0), source=source.name)
        yield _of_acme("source_errors_total", _from(0, 1), source=source.name, kind="server")


def _canary() -> Iterator[Series]:
    yield _of_acme("canary_objective_ratio", "0.99x" + str(STEPS))
    for direction in ("to_salesforce", "to_hubspot"):
        yield _of_acme("canary_success", _at(0), direction=direction)
        for outcome in ("synced", "late", "failed"):
            yield _of_acme("canary_rounds_total", _from(0, 1), direction=direction, outcome=outcome)


def _resyncs() -> Iterator[Series]:
    for result in WEBHOOK_RESULTS:
        yield Series(PREFIX + "webhook_notifications_total", {"result": result}, _from(0, 1))
    for outcome in OUTCOMES:
        yield _of_acme("resync_records_total", _from(0, 1), action="bridge", outcome=outcome)
    for proof in PROOFS:
        yield _of_acme("resync_verified_records_total", _from(0, 1), action="bridge", outcome=proof)
    for reason in ("suspended", CIRCUIT_OPEN):
        yield _of_acme("resync_refusals_total", _from(0, 1), reason=reason)
    yield _of_acme("resync_jobs", _at(3), state="queued")
    yield _of_acme("resync_jobs_needing_approval", _at(1))
    yield _of_acme("resync_oldest_queued_timestamp_seconds", _at(0))
