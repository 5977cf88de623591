import httpx
import pytest

from exporter.demo.simulator.org import Org


@pytest.mark.parametrize(
    ("status", "incidents", "maintenances"),
    [
        ("OK", 0, 0),
        ("MAJOR_INCIDENT_CORE", 1, 0),
        ("MAINTENANCE_NONCORE", 0, 1),
        ("UNPLANNED_MAINTENANCE_CORE", 0, 1),
        ("INFORMATIONAL", 1, 0),
        (None, 0, 0),
    ],
)
async def test_the_instance_tells_its_status(
    client: httpx.AsyncClient, acme: Org, status: str | None, incidents: int, maintenances: int
) -> None:
    """No login is needed, and no call is counted. Words that are documented nowhere are told like others."""
    acme.set_trust(status)
    content = (await client.get("/status/v1/instances/sim1/status")).json()
    assert (content["key"], content["status"], content["isActive"]) == ("SIM1", status, True)
    assert (len(content["Incidents"]), len(content["Maintenances"])) == (incidents, maintenances)
    assert (acme.requests, acme.calls.used()) == ({"status": 1}, 0)


async def test_an_unknown_instance_is_not_found(client: httpx.AsyncClient) -> None:
    """404."""
    assert (await client.get("/status/v1/instances/NA99/status")).status_code == 404
