"""What systemd hears of the exporter."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from exporter.service_manager import tell_service_manager


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_who_asked_for_it_is_told(abstract: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a path, or at an address without one."""
    address = f"@{tmp_path}" if abstract else str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address.replace("@", "\0", 1) if abstract else address)
        manager.settimeout(5)
        tell_service_manager("READY=1")
        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "nonsense", "/nobody/listens/here"])
def test_nobody_need_listen(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on all the same."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    tell_service_manager("READY=1")
