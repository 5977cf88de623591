"""The org asked for the instance it lives on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from exporter.clients.connection import connect
from exporter.clients.salesforce.org_instance import GOOD_FOR, OrgInstance
from exporter.config.settings import Config
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.errors import InvalidAnswer, RateLimited
from tests.clients.canned import Canned, CannedTransport
from tests.clients.conftest import MakeHttp, Sent
from tests.clocks import ManualClock

LOGIN = Canned(200, {"access_token": "00Dtoken", "instance_url": "https://acme.my.salesforce.com"})

Over = Callable[[httpx.AsyncBaseTransport], OrgInstance]


@pytest.fixture
def org_instance_over(config: Config, make_http: MakeHttp, clock: ManualClock, sent: Sent) -> Over:
    """Acme, asked over a transport."""

    def make(transport: httpx.AsyncBaseTransport) -> OrgInstance:
        asked = connect(config.integrations[0], make_http(transport), clock, sent.of).org_instance
        assert asked is not None
        return asked

    return make


@pytest.fixture
def org_instance(org_instance_over: Over, transport: httpx.ASGITransport) -> OrgInstance:
    """The simulated Acme."""
    return org_instance_over(transport)


async def test_the_org_names_its_instance(org_instance: OrgInstance, acme: Org) -> None:
    """One API call, however often the name is needed."""
    assert [await org_instance.name() for _ in range(3)] == ["SIM1"] * 3
    assert acme.requests == {"token": 1, "salesforce.query": 1}
    assert acme.calls.used() == 1


async def test_the_answer_stands_for_a_day(org_instance: OrgInstance, acme: Org, clock: ManualClock) -> None:
    """After that an org that has moved is found again."""
    await org_instance.name()
    acme.instance = "SIM9"
    clock.advance(GOOD_FOR - 1)
    assert await org_instance.name() == "SIM1"
    clock.advance(1)
    assert await org_instance.name() == "SIM9"


async def test_a_failure_is_not_remembered(org_instance: OrgInstance, acme: Org) -> None:
    """The next question is asked again."""
    acme.faults.put(Fault("salesforce", "quota", count=1))
    with pytest.raises(RateLimited):
        await org_instance.name()
    assert await org_instance.name() == "SIM1"


@pytest.mark.parametrize(
    "rows", [[], [{}], [{"InstanceName": None}], [{"InstanceName": "../x"}], [{"InstanceName": "A\n"}]]
)
async def test_a_name_that_is_none(org_instance_over: Over, rows: Any) -> None:
    """Nothing else than a key goes into a URL."""
    transport = CannedTransport(LOGIN, Canned(200, {"totalSize": len(rows), "done": True, "records": rows}))
    with pytest.raises(InvalidAnswer, match=r"^query of Organization: "):
        await org_instance_over(transport).name()
