"""Sockets that systemd has opened and passed on: ``sd_listen_fds(3)``.

``LISTEN_PID`` says for which process they are, ``LISTEN_FDS`` how many; they are the file descriptors from 3 on.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

from exporter.errors import ListenError

_FIRST = 3
_FLAG = "--web.systemd-socket"


def passed_sockets(environment: Mapping[str, str], pid: int) -> tuple[socket.socket, ...]:
    """All that were passed to this process; raises ``ListenError`` if none was, or something else."""
    if environment.get("LISTEN_PID") != str(pid):
        raise ListenError(f"{_FLAG}: no socket was passed (LISTEN_PID is not this process): start it by a socket unit")
    count = environment.get("LISTEN_FDS", "")
    if not count.isdecimal() or not int(count):
        raise ListenError(f"{_FLAG}: no socket was passed (LISTEN_FDS={count}): its socket unit needs a ListenStream=")
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(_passed(number)) for number in range(_FIRST, _FIRST + int(count))]
        stack.pop_all()
    return tuple(sockets)


def _passed(number: int) -> socket.socket:
    try:
        os.set_inheritable(number, False)
        passed = socket.socket(fileno=number)
    except OSError as error:
        raise ListenError(f"{_FLAG}: file descriptor {number} is no socket: {error.strerror}") from error
    with contextlib.ExitStack() as stack:
        stack.enter_context(passed)
        if passed.type != socket.SOCK_STREAM or not passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise ListenError(
                f"{_FLAG}: file descriptor {number} does not listen: its socket unit needs ListenStream=, Accept=no"
            )
        stack.pop_all()
    return passed
