"""How the answers of Prometheus, Alertmanager, exporter and simulator become one look."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from exporter.demo.observer import END_FAULTS, Alert, Observer, View
from tests.demo.views import STAGE, labelled

ANSWERS: dict[str, Any] = {
    f"{STAGE.prometheus}/api/v1/query": {
        "status": "success",
        "data": {
            "resultType": "vector",
            "result": [
                {
                    "metric": {"__name__": "hubspot_salesforce_suspended", "integration": "acme"},
                    "value": [1800000000.1, "1"],
                },
                {
                    "metric": {"__name__": "hubspot_salesforce_sync_errors", "category": "other", "error_type": "a"},
                    "value": [1800000000.1, "2"],
                },
                {
                    "metric": {"__name__": "hubspot_salesforce_sync_errors", "category": "other", "error_type": "b"},
                    "value": [1800000000.1, "3"],
                },
                {"metric": {"__name__": "up", "job": "hubspot-salesforce"}, "value": [1800000000.1, "1"]},
            ],
        },
    },
    f"{STAGE.prometheus}/api/v1/alerts": {
        "status": "success",
        "data": {
            "alerts": [
                {
                    "labels": {"alertname": "HubSpotSalesforceSyncErrors", "category": "other", "severity": "warning"},
                    "annotations": {},
                    "state": "firing",
                    "activeAt": "2027-01-15T08:00:00Z",
                    "value": "5e+00",
                },
                {"labels": {"alertname": "Watchdog"}, "annotations": {}, "state": "pending"},
            ]
        },
    },
    f"{STAGE.alertmanager}/api/v2/alerts": [
        {"labels": {"alertname": "HubSpotSalesforceSyncErrors"}, "status": {"state": "active"}}
    ],
    f"{STAGE.exporter}/api/v1/resyncs": {"jobs": [{"id": 2}, {"id": 1}], "refusals": [{"reason": "suspended"}]},
    f"{STAGE.simulator}/control/acme": {"errors": {"total": 5}},
}


class Web:
    """Answers for every component; ``away`` are those that do not answer."""

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        url = str(request.url.copy_with(query=None))
        if any(url.startswith(base) for base in self.away):
            raise httpx.ConnectError("nobody listens", request=request)
        if request.method != "GET":
            return httpx.Response(400 if "coffee" in url else 200, json={})
        return httpx.Response(200, json=ANSWERS[url])


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
async def observer(web: Web) -> AsyncIterator[Observer]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(web)) as http:
        yield Observer(STAGE, http)


async def test_a_look(observer: Observer) -> None:
    """Samples by name and labels, alerts, what was notified, jobs, refusals, and the truth behind it all."""
    look = await observer.look()
    assert look.value("suspended") == 1
    assert look.alerts == (
        Alert("HubSpotSalesforceSyncErrors", "warning", "firing", "other"),
        Alert("Watchdog", "", "pending", ""),
    )
    assert look.notified == {"HubSpotSalesforceSyncErrors"}
    assert [job["id"] for job in look.jobs] == [2, 1]
    assert look.refusals[0]["reason"] == "suspended"
    assert look.simulated == {"errors": {"total": 5}}


async def test_a_value_is_a_sum_over_what_matches(observer: Observer) -> None:
    """One series or several; ``None`` when there is no such series, since absent is not 0."""
    look = await observer.look()
    assert look.value("sync_errors") == 5
    assert look.value("sync_errors", error_type="b") == 3
    assert look.value("sync_errors", category="picklists") is None
    assert look.value("org_api_calls_used") is None


@pytest.mark.parametrize("component", [STAGE.prometheus, STAGE.alertmanager, STAGE.exporter, STAGE.simulator])
async def test_a_component_that_does_not_answer_is_an_error(observer: Observer, web: Web, component: str) -> None:
    """There is no half look."""
    web.away.add(component)
    with pytest.raises(httpx.HTTPError):
        await observer.look()


async def test_an_act_is_a_verb_for_the_simulator(observer: Observer, web: Web) -> None:
    """Posted as JSON; one the simulator refuses is an error."""
    await observer.act("field-permission", {"object": "Contact", "granted": False})
    (request,) = web.requests
    assert (request.method, str(request.url)) == ("POST", f"{STAGE.simulator}/control/acme/field-permission")
    assert json.loads(request.content) == {"object": "Contact", "granted": False}
    with pytest.raises(httpx.HTTPStatusError):
        await observer.act("make-coffee", {})


async def test_faults_are_ended_by_deleting_them(observer: Observer, web: Web) -> None:
    """The one act that is not posted."""
    await observer.act(END_FAULTS, {})
    (request,) = web.requests
    assert (request.method, str(request.url)) == ("DELETE", f"{STAGE.simulator}/control/acme/fault")


def test_firing_is_a_state_of_name_and_severity() -> None:
    """A pending alert or one of another severity does not count."""
    look = View(alerts=(Alert("A", "critical", "firing", ""), Alert("B", "warning", "pending", "")))
    assert look.firing("A", "critical")
    assert not look.firing("A", "warning")
    assert not look.firing("B", "warning")


def test_jobs_of_an_alert() -> None:
    """By alert and status, in the order they are listed."""
    jobs = ({"id": 2, "alert": "A", "status": "resolved"}, {"id": 1, "alert": "A", "status": "firing"})
    assert [job["id"] for job in View(jobs=jobs).jobs_of("A", "resolved")] == [2]


def test_labels_may_be_asked_for_in_part() -> None:
    """A question names some labels; samples may carry more."""
    look = View(metrics={"hubspot_salesforce_source_up": {labelled(source="sync_health"): 1.0}})
    assert look.value("source_up", source="sync_health") == 1
    assert look.value("source_up", source="sync_health", integration="beta") is None
