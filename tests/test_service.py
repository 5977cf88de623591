"""The running exporter on a real network: proxies and authorities, changed by a reload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exporter.config.file import load_config
from exporter.config.problem import ConfigError
from exporter.service import Service, open_service
from tests.clients.http.loopback import Authority, server
from tests.clocks import ManualClock


async def polled(service: Service) -> bool:
    """Whether the bridge could be read."""
    (target,) = service.poller.targets
    await service.poller.poll(target)
    return service.snapshots["acme"].readings[0].up


def written(folder: Path, port: int, **more: Any) -> Path:
    file = folder / "exporter.yml"
    feed = {"url": f"https://localhost:{port}/acme"}
    file.write_text(json.dumps({"integrations": [{"name": "acme", "sync_health": feed}], **more}))
    return file


async def test_a_private_authority_is_trusted_from_the_reload_on(tmp_path: Path, clock: ManualClock) -> None:
    """The same when its certificate changes in the file; a file that is none changes nothing."""
    one, other = Authority(tmp_path, "one"), Authority(tmp_path, "other")
    health = b'{"as_of": "2026-11-21T10:00:00Z"}'
    bundle = tmp_path / "bundle.pem"
    with server(one.tls_for("localhost"), health) as first, server(other.tls_for("localhost"), health) as second:
        file = written(tmp_path, first.port)
        async with open_service(load_config(file), clock, config_file=file) as service:
            assert not await polled(service)
            bundle.write_text(one.pem)
            written(tmp_path, first.port, http={"ca_file": "bundle.pem"})
            await service.reload()
            assert await polled(service)
            written(tmp_path, second.port, http={"ca_file": "bundle.pem"})
            await service.reload()
            assert not await polled(service)
            bundle.write_text("")
            with pytest.raises(ConfigError, match="holds no certificate"):
                await service.reload()
            bundle.write_text(other.pem)
            await service.reload()
            assert await polled(service)


async def test_another_store_password_waits_for_the_restart(tmp_path: Path, clock: ManualClock) -> None:
    """As another store does: the connections that are open belong to the old one."""
    (tmp_path / "password").write_text("hunter2")
    file = written(tmp_path, 1)
    async with open_service(load_config(file), clock, config_file=file) as service:
        written(tmp_path, 1, store_password_file="password")
        with pytest.raises(ConfigError, match="the same store until the next restart"):
            await service.reload()
