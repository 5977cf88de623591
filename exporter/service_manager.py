"""What systemd is told of a service of ``Type=notify``: that it is ready, and that it ends."""

from __future__ import annotations

import contextlib
import os
import socket


def tell_service_manager(state: str) -> None:
    """``READY=1`` or ``STOPPING=1``, as in sd_notify(3), to whoever has asked for it in the environment, if anybody."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # It is no reason to end that nobody listens.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(state.encode(), address.replace("@", "\0", 1) if address.startswith("@") else address)
