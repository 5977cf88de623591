"""The source ``salesforce_status``."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.clients.connection import Connection, connect
from exporter.config.file import load_config
from exporter.config.settings import Config
from exporter.demo.simulator import org as simulated
from exporter.demo.simulator.faults import Fault
from exporter.demo.simulator.org import Org
from exporter.demo.simulator.world import World
from exporter.errors import InvalidAnswer, ServerError, UpstreamError
from exporter.model import TrustStatus
from exporter.sources.salesforce_status import MOST_LETTERS, TRUST_STATUSES, applies, fetch, parse
from tests.clocks import ManualClock
from tests.conftest import SIMULATOR
from tests.examples import examples

NOW = 1_800_000_000.0
GOOD = {"instance": "SIM1", "org": f"{SIMULATOR}/acme/salesforce", "exists": True, "active": True, "status": "OK"}

Connect = Callable[..., Connection]


@pytest.fixture
def sent() -> list[str]:
    """The API of every request that was sent."""
    return []


@pytest.fixture
async def connected(
    config_data: dict[str, Any],
    write_config: Any,
    transport: httpx.ASGITransport,
    clock: ManualClock,
    sent: list[str],
) -> AsyncIterator[Connect]:
    """Acme's clients over the simulator; each call is a start of the process, with these status settings."""
    async with httpx.AsyncClient(transport=transport, trust_env=False) as http:

        def make(**status: str) -> Connection:
            config_data["integrations"][0]["salesforce"]["status"] = {"url": f"{SIMULATOR}/status", **status}
            config: Config = load_config(write_config(config_data))
            return connect(config.integrations[0], http, clock, lambda _, api: sent.append(api))

        yield make


async def poll(connection: Connection, previous: Any = None) -> tuple[Any, TrustStatus]:
    """A poll whose payload went through the store."""
    payload = json.loads(json.dumps(await fetch(connection, previous)))
    return payload, parse(payload, NOW)


class TestInstance:
    async def test_the_org_is_asked_once(self, connected: Connect, acme: Org) -> None:
        """Neither later polls nor restarts ask again: the payload remembers."""
        connection = connected()
        payload, status = await poll(connection)
        assert status == TrustStatus("SIM1", "OK")
        for _ in range(3):
            payload, status = await poll(connection, payload)
        payload, status = await poll(connected(), payload)
        assert status == TrustStatus("SIM1", "OK")
        assert acme.requests == {"token": 1, "salesforce.query": 1, "status": 5}
        assert acme.calls.used() == 1

    async def test_a_configured_instance_is_not_asked_for(self, connected: Connect, acme: Org) -> None:
        """What the configuration names costs no call at all."""
        _, status = await poll(connected(instance="SIM2"))
        assert status == TrustStatus("SIM2", "OK")
        assert acme.requests == {}

    async def test_a_configured_instance_is_not_remembered(self, connected: Connect) -> None:
        """Once it is taken out of the configuration, the org is asked."""
        payload, _ = await poll(connected(instance="SIM2"))
        _, status = await poll(connected(), payload)
        assert status.instance == "SIM1"

    async def test_the_instance_of_another_org_is_not_believed(self, connected: Connect) -> None:
        """The configuration may name another org than when the payload was written."""
        _, status = await poll(connected(), GOOD | {"instance": "SIM2", "org": "https://other.my.salesforce.com"})
        assert status.instance == "SIM1"

    @pytest.mark.parametrize("previous", [None, [], {}, {"instance": None}, GOOD | {"instance": 7}, "SIM2"])
    async def test_a_payload_of_another_shape_is_no_memory(self, connected: Connect, previous: Any) -> None:
        """The org is asked instead."""
        _, status = await poll(connected(), previous)
        assert status.instance == "SIM1"

    async def test_a_page_that_is_away_costs_one_call(self, connected: Connect, acme: Org) -> None:
        """While nothing good can be remembered, the org is still not asked every minute."""
        acme.faults.put(Fault("status", "server_error"))
        connection = connected()
        for _ in range(5):
            with pytest.raises(ServerError):
                await poll(connection)
        assert acme.calls.used() == 1

    async def test_an_org_that_moved_is_followed(self, connected: Connect, acme: Org, world: World) -> None:
        """The remembered instance is gone, and the org names its new one."""
        payload, _ = await poll(connected())
        acme.instance = "SIM9"
        world.by_instance = {"SIM9": acme}
        payload, status = await poll(connected(), payload)
        assert status == TrustStatus("SIM9", "OK")
        assert payload["instance"] == "SIM9"

    async def test_a_page_that_lost_the_instance_costs_one_call(
        self, connected: Connect, acme: Org, world: World, sent: list[str]
    ) -> None:
        """If the org has not moved, it is not asked at every poll, and the page once a poll."""
        world.by_instance = {}
        connection = connected()
        for _ in range(5):
            with pytest.raises(InvalidAnswer):
                await poll(connection, GOOD)
        assert acme.calls.used() == 1
        assert sent.count("status") == 5


class TestStatus:
    @pytest.mark.parametrize("status", TRUST_STATUSES)
    async def test_every_status(self, connected: Connect, acme: Org, status: str) -> None:
        """Each of the nine is told as it is."""
        acme.set_trust(status)
        assert (await poll(connected()))[1] == TrustStatus("SIM1", status)

    def test_the_simulator_knows_the_same(self) -> None:
        """Nine statuses on both sides."""
        assert TRUST_STATUSES == simulated.TRUST_STATUSES

    async def test_an_unknown_instance(self, connected: Connect) -> None:
        """A sentence names it, the setting, and how to switch Trust off: not every org has a page there."""
        with pytest.raises(
            InvalidAnswer, match=r"knows no instance 'NA99'; .*salesforce.status.instance.*status: off$"
        ):
            await poll(connected(instance="NA99"))

    async def test_a_hyperforce_instance(self, connected: Connect, acme: Org, world: World) -> None:
        """Instances have longer names there."""
        acme.instance = "USA9184S"
        world.by_instance = {"USA9184S": acme}
        assert (await poll(connected()))[1] == TrustStatus("USA9184S", "OK")

    def test_an_instance_out_of_use(self) -> None:
        """So with one that is not active any more, whatever its status."""
        with pytest.raises(InvalidAnswer, match=r"'SIM1' is no longer in use; .*salesforce.status.instance"):
            parse(GOOD | {"active": False}, NOW)

    def test_whether_it_is_active_may_be_left_out(self) -> None:
        """Only a plain no counts."""
        assert parse(GOOD | {"active": None}, NOW) == TrustStatus("SIM1", "OK")

    @pytest.mark.parametrize(
        ("written", "status"),
        [
            ("ok", "OK"),
            (" OK\n", "OK"),
            ("Maintenance_Noncore", "MAINTENANCE_NONCORE"),
            ("major incident core", "MAJOR_INCIDENT_CORE"),
            ("MINOR-INCIDENT-CORE", "MINOR_INCIDENT_CORE"),
        ],
    )
    def test_a_known_status_in_another_spelling(self, written: str, status: str) -> None:
        """Case and what stands between the words do not matter."""
        assert parse(GOOD | {"status": written}, NOW) == TrustStatus("SIM1", status)

    @pytest.mark.parametrize(
        "words",
        [
            "INFORMATIONAL",
            "UNPLANNED_MAINTENANCE_CORE",
            "MAJOR_INCIDENT",
            "CRITICAL",
            "DEGRADED_PERFORMANCE_CORE",
            "OK_CORE",
            "unavailable",
            "停止",
        ],
    )
    async def test_words_that_are_no_known_status(self, connected: Connect, acme: Org, words: str) -> None:
        """The page has answered: the source is up, and the status unknown. None of the nine is made up for it."""
        acme.set_trust(words)
        assert (await poll(connected()))[1] == TrustStatus("SIM1", None, words)

    @pytest.mark.parametrize("status", [None, "", " ", "\n", "\ud800"])
    def test_a_page_that_says_nothing(self, status: str | None) -> None:
        """Not even words."""
        assert parse(GOOD | {"status": status}, NOW) == TrustStatus("SIM1", None, None)

    async def test_a_status_without_end_is_cut(self, connected: Connect, acme: Org) -> None:
        """And without what no page can show."""
        acme.set_trust("\x1b[31mNEW_" + "X" * 500)
        _, status = await poll(connected())
        assert status.words is not None
        assert status.words.startswith("[31mNEW_XXX")
        assert len(status.words) < MOST_LETTERS

    @pytest.mark.parametrize("status", [1, ["OK"], {"name": "OK"}, True])
    def test_what_is_no_text_is_no_status(self, status: Any) -> None:
        """Then the page has changed its form."""
        with pytest.raises(InvalidAnswer, match="status does not fit"):
            parse(GOOD | {"status": status}, NOW)

    @pytest.mark.parametrize("fault", ["cut_json", "wrong_types", "unavailable_html", "rate_limited"])
    async def test_a_spoiled_answer(self, connected: Connect, acme: Org, fault: str) -> None:
        """It fails the poll and nothing else."""
        acme.faults.put(Fault("status", fault))
        with pytest.raises(UpstreamError):
            await poll(connected())


def test_it_applies_wherever_there_is_an_org(config: Config, config_data: dict[str, Any], write_config: Any) -> None:
    """An integration with the bridge alone has no instance, and `status: off` switches the source off."""
    assert applies(config.integrations[0])
    config_data["integrations"][0]["salesforce"]["status"] = "off"
    switched_off = load_config(write_config(config_data)).integrations[0]
    assert not applies(switched_off)
    assert connect(switched_off, httpx.AsyncClient(), ManualClock(), lambda _, _api: None).trust is None
    del config_data["integrations"][0]["salesforce"]
    assert not applies(load_config(write_config(config_data)).integrations[0])


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
alike = st.fixed_dictionaries(
    {"instance": st.just("NA1") | scalars, "org": st.just("https://acme") | scalars, "exists": st.booleans() | scalars},
    optional={"active": st.booleans() | scalars, "status": st.sampled_from(TRUST_STATUSES) | scalars},
)


@given(anything | alike)
@settings(derandomize=True, deadline=None, max_examples=examples(300), suppress_health_check=list(HealthCheck))
def test_any_json_parses_or_is_refused(payload: Any) -> None:
    """What parses is one of the nine statuses, or none that is known."""
    try:
        part = parse(payload, NOW)
    except UpstreamError:
        return
    assert part.status in (*TRUST_STATUSES, None)
    assert payload["exists"] is True
    assert payload.get("active") is not False
